//! What a map must answer, one key at a time: operations on different keys commute.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

/// What something must answer, one operation after the other. Its value is the state that it is in.
pub trait Spec: Clone + Eq + Hash {
    /// An operation.
    type Call: Copy + Debug;
    /// What comes of it.
    type Answer: PartialEq + Debug;

    /// Does it, and answers.
    fn answer(&mut self, call: Self::Call) -> Self::Answer;
}

/// The value of one key, whichever the calls have.
impl Spec for Option<u64> {
    type Call = Call;
    type Answer = Option<u64>;

    fn answer(&mut self, call: Call) -> Option<u64> {
        let (after, answer) = call.op.apply(*self);
        *self = after;
        answer
    }
}

/// An operation on one key. Values are numbers, so that an answer tells which operation wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Answers the value.
    Get,
    /// Stores a value, and answers the one before.
    Insert(u64),
    /// Stores a value where there is none; answers the one that is in the way.
    TryInsert(u64),
    /// Adds to the value, if there is one, and answers the sum.
    Update(u64),
    /// Adds to the value, or stores the number where there is none; answers what is there then.
    Upsert(u64),
    /// Removes the value, and answers it.
    Remove,
    /// Removes the value if it is even, and answers it if so.
    RemoveIfEven,
}

/// An operation and its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Call {
    /// The key.
    pub key: u64,
    /// What is done to it.
    pub op: Op,
}

impl Op {
    /// The value afterwards, and the answer.
    #[must_use]
    pub fn apply(self, value: Option<u64>) -> (Option<u64>, Option<u64>) {
        match self {
            Op::Get => (value, value),
            Op::Insert(new) => (Some(new), value),
            Op::TryInsert(new) => (value.or(Some(new)), value),
            Op::Update(more) => {
                let sum = value.map(|v| v.wrapping_add(more));
                (sum, sum)
            }
            Op::Upsert(more) => {
                let sum = Some(value.map_or(more, |v| v.wrapping_add(more)));
                (sum, sum)
            }
            Op::Remove => (None, value),
            Op::RemoveIfEven => match value {
                Some(v) if v % 2 == 0 => (None, value),
                _ => (value, None),
            },
        }
    }
}

/// The oracle: a map that does what the specification says, one operation after the other.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Oracle {
    entries: BTreeMap<u64, u64>,
}

impl FromIterator<(u64, u64)> for Oracle {
    fn from_iter<I: IntoIterator<Item = (u64, u64)>>(entries: I) -> Self {
        let entries = entries.into_iter().collect();
        Oracle { entries }
    }
}

impl Oracle {
    /// Does it, and answers.
    pub fn apply(&mut self, call: Call) -> Option<u64> {
        let (after, answer) = call.op.apply(self.entries.get(&call.key).copied());
        match after {
            Some(value) => self.entries.insert(call.key, value),
            None => self.entries.remove(&call.key),
        };
        answer
    }

    /// Keeps the entries of which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(u64, u64) -> bool) {
        self.entries.retain(|&key, value| keep(key, *value));
    }

    /// What is in it, to be changed.
    pub(super) fn entries_mut(&mut self) -> &mut BTreeMap<u64, u64> {
        &mut self.entries
    }

    /// What is in it, by key.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<u64, u64> {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_is_that_of_a_map() {
        let mut oracle = Oracle::default();
        let mut answer = |op| oracle.apply(Call { key: 7, op });
        assert_eq!(answer(Op::Get), None);
        assert_eq!(answer(Op::Update(1)), None);
        assert_eq!(answer(Op::Insert(1)), None);
        assert_eq!(answer(Op::Insert(2)), Some(1));
        assert_eq!(answer(Op::TryInsert(3)), Some(2));
        assert_eq!(answer(Op::Update(1)), Some(3));
        assert_eq!(answer(Op::RemoveIfEven), None);
        assert_eq!(answer(Op::Upsert(1)), Some(4));
        assert_eq!(answer(Op::RemoveIfEven), Some(4));
        assert_eq!(answer(Op::Get), None);
        assert_eq!(answer(Op::Upsert(9)), Some(9));
        assert_eq!(answer(Op::Remove), Some(9));
        assert_eq!(answer(Op::TryInsert(5)), None);
        assert_eq!(oracle.entries().iter().next(), Some((&7, &5)));
    }
}
