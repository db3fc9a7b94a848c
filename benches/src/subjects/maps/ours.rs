//! This workspace's maps.

use structures::hash_map::InlineHashMap;

use super::{Hashes, Map};

/// `InlineHashMap`, for plain keys and values, in the global domain.
pub(crate) struct Inline(InlineHashMap<u64, u64, Hashes>);

impl Map<u64> for Inline {
    const NAME: &'static str = "InlineHashMap";

    type Pin<'a> = &'a InlineHashMap<u64, u64, Hashes>;

    fn new() -> Self {
        Inline(InlineHashMap::with_hasher(Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &u64) -> Option<u64> {
        pin.get(key)
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: u64, value: u64) -> bool {
        pin.try_insert(key, value).is_ok()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &u64) -> bool {
        pin.remove(key).is_some()
    }

    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &u64, f: impl Fn(u64) -> u64) -> bool {
        pin.update(*key, f).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &u64) {
        pin.update_or_insert(*key, |n| n.wrapping_add(1), 1);
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&u64, u64)) {
        for (key, value) in pin.iter() {
            f(&key, value);
        }
    }

    fn settle() {
        structures::Smr::global().flush();
    }
}
