//! Platforms, and models, without spans.

use core::ptr::NonNull;

use super::super::Page;

pub(crate) fn decide() {}

pub(in super::super) fn take() -> Option<NonNull<Page>> {
    None
}

pub(in super::super) fn came() {}

pub(in super::super) fn went() {}

pub(in super::super) fn spared() -> usize {
    0
}

pub(crate) fn shed() {}

/// # Safety
/// Never called.
pub(in super::super) unsafe fn give(_: NonNull<Page>) {
    unreachable!("none has been taken");
}

/// # Safety
/// Never called.
pub(in super::super) unsafe fn unmap(_: NonNull<Page>) {
    unreachable!("none has been mapped");
}

pub(crate) fn mapped() -> usize {
    0
}
