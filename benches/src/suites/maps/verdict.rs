//! Whether a map's answers were right, of which every measurement makes sure.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::subjects::points::{Key, Points};
use crate::suite::Reading;

/// What is known of one measurement's answers.
pub(in crate::suites) struct Verdict {
    subject: &'static str,
    reliable: bool,
    wrong: AtomicBool,
}

impl Verdict {
    /// None was wrong so far.
    pub(in crate::suites) fn new<K: Key, M: Points<K>>() -> Verdict {
        Verdict {
            subject: M::NAME,
            reliable: M::RELIABLE,
            wrong: AtomicBool::new(false),
        }
    }

    /// Takes note of an answer about a key, or a key of that number.
    ///
    /// # Panics
    /// If it is wrong, unless the map is known for such answers.
    #[inline]
    pub(in crate::suites) fn check(&self, right: bool, key: u64) {
        if !right {
            self.note_wrong(key);
        }
    }

    #[cold]
    fn note_wrong(&self, key: u64) {
        let subject = self.subject;
        assert!(!self.reliable, "{subject} answers wrong for {key:#x}");
        self.wrong.store(true, Ordering::Relaxed);
    }

    /// The readings, or as many of no figure if an answer was wrong.
    pub(in crate::suites) fn on(&self, mut readings: Vec<Reading>) -> Vec<Reading> {
        if self.wrong.load(Ordering::Relaxed) {
            readings.iter_mut().for_each(|r| r.value = f64::NAN);
        }
        readings
    }
}

/// How many operations of a thread succeeded, where half of them should: a mixture that fails most
/// often measures something else.
pub(in crate::suites) struct Half {
    subject: &'static str,
    tries: u64,
    done: u64,
}

impl Half {
    /// None so far.
    pub(in crate::suites) fn new(subject: &'static str) -> Half {
        Half {
            subject,
            tries: 0,
            done: 0,
        }
    }

    /// Takes note of one.
    #[inline]
    pub(in crate::suites) fn note(&mut self, done: bool) {
        self.tries += 1;
        self.done += u64::from(done);
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let percent = self.done * 100 / self.tries.max(1);
        let few = self.tries < 100_000;
        assert!(
            few || (40..60).contains(&percent),
            "{}: {percent} % succeeded",
            self.subject
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subjects::maps::{Dashmap, Leapfrog};

    #[test]
    fn a_wrong_answer_voids_the_readings() {
        let verdict = Verdict::new::<u64, Leapfrog<u64>>();
        verdict.check(true, 1);
        assert!(verdict.on(Reading::ns(1.0))[0].value.is_finite());
        verdict.check(false, 1);
        assert!(verdict.on(Reading::ns(1.0))[0].value.is_nan());
    }

    #[test]
    #[should_panic(expected = "dashmap answers wrong")]
    fn a_wrong_answer_of_a_reliable_map_ends_the_run() {
        Verdict::new::<u64, Dashmap<u64>>().check(false, 1);
    }

    #[test]
    #[should_panic(expected = "1 % succeeded")]
    fn a_mixture_that_fails_ends_the_run() {
        let mut half = Half::new("a map");
        (0..200_000).for_each(|i| half.note(i % 100 == 0));
    }
}
