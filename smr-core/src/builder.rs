//! The options of a domain.

use crate::domain::{Barrier, Core, Mode};
use crate::smr::Smr;

/// Options of a new domain.
///
/// ```
/// use smr_core::{Barrier, Mode, Smr};
///
/// let smr = Smr::builder()
///     .name("sessions")
///     .mode(Mode::Deferred { every: 8 })
///     .barrier(Barrier::Fence)
///     .build();
/// assert_eq!(smr.name(), "sessions");
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder builds nothing until `build`"]
pub struct Builder {
    name: Option<String>,
    mode: Mode,
    barrier: Barrier,
}

impl Builder {
    /// A name for reports.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// When the write sequence moves.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Which barrier readers rely on.
    pub fn barrier(mut self, barrier: Barrier) -> Self {
        self.barrier = barrier;
        self
    }

    /// The domain.
    ///
    /// # Panics
    /// If the mode is [`Mode::Deferred`] with `every` 0.
    #[must_use]
    pub fn build(self) -> Smr {
        assert!(
            self.mode != Mode::Deferred { every: 0 },
            "a deferred domain advances every n-th time, n at least 1"
        );
        let name = self.name.map(String::into_boxed_str);
        Smr::private(Core::private(name, self.mode, self.barrier))
    }
}
