//! Maps against the oracle. The first byte chooses the map; then every operation has two bytes: what it
//! is, and its key. Values count up, so that a stale one is noticed.

use structures::testing::maps::Inline;
use structures::testing::spec::Oracle;
use structures::testing::{Call, Op, Session, Subject};

/// Runs a program.
///
/// # Errors
/// What went wrong, for a person to read.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    let Some((&choice, program)) = bytes.split_first() else {
        return Ok(());
    };
    match choice % 4 {
        0 => replay::<Inline<0>>(program),
        1 => replay::<Inline<1>>(program),
        2 => replay::<Inline<3>>(program),
        _ => replay::<Inline<64>>(program),
    }
}

/// Replays a program on a subject, and on the oracle.
fn replay<S: Subject>(program: &[u8]) -> Result<(), String> {
    let mut subject = S::new();
    let mut oracle = Oracle::default();
    for (n, turn) in (1..).zip(program.chunks_exact(2)) {
        let &[what, key] = turn else { unreachable!() };
        let key = u64::from(key);
        let call = |op| Call { key, op };
        let calls = match what % 16 {
            0 => vec![call(Op::Get)],
            1..=4 => vec![call(Op::Insert(n))],
            5 => vec![call(Op::TryInsert(n))],
            6 | 7 => vec![call(Op::Update(n))],
            8 => vec![call(Op::Upsert(n))],
            9..=11 => vec![call(Op::Remove)],
            12 => vec![call(Op::RemoveIfEven)],
            // A run of keys, to fill the table and to empty it.
            13 => run_of(key, Op::Insert(n)),
            14 => run_of(key, Op::Remove),
            _ => {
                agree(&mut subject, &oracle).map_err(|e| format!("turn {n}: {e}"))?;
                Vec::new()
            }
        };
        let mut session = subject.session();
        for call in calls {
            let (found, expected) = (session.apply(call), oracle.apply(call));
            if found != expected {
                let name = S::NAME;
                return Err(format!(
                    "{name}, turn {n}, {call:?}: {found:?}, not {expected:?}"
                ));
            }
        }
    }
    agree(&mut subject, &oracle)
}

/// The same operation on many keys.
fn run_of(key: u64, op: Op) -> Vec<Call> {
    (0..40)
        .map(|i| Call {
            key: key * 7 + i,
            op,
        })
        .collect()
}

/// Both hold the same, and the subject's invariants hold.
fn agree<S: Subject>(subject: &mut S, oracle: &Oracle) -> Result<(), String> {
    let mut found = subject.entries();
    found.sort_unstable();
    let expected: Vec<_> = oracle.entries().iter().map(|(&k, &v)| (k, v)).collect();
    if found != expected {
        return Err(format!("{}: {found:?}, not {expected:?}", S::NAME));
    }
    if subject.count() != expected.len() {
        return Err(format!("{}: {} counted", S::NAME, subject.count()));
    }
    subject.check();
    Ok(())
}
