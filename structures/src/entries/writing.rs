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

type Pair<'g, K, V> = (&'g K, &'g V);

/// What has been done.
pub(crate) enum Written<'g, N: Nodes<K, V>, K, V> {
    /// Nothing: what is there, and the draft.
    Kept(Option<Pair<'g, K, V>>, Draft<N, K, V>),
    /// What was there, and what is now.
    Put(Option<Pair<'g, K, V>>, Pair<'g, K, V>),
    Removed(Option<Pair<'g, K, V>>),
}

/// An operation on a map, with a draft, within a section of `'g`.
pub(crate) trait Writing<'g, K: 'g, V: 'g>: Sized {
    type Nodes: Nodes<K, V>;

    /// Does with the entry of the draft's key what `decide` says, in one atomic step. It is asked again when
    /// another entry has come meanwhile.
    fn write(
        self,
        decide: impl FnMut(Option<Pair<'g, K, V>>, &Draft<Self::Nodes, K, V>) -> Decision,
    ) -> Written<'g, Self::Nodes, K, V>;

    /// Of a draft with a value.
    #[inline]
    fn insert(self) -> Option<&'g V> {
        let written = self.write(|_, draft| {
            draft.make_whole();
            Decision::Put
        });
        match written {
            Written::Put(old, _) => old.map(|(_, value)| value),
            _ => unreachable!("it was told to put"),
        }
    }

    /// Of a draft with a value. What is there now, or what is there instead and the value.
    #[inline]
    fn try_insert(self) -> Result<&'g V, OccupiedError<'g, V>> {
        let written = self.write(|old, draft| match old {
            Some(_) => Decision::Keep,
            None => {
                draft.make_whole();
                Decision::Put
            }
        });
        match written {
            Written::Kept(Some((_, current)), draft) => Err(OccupiedError {
                current,
                not_inserted: draft.into_value().expect("the draft has it"),
            }),
            Written::Put(_, (_, value)) => Ok(value),
            _ => unreachable!("it was told to keep what is there, or to put"),
        }
    }

    /// Of a draft without a value, like the others.
    #[inline]
    fn update(self, mut f: impl FnMut(&V) -> V) -> Option<&'g V> {
        let written = self.write(|old, draft| match old {
            Some((_, value)) => {
                draft.make_with(f(value));
                Decision::Put
            }
            None => Decision::Keep,
        });
        match written {
            Written::Put(_, (_, value)) => Some(value),
            _ => None,
        }
    }

    #[inline]
    fn update_or_insert_with(self, mut f: impl FnMut(&V) -> V, make: impl FnOnce() -> V) -> &'g V {
        let mut make = Some(make);
        // What was made: in the draft, or here while an updated value is in the draft.
        let (mut made_in_draft, mut made) = (false, None);
        let written = self.write(|old, draft| {
            match old {
                Some((_, value)) => {
                    let new = f(value);
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
            Written::Put(_, (_, value)) => value,
            _ => unreachable!("it was told to put"),
        }
    }

    #[inline]
    fn compute<T>(
        self,
        mut f: impl FnMut(Option<Pair<'g, K, V>>) -> Operation<V, T>,
    ) -> Compute<'g, K, V, T> {
        let mut aborted = None;
        let written = self.write(|old, draft| match f(old) {
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
            (Written::Put(None, new), _) => Compute::Inserted(new.0, new.1),
            (Written::Put(Some(old), new), _) => Compute::Updated { old, new },
            (Written::Removed(Some(old)), _) => Compute::Removed(old.0, old.1),
            (_, Some(answer)) => Compute::Aborted(answer),
            _ => unreachable!("an entry that is not there is not removed"),
        }
    }
}
