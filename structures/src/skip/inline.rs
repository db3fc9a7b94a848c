//! Entries that need no memory of their own: the key is its hint, and the value lies where elsewhere the entry's
//! address is.
//!
//! Then a lookup ends in the revision, and does not wait for an entry that is in no cache. Such an entry may be copied
//! from revision to revision: nobody can tell two copies apart. So only types count of which that is known, by their
//! identity: without a drop, without interior mutability, and without padding.
//!
//! No address tells that an entry is the same as before, and was not another meanwhile. So what is decided about one is
//! decided anew if the chunk has changed, a few times; after that, one that is the same is the same.

use core::any::TypeId;
use core::ptr;

use super::hint;
use super::pair::Pair;
use super::rev::Item;

#[inline(always)]
fn is_one_of<T>(types: &[TypeId]) -> bool {
    types.contains(&typeid::of::<T>())
}

macro_rules! types {
    ($($type:ty),*) => { [$(TypeId::of::<$type>()),*] };
}

/// Whether a hint, where it lies in memory, is a key of this type.
#[inline(always)]
fn is_its_hint<K>() -> bool {
    is_one_of::<K>(&types![u8, u16, u32, u64, usize, bool, char])
}

#[inline(always)]
fn is_plain<V>() -> bool {
    let is_known = is_one_of::<V>(&types![
        (),
        u8,
        u16,
        u32,
        u64,
        usize,
        i8,
        i16,
        i32,
        i64,
        isize,
        f32,
        f64,
        bool,
        char
    ]);
    is_known && size_of::<V>() <= size_of::<Item>() && align_of::<V>() <= align_of::<Item>()
}

/// Whether the entries of a map are in its revisions, if hints are whole keys.
#[inline(always)]
pub(super) fn is_inline<K, V>() -> bool {
    is_its_hint::<K>() && is_plain::<V>()
}

/// What lies there instead of an address. Of a value that is plain.
#[inline(always)]
pub(super) fn item<V>(value: &V) -> Item {
    assert!(is_plain::<V>(), "only such maps ask");
    let mut item: Item = ptr::null_mut();
    // SAFETY: both are valid for a value of these types, and apart; what is left is zeros.
    unsafe {
        (&raw mut item)
            .cast::<V>()
            .copy_from_nonoverlapping(value, 1)
    };
    item
}

/// The entry of a hint and an item.
///
/// # Safety
/// [`hint::of`] and [`item`] have made them of a key and a value of these types.
#[inline(always)]
pub(super) unsafe fn pair<'s, K, V>(hint: &'s u64, item: &'s Item) -> Pair<'s, K, V> {
    assert!(is_inline::<K, V>(), "only such maps ask");
    let last = match cfg!(target_endian = "big") {
        true => size_of::<u64>() - size_of::<K>(),
        false => 0,
    };
    let key = ptr::from_ref(hint)
        .cast::<u8>()
        .wrapping_add(last)
        .cast::<K>();
    Pair {
        // SAFETY: the hint is the key as a number of eight bytes, so that the bytes there are the key's; and aligned,
        // as sizes are powers of two.
        key: unsafe { &*key },
        // SAFETY: `item` has put one there, which fits, and is aligned as it has to be.
        value: unsafe { &*ptr::from_ref(item).cast::<V>() },
    }
}

/// The same, by value.
///
/// # Safety
/// As for [`pair`].
#[inline(always)]
pub(super) unsafe fn parts<K, V>(hint: u64, item: Item) -> (K, V) {
    // SAFETY: the caller's contract.
    let pair = unsafe { pair::<K, V>(&hint, &item) };
    // SAFETY: a reference to a value of a type that is `Copy`.
    let value = unsafe { ptr::read(pair.value) };
    (hint::key(hint), value)
}

/// After so many decisions of an operation, in all, an entry that is the same as before is not decided about again
/// though its chunk has changed: closures may be slow, or change what is beside the entry themselves.
pub(super) const ASKED: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn lies_there<K: Copy + PartialEq + core::fmt::Debug, V: Copy + core::fmt::Debug>(
        keys: &[K],
        values: &[V],
        same: impl Fn(V, V) -> bool,
    ) {
        assert!(is_inline::<K, V>());
        for (&key, &value) in keys.iter().flat_map(|k| values.iter().map(move |v| (k, v))) {
            let (hint, item) = (hint::of(&key, 0), item(&value));
            // SAFETY: made above, of these.
            let pair = unsafe { pair::<K, V>(&hint, &item) };
            assert_eq!(*pair.key, key);
            assert!(
                same(*pair.value, value),
                "{:?} is not {value:?}",
                pair.value
            );
            // SAFETY: as above.
            let parts = unsafe { parts::<K, V>(hint, item) };
            assert!(parts.0 == key && same(parts.1, value));
        }
    }

    #[test]
    fn entries_lie_in_hints_and_items() {
        let eq = |a, b| a == b;
        lies_there(&[0u64, 1, 1 << 40, u64::MAX], &[()], |(), ()| true);
        lies_there(&[0u32, 1, u32::MAX], &[0u8, 1, 255], |a, b| a == b);
        lies_there(&['a', 'ß', '\u{10ffff}'], &[-1i16, 7], |a, b| a == b);
        lies_there(&[false, true], &[-1i32, 7], |a, b| a == b);
        lies_there(&[0u8, 200], &['a', '\u{10ffff}'], |a, b| a == b);
        lies_there(&[0u16, 200, u16::MAX], &[true, false], eq);
        lies_there(&[0usize, usize::MAX], &[isize::MIN, -1], |a, b| a == b);
        lies_there(&[7u64], &[f32::NAN, -0.0, 1.5], |a: f32, b: f32| {
            a.to_bits() == b.to_bits()
        });
        if size_of::<usize>() == 8 {
            lies_there(&[7u64], &[f64::NAN, -0.0, 1.5], |a: f64, b: f64| {
                a.to_bits() == b.to_bits()
            });
            lies_there(&[7u64], &[u64::MAX, 0], |a, b| a == b);
        }
    }

    #[test]
    fn others_do_not() {
        assert!(!is_inline::<i64, u8>() && !is_inline::<String, u8>());
        assert!(!is_inline::<u64, u128>() && !is_inline::<u64, [u8; 4]>());
        assert!(!is_inline::<u64, core::cell::Cell<u8>>());
        assert!(!is_inline::<u64, &u64>() && !is_inline::<u64, Box<u8>>());
    }
}
