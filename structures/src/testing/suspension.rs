//! A thread is suspended at every step of an operation, and the others get on: lock-freedom by force.
//! Only with `--cfg smr_steps`, which numbers the accesses to shared memory (`smr_core::primitive`).

use std::sync::mpsc;
use std::time::Duration;

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
    let prepare = |subject: &S| {
        let mut session = subject.session();
        for &call in prepare {
            session.apply(call);
        }
    };
    let others = |subject: &S, seed| {
        let mut session = subject.session();
        for call in Workload::new(seed, Mix::CHURN, keys).take(work) {
            session.apply(call);
        }
    };
    others_do_beside(prepare, what, act, others)
}

/// The same, whatever the two others do, which are given a number that is another one each time.
///
/// # Panics
/// As above.
pub fn others_do_beside<S: Subject>(
    prepare: impl Fn(&S),
    what: &str,
    act: impl Fn(&S) + Sync,
    others: impl Fn(&S, u64) + Sync,
) -> u64 {
    for at in 0.. {
        let mut subject = S::new();
        prepare(&subject);
        let parked = with_one_suspended(
            at,
            || act(&subject),
            || {
                std::thread::scope(|s| {
                    let (done, wait) = mpsc::channel();
                    for t in 0..2 {
                        let (subject, others, done) = (&subject, &others, done.clone());
                        s.spawn(move || {
                            others(subject, at * 2 + t);
                            done.send(()).expect("it is waited for");
                        });
                    }
                    drop(done);
                    for _ in 0..2 {
                        if wait.recv_timeout(LONG) == Err(mpsc::RecvTimeoutError::Timeout) {
                            eprintln!("{}: stopped at step {at} of {what}", S::NAME);
                            std::process::abort();
                        }
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

/// Two threads, each suspended once, at every pair of steps: the first stops at its step, the second runs up to
/// its own, the first goes on to its end, then the second does. Whatever three switches between two threads can
/// bring about, without weak memory. Of every step's pairs only each `stride`-th is tried, other ones at
/// other steps. Returns how many there were.
///
/// # Panics
/// If the subject is not in order afterwards, or `first` or `second` panic: they check their answers.
pub fn pairs<S: Subject>(
    stride: u64,
    prepare: impl Fn(&S),
    first: impl Fn(&S) + Sync,
    second: impl Fn(&S) + Sync,
) -> u64 {
    let mut count = 0;
    for i in 0.. {
        for j in (i % stride..).step_by(stride as usize) {
            let mut subject = S::new();
            prepare(&subject);
            let gates = [Gate::default(), Gate::default()];
            let parked = std::thread::scope(|s| {
                let subject = &subject;
                let [one, other] = &gates;
                let a = s.spawn(|| suspended(one, i, || first(subject)));
                let parked = one.wait_for_thread();
                let b = s.spawn(|| suspended(other, j, || second(subject)));
                let other_parked = other.wait_for_thread();
                one.release();
                let done = a.join();
                other.release();
                let other_done = b.join();
                assert!(done.is_ok() && other_done.is_ok(), "steps {i} and {j}");
                [parked, other_parked]
            });
            subject.check();
            count += 1;
            match parked {
                [false, _] => return count,
                [true, false] => break,
                [true, true] => {}
            }
        }
    }
    unreachable!("an operation has an end")
}
