//! Tag bits: the low bits of a pointer that alignment leaves free.

/// The bits that a tag of a `*mut T` may use.
pub(super) const fn mask<T>() -> usize {
    align_of::<T>() - 1
}

/// `ptr` with its tag replaced; bits beyond the mask are cut off.
#[inline]
pub(super) fn with<T>(ptr: *mut T, tag: usize) -> *mut T {
    ptr.map_addr(|a| (a & !mask::<T>()) | (tag & mask::<T>()))
}

/// The tag of `ptr`.
#[inline]
pub(super) fn of<T>(ptr: *mut T) -> usize {
    ptr.addr() & mask::<T>()
}

/// `ptr` without its tag.
#[inline]
pub(super) fn strip<T>(ptr: *mut T) -> *mut T {
    ptr.map_addr(|a| a & !mask::<T>())
}
