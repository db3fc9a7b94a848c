//! Keys and values that count themselves, lie, and panic.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// How many items were made and dropped.
#[derive(Clone, Default, Debug)]
pub struct Tally(Arc<Counts>);

#[derive(Default, Debug)]
struct Counts {
    made: AtomicUsize,
    dropped: AtomicUsize,
}

impl Tally {
    /// An item that counts.
    #[must_use]
    pub fn item(&self, number: u64) -> Counted {
        self.0.made.fetch_add(1, Relaxed);
        Counted {
            number,
            canary: AtomicU64::new(LIVE),
            tally: self.clone(),
        }
    }

    /// Items made so far.
    #[must_use]
    pub fn made(&self) -> usize {
        self.0.made.load(Relaxed)
    }

    /// Items that have not been dropped.
    #[must_use]
    pub fn alive(&self) -> usize {
        let dropped = self.0.dropped.load(Relaxed);
        self.made() - dropped
    }
}

const LIVE: u64 = 0x600D_600D_600D_600D;
const DEAD: u64 = 0xDEAD_DEAD_DEAD_DEAD;

/// A key whose drop panics once after it has been armed: all copies of one together.
#[derive(Clone, Default, Debug)]
pub struct Fuse(Arc<AtomicBool>);

impl Fuse {
    /// The next drop of a copy panics.
    pub fn arm(&self) {
        self.0.store(true, Relaxed);
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        if self.0.swap(false, Relaxed) {
            std::panic::panic_any("on purpose");
        }
    }
}

impl Hash for Fuse {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialEq for Fuse {
    fn eq(&self, _: &Fuse) -> bool {
        true
    }
}

impl Eq for Fuse {}

impl PartialOrd for Fuse {
    fn partial_cmp(&self, other: &Fuse) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fuse {
    fn cmp(&self, _: &Fuse) -> Ordering {
        Ordering::Equal
    }
}

/// A number that counts its drop, and ends the process if it is used after that.
#[derive(Debug)]
pub struct Counted {
    number: u64,
    canary: AtomicU64,
    tally: Tally,
}

impl Counted {
    /// The number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.check();
        self.number
    }

    fn check(&self) {
        if self.canary.load(Relaxed) != LIVE {
            // A panic could be swallowed on the way.
            eprintln!("a dead item was used");
            std::process::abort();
        }
    }
}

/// Values that are numbers.
pub trait Value: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// Whether a tally counts them.
    const COUNTS: bool;

    /// A number's.
    fn of(number: u64, tally: &Tally) -> Self;

    /// The number.
    fn number(&self) -> u64;
}

impl Value for Counted {
    const COUNTS: bool = true;

    fn of(number: u64, tally: &Tally) -> Counted {
        tally.item(number)
    }

    fn number(&self) -> u64 {
        Counted::number(self)
    }
}

impl Value for u64 {
    const COUNTS: bool = false;

    fn of(number: u64, _: &Tally) -> u64 {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        self.tally.item(self.number())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.check();
        self.canary.store(DEAD, Relaxed);
        self.tally.0.dropped.fetch_add(1, Relaxed);
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for Counted {}

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().cmp(&other.number())
    }
}

/// What a hostile key does when it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malice {
    /// Nothing bad.
    None,
    /// Its hash is another each time.
    FickleHash,
    /// All hashes are the same.
    SameHash,
    /// It equals, and is neither less nor greater than, what it feels like.
    FickleEq,
    /// Every n-th question panics.
    Panics(u64),
}

/// A key that lies, or panics.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// The number that an honest key would be.
    pub number: u64,
    malice: Malice,
    asked: Arc<AtomicU64>,
}

impl Hostile {
    /// Keys of one family share `asked`, which counts the questions.
    #[must_use]
    pub fn new(number: u64, malice: Malice, asked: &Arc<AtomicU64>) -> Hostile {
        Hostile {
            number,
            malice,
            asked: Arc::clone(asked),
        }
    }

    /// A number that is another for every question.
    fn whim(&self) -> u64 {
        let asked = self.asked.fetch_add(1, Relaxed);
        if let Malice::Panics(every) = self.malice
            && asked % every == every - 1
        {
            panic!("a key, on purpose");
        }
        asked.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
    }
}

impl Hash for Hostile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let whim = self.whim();
        match self.malice {
            Malice::FickleHash => whim.hash(state),
            Malice::SameHash => 0.hash(state),
            _ => self.number.hash(state),
        }
    }
}

impl PartialEq for Hostile {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Hostile {}

impl PartialOrd for Hostile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hostile {
    fn cmp(&self, other: &Self) -> Ordering {
        let whim = self.whim();
        match self.malice {
            Malice::FickleEq => {
                [Ordering::Less, Ordering::Equal, Ordering::Greater][whim as usize % 3]
            }
            _ => self.number.cmp(&other.number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn items_are_counted() {
        let tally = Tally::default();
        let one = tally.item(1);
        let two = one.clone();
        assert!(one == two && one.number() == 1);
        assert_eq!((tally.made(), tally.alive()), (2, 2));
        drop(one);
        assert_eq!((tally.made(), tally.alive()), (2, 1));
    }

    #[test]
    fn hostile_keys_are_hostile() {
        let asked = Arc::default();
        let key = |n, malice| Hostile::new(n, malice, &asked);
        assert!(key(1, Malice::None) == key(1, Malice::None));
        assert!(key(1, Malice::None) < key(2, Malice::None));
        let fickle = key(1, Malice::FickleEq);
        let answers: Vec<_> = (0..50).map(|_| fickle == fickle).collect();
        assert!(answers.contains(&true) && answers.contains(&false));
        let bomb = key(1, Malice::Panics(3));
        let panics = (0..30).filter(|_| catch_unwind(|| bomb == bomb).is_err());
        assert_eq!(panics.count(), 10);
    }
}
