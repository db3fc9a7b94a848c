//! Keys as byte strings, in whose order they are.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

/// A key that is a string of bytes, or has one that is ordered as the keys are.
///
/// Two keys are the same if their bytes are; one is less than another if its bytes are, as slices: byte by byte, and
/// a string before all that it is a prefix of. A type that can be borrowed as another has the same bytes as that.
///
/// Keys have fewer than 2³² bytes: operations that would put a longer one into a map panic. A type whose bytes change
/// while it is in a map gets wrong answers, panics, or operations that do not end, nothing worse.
pub trait RadixKey {
    /// The bytes.
    type Bytes<'k>: AsRef<[u8]>
    where
        Self: 'k;

    /// The bytes.
    fn key_bytes(&self) -> Self::Bytes<'_>;
}

/// A key whose bytes are as many for all keys of the type, so that another one may follow.
pub trait FixedRadixKey: RadixKey {}

macro_rules! by_number {
    ($($type:ty: $number:ty, $convert:expr;)*) => {$(
        impl RadixKey for $type {
            type Bytes<'k> = [u8; size_of::<$number>()];

            #[inline]
            fn key_bytes(&self) -> Self::Bytes<'_> {
                let number: $number = $convert(*self);
                number.to_be_bytes()
            }
        }

        impl FixedRadixKey for $type {}
    )*};
}

/// Two's complement with the sign's bit turned: negative ones first.
macro_rules! signed {
    ($type:ty) => {
        |n: $type| (n ^ <$type>::MIN).cast_unsigned()
    };
}

by_number! {
    u8: u8, u8::from;
    u16: u16, u16::from;
    u32: u32, u32::from;
    u64: u64, u64::from;
    u128: u128, u128::from;
    usize: usize, usize::from;
    i8: u8, signed!(i8);
    i16: u16, signed!(i16);
    i32: u32, signed!(i32);
    i64: u64, signed!(i64);
    i128: u128, signed!(i128);
    isize: usize, signed!(isize);
    bool: u8, u8::from;
    char: u32, u32::from;
    Ipv4Addr: u32, u32::from;
    Ipv6Addr: u128, u128::from;
}

impl RadixKey for () {
    type Bytes<'k> = [u8; 0];

    #[inline]
    fn key_bytes(&self) -> [u8; 0] {
        []
    }
}

impl FixedRadixKey for () {}

impl RadixKey for [u8] {
    type Bytes<'k> = &'k [u8];

    #[inline]
    fn key_bytes(&self) -> &[u8] {
        self
    }
}

impl RadixKey for str {
    type Bytes<'k> = &'k [u8];

    #[inline]
    fn key_bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<const N: usize> RadixKey for [u8; N] {
    type Bytes<'k> = &'k [u8];

    #[inline]
    fn key_bytes(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> FixedRadixKey for [u8; N] {}

macro_rules! by_what_it_holds {
    ($([$($of:tt)*] $type:ty, $held:ty;)*) => {$(
        impl<$($of)*> RadixKey for $type {
            type Bytes<'k> = <$held as RadixKey>::Bytes<'k> where Self: 'k;

            #[inline]
            fn key_bytes(&self) -> Self::Bytes<'_> {
                <$held as RadixKey>::key_bytes(self)
            }
        }
    )*};
}

by_what_it_holds! {
    [] String, str;
    [] Vec<u8>, [u8];
    ['a, T: RadixKey + ?Sized] &'a T, T;
    [T: RadixKey + ?Sized] Box<T>, T;
    [T: RadixKey + ?Sized] Rc<T>, T;
    [T: RadixKey + ?Sized] Arc<T>, T;
    ['a, T: RadixKey + ToOwned + ?Sized] Cow<'a, T>, T;
}

macro_rules! tuples {
    ($($($name:ident $part:tt),+; $last:ident $end:tt)*) => {$(
        impl<$($name: FixedRadixKey,)+ $last: RadixKey> RadixKey for ($($name,)+ $last,) {
            type Bytes<'k> = SmallVec<[u8; 32]> where Self: 'k;

            #[inline]
            fn key_bytes(&self) -> Self::Bytes<'_> {
                let mut all = SmallVec::new();
                $(all.extend_from_slice(self.$part.key_bytes().as_ref());)+
                all.extend_from_slice(self.$end.key_bytes().as_ref());
                all
            }
        }

        impl<$($name: FixedRadixKey,)+ $last: FixedRadixKey> FixedRadixKey
            for ($($name,)+ $last,) {}
    )*};
}

tuples! {
    A 0; B 1
    A 0, B 1; C 2
    A 0, B 1, C 2; D 3
}

/// Where two keys differ first: at the end of the one that is a prefix of the other. None if they do not.
pub(super) fn differ(a: &[u8], b: &[u8]) -> Option<usize> {
    let both = a.len().min(b.len());
    let first = a.iter().zip(b).position(|(a, b)| a != b);
    first.or((a.len() != b.len()).then_some(both))
}

#[cfg(all(test, not(smr_loom)))]
mod tests {
    use super::*;

    fn ordered<K: RadixKey + Ord + std::fmt::Debug>(keys: &[K]) {
        for a in keys {
            for b in keys {
                let (left, right) = (a.key_bytes(), b.key_bytes());
                let order = left.as_ref().cmp(right.as_ref());
                assert_eq!(order, a.cmp(b), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn bytes_are_ordered_as_keys() {
        ordered(&[0, 1, 255, 256, u64::MAX - 1, u64::MAX]);
        ordered(&[i32::MIN, -256, -255, -1, 0, 1, 255, 256, i32::MAX]);
        ordered(&[i128::MIN, -1, 0, 1, i128::MAX]);
        ordered(&[false, true]);
        ordered(&['\0', 'a', 'ä', '\u{10ffff}']);
        ordered(&["", "\0", "\0\0", "a", "a\0", "ab", "b"].map(String::from));
        ordered(&[vec![], vec![0], vec![0, 0], vec![1], vec![255, 0]]);
        ordered(&[
            Ipv4Addr::UNSPECIFIED,
            Ipv4Addr::LOCALHOST,
            Ipv4Addr::BROADCAST,
        ]);
        ordered(&[Ipv6Addr::UNSPECIFIED, Ipv6Addr::LOCALHOST]);
        ordered(&[(1u8, 5u16), (1, 256), (2, 0), (2, 1)]);
        ordered(&[(-1i8, "b"), (-1, "ba"), (0, ""), (0, "a")]);
        ordered(&[(-1i8, 'a', "b"), (-1, 'b', ""), (0, 'a', "")]);
        ordered(&[
            (1u8, 1u8, 1u8, 1u8),
            (1, 1, 1, 2),
            (1, 1, 2, 0),
            (1, 2, 0, 0),
        ]);
        ordered(&[Box::new([1u8, 2]), Box::new([1, 3])]);
    }

    #[test]
    fn the_first_difference_is_found() {
        assert_eq!(differ(b"", b""), None);
        assert_eq!(differ(b"ab", b"ab"), None);
        assert_eq!(differ(b"ab", b"abc"), Some(2));
        assert_eq!(differ(b"abc", b""), Some(0));
        assert_eq!(differ(b"abc", b"abd"), Some(2));
        assert_eq!(differ(b"\0", b""), Some(0));
    }
}
