//! A thread is suspended at every step of an operation, and the others get on: lock-freedom by force.
//! Only with `--cfg smr_steps`, which numbers the accesses to shared memory (`smr_core::primitive`).

use std::time::{Duration, Instant};

use smr_core::primitive::steps::{Gate, suspended};

use super::spec::Call;
use super::subject::{Session, Subject};
use super::workload::{Mix, Workload};

/// How long the others may take. They need milliseconds.
const LONG: Duration = Duration::from_secs(30);

/// For every step of `calls`, done by one thread one after the other on what `prepare` has put in: while
/// it is suspended there, others do `work` random operations each on the first `keys` keys. Returns how
/// many steps there were.
///
/// # Panics
/// If the others do not finish, or the subject is not in order afterwards.
pub fn others_get_on<S: Subject>(prepare: &[Call], calls: &[Call], keys: u64, work: usize) -> u64 {
    let act = |subject: &S| {
        let mut session = subject.session();
        for &call in calls {
            session.apply(call);
        }
    };
    others_get_on_beside(prepare, &format!("{calls:?}"), act, keys, work)
}

/// The same for whatever a thread may do with the subject, `what` for messages.
///
/// # Panics
/// As above.
pub fn others_get_on_beside<S: Subject>(
    prepare: &[Call],
    what: &str,
    act: impl Fn(&S) + Sync,
    keys: u64,
    work: usize,
) -> u64 {
    for at in 0.. {
        let mut subject = S::new();
        let mut session = subject.session();
        for &call in prepare {
            session.apply(call);
        }
        drop(session);
        let parked = with_one_suspended(
            at,
            || act(&subject),
            || {
                std::thread::scope(|s| {
                    for t in 0..2 {
                        let subject = &subject;
                        s.spawn(move || {
                            let start = Instant::now();
                            let mut session = subject.session();
                            for call in Workload::new(at * 2 + t, Mix::CHURN, keys).take(work) {
                                session.apply(call);
                                if start.elapsed() > LONG {
                                    eprintln!("{}: stopped at step {at} of {what}", S::NAME);
                                    std::process::abort();
                                }
                            }
                        });
                    }
                });
            },
        );
        subject.check();
        if !parked {
            return at;
        }
    }
    unreachable!("an operation has an end")
}

/// Runs `meanwhile` while a thread that acts is suspended at its step `at`; false if it has no such step.
fn with_one_suspended(at: u64, act: impl FnOnce() + Send, meanwhile: impl FnOnce()) -> bool {
    let gate = Gate::default();
    std::thread::scope(|s| {
        s.spawn(|| suspended(&gate, at, act));
        let parked = gate.wait_for_thread();
        if parked {
            meanwhile();
        }
        gate.release();
        parked
    })
}
