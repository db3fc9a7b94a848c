//! Atomics whose every access is a numbered step of its thread, at which a test can suspend it.
//!
//! For proofs of lock-freedom by force (`--cfg smr_steps`): a thread is suspended at its n-th step, for
//! every n, and the others must get their work done. See [`steps`].

pub use super::plain::Ordering;

use super::plain;

/// A fence is a step.
pub fn fence(order: Ordering) {
    steps::step();
    plain::fence(order);
}

macro_rules! common {
    ($([$($g:tt)*])? $name:ident, $plain:ty, $value:ty) => {
        impl$(<$($g)*>)? $name$(<$($g)*>)? {
            pub const fn new(value: $value) -> Self {
                Self(<$plain>::new(value))
            }

            pub fn load(&self, order: Ordering) -> $value {
                steps::step();
                self.0.load(order)
            }

            pub fn store(&self, value: $value, order: Ordering) {
                steps::step();
                self.0.store(value, order);
            }

            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                steps::step();
                self.0.swap(value, order)
            }

            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                steps::step();
                self.0.compare_exchange(current, new, success, failure)
            }

            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                steps::step();
                self.0.compare_exchange_weak(current, new, success, failure)
            }

            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }
        }
    };
}

macro_rules! integer {
    ($($name:ident: $value:ty),* $(,)?) => {$(
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name(plain::$name);

        common!($name, plain::$name, $value);

        impl $name {
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                steps::step();
                self.0.fetch_add(value, order)
            }

            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                steps::step();
                self.0.fetch_sub(value, order)
            }

            pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                steps::step();
                self.0.fetch_or(value, order)
            }

            pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                steps::step();
                self.0.fetch_and(value, order)
            }

            pub fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                steps::step();
                self.0.fetch_max(value, order)
            }
        }
    )*};
}

integer!(AtomicU8: u8, AtomicU16: u16, AtomicU32: u32, AtomicUsize: usize);
#[cfg(target_has_atomic = "64")]
integer!(AtomicU64: u64);

#[derive(Debug, Default)]
#[repr(transparent)]
pub struct AtomicBool(plain::AtomicBool);

common!(AtomicBool, plain::AtomicBool, bool);

#[derive(Debug)]
#[repr(transparent)]
pub struct AtomicPtr<T>(plain::AtomicPtr<T>);

common!([T] AtomicPtr, plain::AtomicPtr<T>, *mut T);

impl<T> Default for AtomicPtr<T> {
    fn default() -> Self {
        Self::new(core::ptr::null_mut())
    }
}

/// Suspending a thread at one of its steps.
pub mod steps {
    use std::cell::Cell;
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::Duration;

    /// Where a suspended thread stands.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum State {
        /// It has not come to its step yet.
        Running,
        /// It is suspended there.
        Parked,
        /// It may go on.
        Released,
        /// It has ended what it was to do, before or after its step.
        Done,
    }

    /// A gate at which one thread is suspended.
    #[derive(Debug)]
    pub struct Gate {
        state: Mutex<State>,
        changed: Condvar,
    }

    impl Default for Gate {
        fn default() -> Self {
            Gate {
                state: Mutex::new(State::Running),
                changed: Condvar::new(),
            }
        }
    }

    impl Gate {
        fn set(&self, to: State) {
            *self.state.lock().unwrap_or_else(PoisonError::into_inner) = to;
            self.changed.notify_all();
        }

        fn wait(&self, until: impl Fn(State) -> bool) -> State {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            while !until(*state) {
                let waited = self.changed.wait_timeout(state, Duration::from_secs(60));
                let (now, time) = waited.unwrap_or_else(PoisonError::into_inner);
                assert!(!time.timed_out(), "nothing comes of the gate: {now:?}");
                state = now;
            }
            *state
        }

        /// Waits until the thread is suspended or done; whether it is suspended.
        pub fn wait_for_thread(&self) -> bool {
            self.wait(|s| matches!(s, State::Parked | State::Done)) == State::Parked
        }

        /// Lets the thread go on.
        pub fn release(&self) {
            self.set(State::Released);
        }
    }

    struct Plan {
        gate: *const Gate,
        at: u64,
    }

    thread_local! {
        static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
        static TAKEN: Cell<u64> = const { Cell::new(0) };
    }

    /// Runs `f`, and suspends the calling thread before step `at` (from 0) of it, until `gate` is
    /// released. Returns how many steps there were.
    pub fn suspended(gate: &Gate, at: u64, f: impl FnOnce()) -> u64 {
        PLAN.set(Some(Plan { gate, at }));
        TAKEN.set(0);
        f();
        PLAN.set(None);
        gate.set(State::Done);
        TAKEN.get()
    }

    pub(super) fn step() {
        // Not while thread-locals are being destroyed.
        let _ = TAKEN.try_with(|taken| {
            let n = taken.get();
            taken.set(n + 1);
            let Ok(Some(plan)) = PLAN.try_with(Cell::take) else {
                return;
            };
            if n == plan.at {
                // SAFETY: `suspended`, in which we are, borrows the gate.
                let gate = unsafe { &*plan.gate };
                gate.set(State::Parked);
                gate.wait(|s| s == State::Released);
            } else {
                PLAN.set(Some(plan));
            }
        });
    }
}
