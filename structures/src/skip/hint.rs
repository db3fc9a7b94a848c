//! What of a key is compared first: eight bytes, which are in the order of the keys as far as they go.

use core::any::TypeId;
use core::mem::MaybeUninit;
use std::borrow::Cow;
use std::ffi::CString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

/// What the hints of a type say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing: all of them are 0.
    None,
    /// Everything: keys are equal if their hints are, and can be made of them.
    Whole,
    /// The first of the bytes that the keys are, and are ordered by.
    Bytes,
}

#[inline(always)]
fn is<A: ?Sized, B: ?Sized + 'static>() -> bool {
    typeid::of::<A>() == TypeId::of::<B>()
}

macro_rules! wholes {
    ($($type:ty: $to:expr, $from:expr;)*) => {
        #[inline(always)]
        fn is_whole<K: ?Sized>() -> bool {
            $(is::<K, $type>())||*
        }

        #[inline(always)]
        fn whole<K: ?Sized>(key: &K) -> u64 {
            $(if is::<K, $type>() {
                // SAFETY: a reference to what has this type.
                let key = unsafe { &*(&raw const *key).cast::<$type>() };
                let to: fn($type) -> u64 = $to;
                return to(*key);
            })*
            unreachable!("asked only of those")
        }

        #[inline(always)]
        fn unwhole<K>(hint: u64) -> MaybeUninit<K> {
            let mut key = MaybeUninit::<K>::uninit();
            $(if is::<K, $type>() {
                let from: fn(u64) -> $type = $from;
                // SAFETY: this is its type.
                unsafe { key.as_mut_ptr().cast::<$type>().write(from(hint)) };
                return key;
            })*
            unreachable!("asked only of those")
        }
    };
}

const SIGN: u64 = 1 << 63;

wholes! {
    u8: u64::from, |hint| hint as u8;
    u16: u64::from, |hint| hint as u16;
    u32: u64::from, |hint| hint as u32;
    u64: |key| key, |hint| hint;
    usize: |key| key as u64, |hint| hint as usize;
    i8: |key| signed(key.into()), |hint| unsigned(hint) as i8;
    i16: |key| signed(key.into()), |hint| unsigned(hint) as i16;
    i32: |key| signed(key.into()), |hint| unsigned(hint) as i32;
    i64: signed, unsigned;
    isize: |key| signed(key as i64), |hint| unsigned(hint) as isize;
    bool: u64::from, |hint| hint != 0;
    char: u64::from, |hint| char::from_u32(hint as u32).unwrap_or_default();
    Ipv4Addr: |key| u32::from(key).into(), |hint| Ipv4Addr::from(hint as u32);
}

/// In the order of the numbers.
#[inline(always)]
fn signed(key: i64) -> u64 {
    key.cast_unsigned() ^ SIGN
}

#[inline(always)]
fn unsigned(hint: u64) -> i64 {
    (hint ^ SIGN).cast_signed()
}

macro_rules! bytes {
    ($($type:ty: $to:expr;)*) => {
        #[inline(always)]
        fn has_bytes<K: ?Sized>() -> bool {
            is::<K, str>() || is::<K, [u8]>() || is_number::<K>() $(|| is::<K, $type>())*
        }

        #[inline(always)]
        fn borrowed<K: ?Sized>(key: &K) -> &[u8] {
            $(if is::<K, $type>() {
                // SAFETY: a reference to what has this type, save for lifetimes, of which the bytes get the key's.
                let key = unsafe { &*(&raw const *key).cast::<$type>() };
                let to: for<'k> fn(&'k $type) -> &'k [u8] = $to;
                return to(key);
            })*
            let size = size_of_val(key);
            // SAFETY: a string, or bytes: that many, all initialized.
            unsafe { core::slice::from_raw_parts((&raw const *key).cast(), size) }
        }
    };
}

bytes! {
    String: |key| key.as_bytes();
    Box<str>: |key| key.as_bytes();
    Arc<str>: |key| key.as_bytes();
    Rc<str>: |key| key.as_bytes();
    Cow<'static, str>: |key| key.as_bytes();
    &'static str: |key| key.as_bytes();
    Vec<u8>: |key| key;
    Box<[u8]>: |key| key;
    Arc<[u8]>: |key| key;
    Rc<[u8]>: |key| key;
    Cow<'static, [u8]>: |key| key;
    &'static [u8]: |key| key;
    CString: |key| key.as_bytes();
    [u8; 4]: |key| key;
    [u8; 6]: |key| key;
    [u8; 8]: |key| key;
    [u8; 12]: |key| key;
    [u8; 16]: |key| key;
    [u8; 20]: |key| key;
    [u8; 24]: |key| key;
    [u8; 32]: |key| key;
}

/// Those that are not bytes, and have an order as if they were.
#[inline(always)]
fn is_number<K: ?Sized>() -> bool {
    is::<K, u128>() || is::<K, i128>() || is::<K, Ipv6Addr>()
}

#[inline(always)]
fn number<K: ?Sized>(key: &K) -> [u8; 16] {
    let key = (&raw const *key).cast::<u8>();
    if is::<K, u128>() {
        // SAFETY: a reference to what has this type.
        return unsafe { key.cast::<u128>().read_unaligned() }.to_be_bytes();
    }
    if is::<K, i128>() {
        // SAFETY: as above.
        let key = unsafe { key.cast::<i128>().read_unaligned() };
        return (key.cast_unsigned() ^ 1 << 127).to_be_bytes();
    }
    // SAFETY: as above: it is the third of them.
    unsafe { key.cast::<Ipv6Addr>().read_unaligned() }.octets()
}

/// What the hints of a type say, if its keys have the order of `Ord`.
#[inline(always)]
pub(super) fn kind<K: ?Sized>() -> Kind {
    if is_whole::<K>() {
        Kind::Whole
    } else if has_bytes::<K>() {
        Kind::Bytes
    } else {
        Kind::None
    }
}

/// Whether what is looked for has hints that can be compared with those of the keys.
#[inline(always)]
pub(super) fn agree<K, Q: ?Sized>() -> bool {
    match kind::<K>() {
        Kind::None => true,
        // That one can be borrowed as the other says that their orders are the same, not that they are the
        // same number.
        Kind::Whole => typeid::of::<K>() == typeid::of::<Q>(),
        Kind::Bytes if is_number::<K>() => typeid::of::<K>() == typeid::of::<Q>(),
        Kind::Bytes => kind::<Q>() == Kind::Bytes && !is_number::<Q>(),
    }
}

/// The hint of what is looked for among keys, if they [agree].
#[inline(always)]
pub(super) fn of_wanted<K, Q: ?Sized>(wanted: &Q, known: usize) -> u64 {
    match kind::<K>() {
        Kind::None => 0,
        _ => of(wanted, known),
    }
}

/// The hint of a key of which the first bytes, so many, are known.
#[inline(always)]
pub(super) fn of<K: ?Sized>(key: &K, known: usize) -> u64 {
    match kind::<K>() {
        Kind::None => 0,
        Kind::Whole => whole(key),
        Kind::Bytes if is_number::<K>() => eight(&number(key), known),
        Kind::Bytes => eight(borrowed(key), known),
    }
}

#[inline(always)]
fn eight(bytes: &[u8], from: usize) -> u64 {
    let rest = bytes.get(from..).unwrap_or_default();
    if let Some(eight) = rest.first_chunk() {
        return u64::from_be_bytes(*eight);
    }
    let mut eight = [0; 8];
    eight[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(eight)
}

/// How many of their first bytes two keys have in common, and whatever is between them.
pub(super) fn common<K: ?Sized>(a: &K, b: &K) -> usize {
    let count = |a: &[u8], b: &[u8]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    match kind::<K>() {
        Kind::None | Kind::Whole => 0,
        Kind::Bytes if is_number::<K>() => count(&number(a), &number(b)),
        Kind::Bytes => count(borrowed(a), borrowed(b)),
    }
}

/// The key that has this hint, of a type whose hints are the whole keys.
#[inline(always)]
pub(super) fn key<K>(hint: u64) -> K {
    let key = unwhole(hint);
    // SAFETY: it has just been written.
    unsafe { key.assume_init() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered<K: Ord + Clone + core::fmt::Debug>(
        expected: Kind,
        keys: impl IntoIterator<Item = K>,
    ) {
        let mut keys: Vec<K> = keys.into_iter().collect();
        keys.sort();
        assert_eq!(kind::<K>(), expected);
        for pair in keys.windows(2) {
            let hints = [of(&pair[0], 0), of(&pair[1], 0)];
            assert!(hints[0] <= hints[1], "{pair:?}: {hints:?}");
            let known = common(&pair[0], &pair[1]);
            let rest = [of(&pair[0], known), of(&pair[1], known)];
            assert!(rest[0] <= rest[1], "{pair:?} behind {known}: {rest:?}");
        }
        if expected == Kind::Whole {
            for pair in keys.windows(2).filter(|pair| pair[0] != pair[1]) {
                assert!(of(&pair[0], 0) < of(&pair[1], 0), "{pair:?}");
            }
            for each in keys {
                assert_eq!(key::<K>(of(&each, 0)), each);
            }
        }
    }

    fn numbers() -> impl Iterator<Item = u64> {
        let near = [
            0, 1, 2, 127, 128, 129, 255, 256, 32_767, 32_768, 65_535, 65_536,
        ];
        let bits = (0..64).map(|bit| 1u64 << bit);
        near.into_iter()
            .chain(bits)
            .flat_map(|n| [n, n.wrapping_neg(), !n])
    }

    #[test]
    fn hints_have_the_order_of_the_keys() {
        ordered(Kind::Whole, numbers());
        ordered(Kind::Whole, numbers().map(|n| n as u32));
        ordered(Kind::Whole, numbers().map(|n| n as u16));
        ordered(Kind::Whole, numbers().map(|n| n as u8));
        ordered(Kind::Whole, numbers().map(|n| n as usize));
        ordered(Kind::Whole, numbers().map(u64::cast_signed));
        ordered(Kind::Whole, numbers().map(|n| n as i32));
        ordered(Kind::Whole, numbers().map(|n| n as i16));
        ordered(Kind::Whole, numbers().map(|n| n as i8));
        ordered(Kind::Whole, numbers().map(|n| n as isize));
        ordered(
            Kind::Whole,
            numbers().filter_map(|n| char::from_u32(n as u32)),
        );
        ordered(Kind::Whole, [false, true]);
        ordered(Kind::Whole, numbers().map(|n| Ipv4Addr::from(n as u32)));
        let wide = || {
            numbers().flat_map(|n| {
                [
                    n.into(),
                    u128::from(n) << 64,
                    u128::from(n) << 37,
                    !u128::from(n),
                ]
            })
        };
        ordered(Kind::Bytes, wide());
        ordered(Kind::Bytes, wide().map(u128::cast_signed));
        ordered(Kind::Bytes, wide().map(Ipv6Addr::from));
        ordered(Kind::None, numbers().map(|n| (n, 1)));
        ordered(Kind::None, [[0u8; 3], [1, 2, 3]]);
    }

    const TEXTS: [&str; 12] = [
        "",
        "\0",
        "a",
        "a\0",
        "a\0b",
        "ab",
        "abcdefgh",
        "abcdefgh\0",
        "abcdefghi",
        "abcdefghj",
        "b",
        "ß",
    ];

    #[test]
    fn hints_have_the_order_of_texts() {
        ordered(Kind::Bytes, TEXTS);
        ordered(Kind::Bytes, TEXTS.map(String::from));
        ordered(Kind::Bytes, TEXTS.map(Box::<str>::from));
        ordered(Kind::Bytes, TEXTS.map(Arc::<str>::from));
        ordered(Kind::Bytes, TEXTS.map(Rc::<str>::from));
        ordered(Kind::Bytes, TEXTS.map(Cow::Borrowed));
        let bytes = TEXTS.map(str::as_bytes);
        ordered(Kind::Bytes, bytes);
        ordered(Kind::Bytes, bytes.map(Vec::from));
        ordered(Kind::Bytes, bytes.map(Box::<[u8]>::from));
        ordered(Kind::Bytes, numbers().map(u64::to_be_bytes));
        ordered(Kind::Bytes, numbers().map(u64::to_le_bytes));
        let c = TEXTS.iter().filter_map(|text| CString::new(*text).ok());
        ordered(Kind::Bytes, c);
    }

    #[test]
    fn what_is_borrowed_has_the_same_hints() {
        assert!(agree::<String, str>() && agree::<&str, str>() && agree::<Vec<u8>, [u8]>());
        assert!(agree::<u64, u64>() && agree::<(u8, u8), (u8, u8)>());
        assert!(!agree::<u64, u32>() && !agree::<String, u128>() && !agree::<u128, [u8]>());
        for text in TEXTS {
            for known in 0..10 {
                assert_eq!(of(text, known), of(&text.to_string(), known));
                assert_eq!(of(text, known), of(text.as_bytes(), known));
            }
        }
    }
}
