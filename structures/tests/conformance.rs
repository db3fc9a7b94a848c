//! The shared tests, tried on maps behind a lock: a right one, and wrong ones that must be caught.

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::Mutex;

use structures::testing::{Call, Mix, Op, Session, Subject, conformance};

/// A map of std's behind a lock, with `FAULT`.
struct Locked<const FAULT: u8>(Mutex<HashMap<u64, u64>>);

const RIGHT: u8 = 0;
/// Updates read and write in two steps.
const LOSES_UPDATES: u8 = 1;
/// Now and then an inserted key is not there.
const LOSES_KEYS: u8 = 2;
/// Lookups may answer what was there a moment ago.
const STALE_READS: u8 = 3;

struct InUse<'s, const FAULT: u8> {
    map: &'s Locked<FAULT>,
    last: HashMap<u64, Option<u64>>,
}

impl<const FAULT: u8> Subject for Locked<FAULT> {
    const NAME: &'static str = "a locked map";

    type Session<'s> = InUse<'s, FAULT>;

    fn new() -> Self {
        Locked(Mutex::default())
    }

    fn session(&self) -> InUse<'_, FAULT> {
        let last = HashMap::new();
        InUse { map: self, last }
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn entries(&self) -> Vec<(u64, u64)> {
        let map = self.0.lock().unwrap();
        map.iter().map(|(&k, &v)| (k, v)).collect()
    }

    fn check(&mut self) {}
}

impl<const FAULT: u8> InUse<'_, FAULT> {
    fn store(&self, key: u64, value: Option<u64>) {
        let mut map = self.map.0.lock().unwrap();
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}

impl<const FAULT: u8> Session for InUse<'_, FAULT> {
    fn apply(&mut self, Call { key, op }: Call) -> Option<u64> {
        let map = self.map.0.lock().unwrap();
        let found = map.get(&key).copied();
        let (after, answer) = op.apply(found);
        if FAULT == LOSES_UPDATES {
            drop(map);
            std::thread::yield_now();
            self.store(key, after);
            return answer;
        }
        drop(map);
        match (FAULT, op) {
            (STALE_READS, Op::Get) => return self.last.insert(key, found).unwrap_or(found),
            (LOSES_KEYS, Op::Insert(value)) if value % 50 == 0 => self.store(key, None),
            _ => {
                let mut map = self.map.0.lock().unwrap();
                // Somebody may have been faster since we looked.
                let (after, answer) = op.apply(map.get(&key).copied());
                match after {
                    Some(value) => map.insert(key, value),
                    None => map.remove(&key),
                };
                return answer;
            }
        }
        answer
    }
}

#[test]
fn a_right_map_passes() {
    conformance::agrees_with_the_oracle::<Locked<RIGHT>>(1, Mix::EVEN, 20, 5_000);
    conformance::threads_with_their_own_keys_agree::<Locked<RIGHT>>(1, 3, 10, 2_000);
    conformance::histories_are_linearizable::<Locked<RIGHT>>(1, 3, 3, 200);
}

#[test]
fn a_lost_key_is_noticed() {
    let wrong =
        || conformance::agrees_with_the_oracle::<Locked<LOSES_KEYS>>(1, Mix::EVEN, 20, 5_000);
    assert!(catch_unwind(wrong).is_err());
}

#[test]
fn a_lost_update_is_noticed() {
    // One thread alone sees nothing of it.
    conformance::agrees_with_the_oracle::<Locked<LOSES_UPDATES>>(1, Mix::EVEN, 20, 1_000);
    let wrong = || conformance::histories_are_linearizable::<Locked<LOSES_UPDATES>>(1, 3, 2, 2_000);
    assert!(catch_unwind(wrong).is_err());
}

#[test]
fn a_stale_read_is_noticed() {
    let wrong = || conformance::histories_are_linearizable::<Locked<STALE_READS>>(1, 3, 2, 200);
    assert!(catch_unwind(wrong).is_err());
}
