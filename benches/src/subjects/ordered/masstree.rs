//! `masstree`: a trie of B+ trees over the bytes of its keys, whose writers lock leaves.

use std::marker::PhantomData;

use masstree::{MassTree, RangeBound};
use seize::LocalGuard;

use super::{Key, Ordered, Points, Reverse};

/// A key as bytes, whose order is the key's own.
pub(crate) trait Bytes: Key {
    /// The bytes of a key.
    fn bytes(query: &Self::Query) -> impl AsRef<[u8]>;

    /// Hands the key to `f` that has these bytes, which [`Bytes::bytes`] has made.
    fn with_key(bytes: &[u8], f: impl FnOnce(&Self::Query));
}

impl Bytes for u64 {
    #[inline]
    fn bytes(query: &u64) -> impl AsRef<[u8]> {
        query.to_be_bytes()
    }

    #[inline]
    fn with_key(bytes: &[u8], f: impl FnOnce(&u64)) {
        let bytes = bytes.try_into().expect("a key has eight bytes");
        f(&u64::from_be_bytes(bytes));
    }
}

impl Bytes for String {
    #[inline]
    fn bytes(query: &str) -> impl AsRef<[u8]> {
        query
    }

    #[inline]
    fn with_key(bytes: &[u8], f: impl FnOnce(&str)) {
        // SAFETY: `bytes` above made them of a `str`, and the map gives back what it was given.
        f(unsafe { str::from_utf8_unchecked(bytes) });
    }
}

/// `MassTree`, which has its values in its leaves, with a guard for each operation;
/// `scan_intra_leaf_batch` and `scan_rev_batch`, its fastest scans with keys. The allocator that its
/// authors measure with, they do not use here.
pub(crate) struct Masstree<K>(MassTree<u64>, PhantomData<fn() -> K>);

impl<K: Bytes> Points<K> for Masstree<K> {
    const NAME: &'static str = "masstree";
    // Beside other threads' writes, `remove` may say of a key that is there that it is not, and leave
    // it; a visit of all entries may miss some. With keys of more than eight bytes, one thread alone
    // gets scans that start at the wrong key. Version 0.9.5.
    const RELIABLE: bool = false;

    type Pin<'a> = (LocalGuard<'a>, &'a MassTree<u64>);

    fn new() -> Self {
        Masstree(MassTree::new(), PhantomData)
    }

    #[inline]
    fn pin(&self) -> Self::Pin<'_> {
        (self.0.guard(), &self.0)
    }

    #[inline]
    fn get((guard, tree): &Self::Pin<'_>, key: &K::Query) -> Option<u64> {
        tree.get_with_guard(K::bytes(key).as_ref(), guard)
    }

    #[inline]
    fn insert((guard, tree): &Self::Pin<'_>, key: K, value: u64) -> bool {
        let old = tree.insert_with_guard(K::bytes(key.borrow()).as_ref(), value, guard);
        old.is_none()
    }

    #[inline]
    fn remove((guard, tree): &Self::Pin<'_>, key: &K::Query) -> bool {
        let removed = tree.remove_with_guard(K::bytes(key).as_ref(), guard);
        removed.expect("nothing fails").is_some()
    }
}

/// A visitor of at most `count` entries.
#[inline]
fn limited<K: Bytes>(
    count: usize,
    mut f: impl FnMut(&K::Query, u64),
) -> impl FnMut(&[u8], u64) -> bool {
    let mut left = count;
    move |key, value| {
        K::with_key(key, |key| f(key, value));
        left -= 1;
        left > 0
    }
}

impl<K: Bytes> Ordered<K> for Masstree<K> {
    #[inline]
    fn replace((guard, tree): &Self::Pin<'_>, key: K, value: u64) {
        tree.insert_with_guard(K::bytes(key.borrow()).as_ref(), value, guard);
    }

    #[inline]
    fn scan(
        (guard, tree): &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        f: impl FnMut(&K::Query, u64),
    ) {
        let bytes = K::bytes(from);
        let from = RangeBound::Included(bytes.as_ref());
        tree.scan_intra_leaf_batch(from, RangeBound::Unbounded, limited::<K>(count, f), guard);
    }

    fn each((guard, tree): &Self::Pin<'_>, f: impl FnMut(&K::Query, u64)) {
        let (from, to) = (RangeBound::Unbounded, RangeBound::Unbounded);
        tree.scan_intra_leaf_batch(from, to, limited::<K>(usize::MAX, f), guard);
    }
}

impl<K: Bytes> Reverse<K> for Masstree<K> {
    #[inline]
    fn scan_back(
        (guard, tree): &Self::Pin<'_>,
        from: &K::Query,
        count: usize,
        f: impl FnMut(&K::Query, u64),
    ) {
        let bytes = K::bytes(from);
        let to = RangeBound::Included(bytes.as_ref());
        tree.scan_rev_batch(RangeBound::Unbounded, to, limited::<K>(count, f), guard);
    }
}
