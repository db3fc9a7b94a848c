//! The operations that may store an entry.

use super::draft::{Draft, Nodes};
use crate::answers::{Compute, OccupiedError, Operation};

/// What shall be done with the entry of a draft's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing.
    Keep,
    /// Remove it, if it is there.
    Remove,
    /// Put the draft there, whose node has been made.
    Put,
}

/// What has been done.
pub(crate) enum Written<F, N: Nodes<K, V>, K, V> {
    /// Nothing: what is there, and the draft.
    Kept(Option<F>, Draft<N, K, V>),
    /// What was there, and what is now.
    Put(Option<F>, F),
    Removed(Option<F>),
}

/// An operation on a map, with a draft, within a section of `'g`. All of it is inlined, or the draft would be handed
/// over in memory.
pub(crate) trait Writing<'g, K: 'g, V: 'g>: Sized + 'g {
    type Nodes: Nodes<K, V>;
    /// What is found of an entry.
    type Found: Copy;

    fn pair(found: Self::Found) -> (&'g K, &'g V);

    /// Does with the entry of the draft's key what `decide` says, in one atomic step. It is asked again when
    /// another entry has come meanwhile.
    fn write(
        self,
        decide: impl FnMut(Option<Self::Found>, &Draft<Self::Nodes, K, V>) -> Decision,
    ) -> Written<Self::Found, Self::Nodes, K, V>;

    /// Of a draft with a value.
    #[inline(always)]
    fn insert(self) -> Option<&'g V> {
        let written = self.write(|_, draft| {
            draft.make_whole();
            Decision::Put
        });
        match written {
            Written::Put(old, _) => old.map(|old| Self::pair(old).1),
            _ => unreachable!("it was told to put"),
        }
    }

    /// Of a draft with a value. What is there now, or what is there instead and the value.
    #[inline(always)]
    fn try_insert(self) -> Result<&'g V, OccupiedError<'g, V>> {
        let written = self.write(|old, draft| match old {
            Some(_) => Decision::Keep,
            None => {
                draft.make_whole();
                Decision::Put
            }
        });
        match written {
            Written::Kept(Some(there), draft) => Err(OccupiedError {
                current: Self::pair(there).1,
                not_inserted: draft.into_value().expect("the draft has it"),
            }),
            Written::Put(_, new) => Ok(Self::pair(new).1),
            _ => unreachable!("it was told to keep what is there, or to put"),
        }
    }

    /// Of a draft without a value, like the others.
    #[inline(always)]
    fn update(self, mut f: impl FnMut(&V) -> V) -> Option<&'g V> {
        let written = self.write(|old, draft| match old {
            Some(old) => {
                draft.make_with(f(Self::pair(old).1));
                Decision::Put
            }
            None => Decision::Keep,
        });
        match written {
            Written::Put(_, new) => Some(Self::pair(new).1),
            _ => None,
        }
    }

    #[inline(always)]
    fn update_or_insert_with(self, mut f: impl FnMut(&V) -> V, make: impl FnOnce() -> V) -> &'g V {
        let mut make = Some(make);
        // What was made: in the draft, or here while an updated value is in the draft.
        let (mut made_in_draft, mut made) = (false, None);
        let written = self.write(|old, draft| {
            match old {
                Some(old) => {
                    let new = f(Self::pair(old).1);
                    if core::mem::take(&mut made_in_draft) {
                        made = Some(draft.exchange(new));
                    } else {
                        draft.make_with(new);
                    }
                }
                None => {
                    let value = made.take().or_else(|| make.take().map(|make| make()));
                    made_in_draft = true;
                    // If there is none, the draft has it.
                    if let Some(value) = value {
                        draft.make_with(value);
                    }
                }
            }
            Decision::Put
        });
        match written {
            Written::Put(_, new) => Self::pair(new).1,
            _ => unreachable!("it was told to put"),
        }
    }

    #[inline(always)]
    fn compute<T>(
        self,
        mut f: impl FnMut(Option<(&'g K, &'g V)>) -> Operation<V, T>,
    ) -> Compute<'g, K, V, T> {
        let mut aborted = None;
        let written = self.write(|old, draft| match f(old.map(Self::pair)) {
            Operation::Insert(value) => {
                draft.make_with(value);
                Decision::Put
            }
            Operation::Remove => {
                assert!(old.is_some(), "there is no entry that could be removed");
                Decision::Remove
            }
            Operation::Abort(answer) => {
                aborted = Some(answer);
                Decision::Keep
            }
        });
        match (written, aborted) {
            (Written::Put(None, new), _) => {
                let (key, value) = Self::pair(new);
                Compute::Inserted(key, value)
            }
            (Written::Put(Some(old), new), _) => Compute::Updated {
                old: Self::pair(old),
                new: Self::pair(new),
            },
            (Written::Removed(Some(old)), _) => {
                let (key, value) = Self::pair(old);
                Compute::Removed(key, value)
            }
            (written, Some(answer)) => {
                // Before there is an answer, which would be lost if the key's drop panics.
                drop(written);
                Compute::Aborted(answer)
            }
            _ => unreachable!("an entry that is not there is not removed"),
        }
    }
}
