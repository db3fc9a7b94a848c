//! Where atomics, fences and cells of protocol state come from: `std`, loom, or atomics at whose accesses
//! a thread can be suspended.
//!
//! The protocols take their shared memory from here, so that `--cfg smr_loom` or `--cfg smr_steps` swaps
//! it all at once; what is no part of them takes its atomics from [`plain`], [`hint`] and [`counter`],
//! which nothing swaps. So no other file of the library, save for its documentation, names std's or
//! loom's atomics. (Locks and threads of the slow paths, such as the reclaimer's, are `std`'s and named
//! where they are used.) Hidden from the documentation, exported for the structures that are built on
//! this crate.

#[cfg(not(smr_loom))]
mod imp {
    #[cfg(smr_steps)]
    pub use super::stepped::*;
    #[cfg(not(smr_steps))]
    pub use core::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering, fence,
    };

    #[cfg(all(target_has_atomic = "64", not(smr_steps)))]
    pub use core::sync::atomic::AtomicU64;

    pub use std::sync::{Arc, Mutex};
    pub use std::thread::{self, yield_now};

    /// One turn of a spin loop.
    #[inline]
    pub fn spin_loop() {
        core::hint::spin_loop();
    }

    /// A cell that only its owner touches; loom checks that this is so.
    #[derive(Debug, Default)]
    #[repr(transparent)]
    pub struct OwnerCell<T>(core::cell::UnsafeCell<T>);

    impl<T> OwnerCell<T> {
        /// A cell that holds `value`.
        pub const fn new(value: T) -> Self {
            Self(core::cell::UnsafeCell::new(value))
        }

        /// Reads the value.
        ///
        /// # Safety
        /// The caller owns the cell: no other thread writes it during the call.
        #[inline]
        pub unsafe fn get(&self) -> T
        where
            T: Copy,
        {
            // SAFETY: the caller excludes concurrent writers.
            unsafe { *self.0.get() }
        }

        /// Lends the value.
        ///
        /// # Safety
        /// The caller owns the cell: nothing else touches it during the call.
        #[inline]
        pub unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // SAFETY: the caller excludes every other access.
            f(unsafe { &mut *self.0.get() })
        }

        /// The value, exclusively borrowed.
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut()
        }

        /// Writes the value.
        ///
        /// # Safety
        /// The caller owns the cell: no other thread touches it during the call.
        #[inline]
        pub unsafe fn set(&self, value: T) {
            // SAFETY: the caller excludes every other access.
            unsafe { *self.0.get() = value }
        }
    }

    /// A `static` whose initial value is a constant expression.
    #[macro_export]
    #[doc(hidden)]
    macro_rules! shared_static {
        ($(#[$m:meta])* $v:vis static $name:ident: $t:ty = $e:expr;) => {
            $(#[$m])* $v static $name: $t = $e;
        };
    }

    /// A thread-local without a destructor, whose initial value is a constant expression.
    #[macro_export]
    #[doc(hidden)]
    macro_rules! plain_thread_local {
        ($(#[$m:meta])* $v:vis static $name:ident: $t:ty = $e:expr;) => {
            ::std::thread_local! { $(#[$m])* $v static $name: $t = const { $e }; }
        };
    }
}

#[cfg(smr_loom)]
mod imp {
    pub use core::sync::atomic::Ordering;
    pub use loom::cell::UnsafeCell;
    pub use loom::model;
    pub use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, fence,
    };
    pub use loom::thread::{self, yield_now};
    // Arc and Mutex of the slow paths are not what the models check.
    pub use std::sync::{Arc, Mutex};

    /// One turn of a spin loop: loom must be told that another thread has to run.
    pub fn spin_loop() {
        loom::thread::yield_now();
    }

    /// A cell that only its owner touches; loom checks that this is so.
    #[derive(Debug, Default)]
    pub struct OwnerCell<T>(loom::cell::UnsafeCell<T>);

    impl<T> OwnerCell<T> {
        /// A cell that holds `value`.
        pub fn new(value: T) -> Self {
            Self(loom::cell::UnsafeCell::new(value))
        }

        /// Reads the value.
        ///
        /// # Safety
        /// The caller owns the cell: no other thread writes it during the call.
        pub unsafe fn get(&self) -> T
        where
            T: Copy,
        {
            // SAFETY: the caller excludes concurrent writers, and loom checks it.
            self.0.with(|p| unsafe { *p })
        }

        /// Lends the value.
        ///
        /// # Safety
        /// The caller owns the cell: nothing else touches it during the call.
        pub unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            // SAFETY: the caller excludes every other access, and loom checks it.
            self.0.with_mut(|p| f(unsafe { &mut *p }))
        }

        /// The value, exclusively borrowed.
        pub fn get_mut(&mut self) -> &mut T {
            // SAFETY: the borrow is exclusive.
            self.0.with_mut(|p| unsafe { &mut *p })
        }

        /// Writes the value.
        ///
        /// # Safety
        /// The caller owns the cell: no other thread touches it during the call.
        pub unsafe fn set(&self, value: T) {
            // SAFETY: the caller excludes every other access, and loom checks it.
            self.0.with_mut(|p| unsafe { *p = value });
        }
    }

    /// A `static` that is made anew in every execution of a model.
    #[macro_export]
    #[doc(hidden)]
    macro_rules! shared_static {
        ($(#[$m:meta])* $v:vis static $name:ident: $t:ty = $e:expr;) => {
            ::loom::lazy_static! { $(#[$m])* static ref $name: $t = $e; }
        };
    }

    /// A thread-local that is made anew in every execution of a model.
    #[macro_export]
    #[doc(hidden)]
    macro_rules! plain_thread_local {
        ($(#[$m:meta])* $v:vis static $name:ident: $t:ty = $e:expr;) => {
            ::loom::thread_local! { $(#[$m])* $v static $name: $t = $e; }
        };
    }
}

#[cfg(smr_steps)]
#[allow(missing_docs, reason = "as the standard library's")]
mod stepped;

pub use imp::*;

/// Keeps the compiler from moving memory accesses across this point; no instruction.
#[inline]
pub fn compiler_fence() {
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// Whether this build is a model: sizes shrink, time stands still.
pub const MODEL: bool = cfg!(smr_loom);

/// Nanoseconds since the library was first asked, at least 1. Time is policy here, never order.
#[must_use]
pub fn uptime_nanos() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    if MODEL {
        return 1;
    }
    let since = START.get_or_init(std::time::Instant::now).elapsed();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// `condition`, with the hint that it is rarely true.
#[inline(always)]
pub fn rarely(condition: bool) -> bool {
    #[cold]
    fn cold_path() {}
    if condition {
        cold_path();
    }
    condition
}

/// A place where being interrupted shows bugs: between a load and the use of what it found, say. With
/// `--cfg smr_yield` the thread gives way there now and then; otherwise nothing.
#[inline]
pub fn interruptible() {
    #[cfg(smr_yield)]
    {
        std::thread_local! {
            static TURN: core::cell::Cell<u32> = const { core::cell::Cell::new(0) };
        }
        // Not while thread-locals are being destroyed.
        let turn = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1)));
        if turn.is_ok_and(|turn| turn.wrapping_mul(0x9E37_79B1) >> 27 == 0) {
            std::thread::yield_now();
        }
    }
}

/// Atomics that are the standard library's in every build, for what is no part of a protocol: a choice
/// that the process makes once, a flag that nothing follows from, a test's own state. Loom's would have
/// to be made in every execution of a model, which such state outlives; each access would be one more
/// step to explore, or to be suspended at, and show nothing.
pub mod plain {
    pub use core::sync::atomic::*;
}

/// Atomics of hints: what they hold may be lost or stale without harm, so models leave them out.
pub mod hint {
    pub use super::plain::{AtomicU32, AtomicUsize};
}

/// Statistics counters: never modelled, never ordered, so never loom's.
pub mod counter {
    #[cfg(target_has_atomic = "64")]
    use super::plain::AtomicU64 as Raw;
    #[cfg(not(target_has_atomic = "64"))]
    use super::plain::AtomicUsize as Raw;
    use super::plain::Ordering::Relaxed;

    #[cfg(target_has_atomic = "64")]
    type Width = u64;
    #[cfg(not(target_has_atomic = "64"))]
    type Width = usize;
    /// Where counters are narrow, times are noted in units of about a microsecond, which wrap after an
    /// hour.
    const TIME_SHIFT: u32 = if cfg!(target_has_atomic = "64") {
        0
    } else {
        10
    };

    /// A monotonic event count.
    ///
    /// `bump` is for counters with one writer (a load and a store, no locked instruction), `add`
    /// for shared ones.
    #[derive(Debug, Default)]
    pub struct Counter(Raw);

    #[allow(clippy::unnecessary_cast, reason = "the raw width differs by target")]
    impl Counter {
        /// A counter at zero.
        #[must_use]
        pub const fn new() -> Self {
            Self(Raw::new(0))
        }

        /// Adds `n`; only the counter's single writer may call this.
        #[inline]
        pub fn bump(&self, n: u64) {
            let v = self.0.load(Relaxed);
            self.0.store(v.wrapping_add(n as _), Relaxed);
        }

        /// Adds `n`, from any thread.
        #[inline]
        pub fn add(&self, n: u64) {
            self.0.fetch_add(n as _, Relaxed);
        }

        /// Takes `n` off, from any thread.
        pub fn sub(&self, n: u64) {
            self.0.fetch_sub(n as _, Relaxed);
        }

        /// Adds one, from any thread, and returns the sum.
        pub fn next(&self) -> u64 {
            self.0.fetch_add(1, Relaxed).wrapping_add(1) as u64
        }

        /// Replaces `old` by `new`; false if the value was not `old`.
        pub fn replace(&self, old: u64, new: u64) -> bool {
            self.0
                .compare_exchange(old as _, new as _, Relaxed, Relaxed)
                .is_ok()
        }

        /// Notes a time of `uptime_nanos`.
        pub fn note_time(&self, now: u64) {
            self.0.store((now >> TIME_SHIFT).max(1) as _, Relaxed);
        }

        /// Nanoseconds from the time noted to `now`; without a note, for ever.
        pub fn age(&self, now: u64) -> u64 {
            match self.0.load(Relaxed) {
                0 => u64::MAX,
                noted => (((now >> TIME_SHIFT) as Width).wrapping_sub(noted) as u64) << TIME_SHIFT,
            }
        }

        /// Notes `now` unless somebody else has noted a time since `age` was asked; `age` is its answer.
        pub fn renew(&self, now: u64, age: u64) -> bool {
            let noted = self.0.load(Relaxed);
            self.age(now) == age
                && self
                    .0
                    .compare_exchange(noted, (now >> TIME_SHIFT).max(1) as _, Relaxed, Relaxed)
                    .is_ok()
        }

        /// `a - b`, where both are sums of counters that may have wrapped; 0 if `b` is ahead.
        #[must_use]
        pub fn difference(a: u64, b: u64) -> u64 {
            let difference = (a as Width).wrapping_sub(b as Width);
            if difference > Width::MAX / 2 {
                0
            } else {
                difference as u64
            }
        }

        /// Sets the value; for notes that lose nothing by a race.
        pub fn set(&self, value: u64) {
            self.0.store(value as _, Relaxed);
        }

        /// The present value.
        #[inline]
        pub fn get(&self) -> u64 {
            self.0.load(Relaxed) as u64
        }
    }
}

/// Makes a function `const` where the atomics allow it: loom's cannot be made in constants.
#[cfg(not(smr_loom))]
macro_rules! const_fn {
    ($(#[$m:meta])* $v:vis fn $name:ident($($a:tt)*) -> $r:ty $b:block) => {
        $(#[$m])* $v const fn $name($($a)*) -> $r $b
    };
}
#[cfg(smr_loom)]
macro_rules! const_fn {
    ($(#[$m:meta])* $v:vis fn $name:ident($($a:tt)*) -> $r:ty $b:block) => {
        $(#[$m])* $v fn $name($($a)*) -> $r $b
    };
}
pub(crate) use const_fn;
