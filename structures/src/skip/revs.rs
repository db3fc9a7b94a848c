//! The memory of revisions.

use super::rev::{Rev, Sized};
use crate::reclaim::{Domain, Pool, Section};

macro_rules! revs {
    ($($name:ident $class:literal $n:literal),*) => {
        /// A pool for each class.
        pub(super) struct Revs { $($name: Pool<Sized<$n>>),* }

        impl Revs {
            pub(super) fn new(domain: &Domain) -> Revs {
                Revs { $($name: Pool::new(domain)),* }
            }

            #[inline]
            pub(super) fn alloc(&self, class: usize, section: &Section<'_>) -> *mut Rev {
                match class {
                    $($class => self.$name.alloc(Sized::new(), section).cast(),)*
                    _ => unreachable!("a class"),
                }
            }

            /// # Safety
            /// As for [`Pool::retire`]; of this class.
            #[inline]
            pub(super) unsafe fn retire(&self, class: usize, rev: *mut Rev) {
                match class {
                    // SAFETY: the caller's contract.
                    $($class => unsafe { self.$name.retire(rev.cast()) },)*
                    _ => unreachable!("a class"),
                }
            }

            /// # Safety
            /// As for [`Pool::dispose`]; of this class.
            pub(super) unsafe fn dispose(&self, class: usize, rev: *mut Rev) {
                match class {
                    // SAFETY: the caller's contract.
                    $($class => unsafe { self.$name.dispose(rev.cast()) },)*
                    _ => unreachable!("a class"),
                }
            }

            #[cfg(not(smr_loom))]
            pub(super) fn flush(&self) -> usize {
                0 $(+ self.$name.flush())*
            }
        }
    };
}

#[cfg(not(smr_loom))]
revs!(c10 0 10, c19 1 19, c30 2 30);
#[cfg(smr_loom)]
revs!(c2 0 2);
