//! What is found of an entry, wherever it lies.

use super::memory::Entry;

/// Its key and its value.
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Pair<'s, K, V> {
    pub(super) key: &'s K,
    pub(super) value: &'s V,
}

impl<K, V> Clone for Pair<'_, K, V> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Pair<'_, K, V> {}

impl<'s, K, V> Pair<'s, K, V> {
    #[inline]
    pub(super) fn of(entry: &'s Entry<K, V>) -> Self {
        let Entry { key, value } = entry;
        Pair { key, value }
    }

    #[inline]
    pub(super) fn both(self) -> (&'s K, &'s V) {
        (self.key, self.value)
    }
}
