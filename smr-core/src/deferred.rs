//! A closure that runs after a grace period: an item whose drop calls it.

use core::fmt;

/// A deferred closure. [`Zone::defer`](crate::Zone::defer) and [`Smr::defer`](crate::Smr::defer) keep
/// them; it runs when the item is dropped.
pub struct Deferred<'a>(Option<Box<dyn FnOnce() + Send + 'a>>);

impl<'a> Deferred<'a> {
    pub(crate) fn new(f: impl FnOnce() + Send + 'a) -> Deferred<'a> {
        Deferred(Some(Box::new(f)))
    }
}

impl Drop for Deferred<'_> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

impl fmt::Debug for Deferred<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deferred")
    }
}
