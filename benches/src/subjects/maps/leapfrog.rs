//! `leapfrog`: its `LeapMap`, for keys and values that are copied.

use leapfrog::LeapMap;

use super::{Hashes, Key, Map, Points};

/// `get`, `try_insert`, `remove`, `get_mut` and `RefMut::update`. The two greatest values are its own.
pub(crate) struct Leapfrog<K>(LeapMap<K, u64, Hashes>);

impl<K: Key + Copy> Points<K> for Leapfrog<K> {
    const NAME: &'static str = "leapfrog";
    // Where new keys come and old ones go for long, entries are lost, with one thread even; with many
    // it crashed, or did not return. Version 0.3.3.
    const RELIABLE: bool = false;

    type Pin<'a> = &'a LeapMap<K, u64, Hashes>;

    fn new() -> Self {
        // Its least capacity, 8.
        Leapfrog(LeapMap::with_capacity_and_hasher(0, Hashes::default()))
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        &self.0
    }

    #[inline]
    fn get(pin: &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        pin.get(key)?.value()
    }

    #[inline]
    fn insert(pin: &Self::Pin<'_>, key: K, value: u64) -> bool {
        pin.try_insert(key, value).is_none()
    }

    #[inline]
    fn remove(pin: &Self::Pin<'_>, key: &K::Query) -> bool {
        pin.remove(key).is_some()
    }
}

impl<K: Key + Copy> Map<K> for Leapfrog<K> {
    #[inline]
    fn update(pin: &Self::Pin<'_>, key: &K::Query, f: impl Fn(u64) -> u64) -> bool {
        let entry = pin.get_mut(key);
        entry.and_then(|mut e| e.update(|v| *v = f(*v))).is_some()
    }

    #[inline]
    fn count(pin: &Self::Pin<'_>, key: &K::Query) {
        // Another thread may add the key between the two. While the map moves its entries, `update`
        // tries the greatest value, and drops the result.
        while !Self::update(pin, key, |v| v.wrapping_add(1))
            && !Self::insert(pin, key.to_owned(), 1)
        {}
    }

    fn each(pin: &Self::Pin<'_>, mut f: impl FnMut(&K, u64)) {
        for mut entry in pin.iter() {
            if let Some((k, v)) = entry.key_value() {
                f(&k, v);
            }
        }
    }
}
