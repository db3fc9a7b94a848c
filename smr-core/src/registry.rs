//! The records of one domain: those of threads, indexed by thread number, and those of `Reader`s.
//!
//! Ownership of an index moves by Release/Acquire: a thread's number through `threads`, a reader's
//! through the bit in `occupied`. The bit also tells scans where to look. It is set before the new
//! owner's first E3 and read after P3, so a scan either sees it or precedes the section, which then
//! sees the unlink; it is cleared with Release after the last section (X), which a scan that reads
//! it (Acquire) thereby synchronizes with.

use crate::chunks::{Chunks, MAX_LEN, OutOfMemory, Place};
use crate::domain::Core;
use crate::primitive::AtomicUsize;
use crate::primitive::Ordering::{Acquire, Relaxed, Release};
use crate::record::Record;
use crate::step::{Step, order};

const BITS: usize = usize::BITS as usize;

/// One kind of records of a domain.
#[derive(Debug)]
pub(crate) struct Registry {
    records: Chunks<Record>,
    occupied: Chunks<AtomicUsize>,
    of_threads: bool,
}

impl Registry {
    crate::primitive::const_fn! {
        pub(crate) fn new(of_threads: bool) -> Self {
            Self {
                records: Chunks::new(),
                occupied: Chunks::new(),
                of_threads,
            }
        }
    }

    /// The record at `place`, if it has been made.
    #[inline]
    pub(crate) fn get(&self, place: Place) -> Option<&Record> {
        self.records.get(place)
    }

    /// The vacant record of the calling thread's number, made if need be, and its bit set.
    pub(crate) fn occupy(&self, core: &Core, place: Place) -> Result<&Record, OutOfMemory> {
        let index = place.index();
        let word = self.word(index)?;
        let record = self.make(core, place)?;
        debug_assert!(record.is_vacant());
        // Relaxed: the number came with Acquire (`threads::Numbers::claim`), and what must not be
        // missed is ordered by E3 and P3. An RMW, so it continues the release sequence of `release`.
        word.fetch_or(1 << (index % BITS), Relaxed);
        Ok(record)
    }

    /// A vacant record for a `Reader`: the lowest free index, its bit set.
    pub(crate) fn claim_any(&self, core: &Core) -> Result<&Record, OutOfMemory> {
        let mut index = 0;
        while index < MAX_LEN {
            let word = self.word(index)?;
            let free = word.load(Relaxed).trailing_ones() as usize;
            if free == BITS {
                index += BITS;
                continue;
            }
            let record = self.make(core, Place::of(index + free))?;
            // Acquire: pairs with the Release of the last owner's `release`.
            if word.fetch_or(1 << free, order(Step::ReaderClaim, Acquire)) & (1 << free) == 0 {
                return Ok(record);
            }
        }
        Err(OutOfMemory)
    }

    /// Gives an idle record back.
    pub(crate) fn release(&self, record: &Record) {
        let index = record.index as usize;
        record.vacate();
        let word = self
            .occupied
            .get(Place::of(index / BITS))
            .expect("the word was made when the record was claimed");
        // Release: the last section's accesses happen before the bit is seen clear.
        word.fetch_and(!(1 << (index % BITS)), order(Step::OccupancyClear, Release));
    }

    fn word(&self, index: usize) -> Result<&AtomicUsize, OutOfMemory> {
        self.occupied
            .get_or_make(Place::of(index / BITS), |_| AtomicUsize::new(0))
    }

    /// The record at `place`, made if need be, but neither claimed nor looked at by scans.
    pub(crate) fn make(&self, core: &Core, place: Place) -> Result<&Record, OutOfMemory> {
        let fenced = core.readers_fence();
        self.records
            .get_or_make(place, |i| Record::new(core, i, self.of_threads, fenced))
    }

    /// Calls `visit` for every occupied record. The words and the chunk pointers are loaded here, so
    /// a scan calls this after P3.
    #[inline]
    pub(crate) fn for_each<'r>(&'r self, mut visit: impl FnMut(&'r Record)) {
        for (w, word) in self.occupied.iter() {
            // Acquire: pairs with the Release of `release`.
            let mut bits = word.load(order(Step::OccupancyRead, Acquire));
            if bits == 0 {
                continue;
            }
            // A word's records lie in one chunk, save those of the first word.
            let run = if w == 0 {
                &[][..]
            } else {
                self.records.run_at(w * BITS)
            };
            while bits != 0 {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                match run.get(bit) {
                    Some(record) => visit(record),
                    // A claimed index whose record is still being made has no section yet.
                    None => {
                        if let Some(record) = self.records.get(Place::of(w * BITS + bit)) {
                            visit(record);
                        }
                    }
                }
            }
        }
    }

    /// How many records are occupied. A count for reports.
    pub(crate) fn len(&self) -> usize {
        self.occupied
            .iter()
            .map(|(_, w)| w.load(Relaxed).count_ones() as usize)
            .sum()
    }

    /// Every record made, occupied or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().map(|(_, r)| r)
    }
}

/// A set of small numbers, claimed lowest first.
#[derive(Debug)]
pub(crate) struct Numbers<const WORDS: usize> {
    words: [AtomicUsize; WORDS],
}

impl<const WORDS: usize> Numbers<WORDS> {
    #[cfg(not(smr_loom))]
    pub(crate) const fn new() -> Self {
        Self {
            words: [const { AtomicUsize::new(0) }; WORDS],
        }
    }

    #[cfg(smr_loom)]
    pub(crate) fn new() -> Self {
        Self {
            words: core::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// Claims the lowest free number. Acquire: what its last owner did happens before.
    pub(crate) fn claim(&self) -> Option<usize> {
        for (w, word) in self.words.iter().enumerate() {
            loop {
                let free = word.load(Relaxed).trailing_ones() as usize;
                if free == BITS {
                    break;
                }
                if word.fetch_or(1 << free, order(Step::NumberClaim, Acquire)) & (1 << free) == 0 {
                    return Some(w * BITS + free);
                }
            }
        }
        None
    }

    /// Gives a number back. Release: what its owner did happens before the next claim returns.
    pub(crate) fn release(&self, number: usize) {
        let bit = 1 << (number % BITS);
        let before = self.words[number / BITS].fetch_and(!bit, order(Step::NumberRelease, Release));
        debug_assert!(before & bit != 0, "number {number} was not claimed");
    }

    /// Whether `number` is claimed at present.
    pub(crate) fn is_claimed(&self, number: usize) -> bool {
        // Acquire: pairs with the Release of `release` (what a dead thread left is seen), and of `absorb`.
        self.words[number / BITS].load(Acquire) & (1 << (number % BITS)) != 0
    }

    /// Adds the numbers of `other`, save `except`. For the child of a fork, which is alone.
    #[cfg(all(unix, not(smr_loom)))]
    pub(crate) fn absorb(&self, other: &Numbers<WORDS>, except: Option<usize>) {
        for (w, (mine, theirs)) in self.words.iter().zip(&other.words).enumerate() {
            let kept = match except {
                Some(n) if n / BITS == w => !(1 << (n % BITS)),
                _ => !0,
            };
            mine.fetch_or(theirs.load(Relaxed) & kept, Release); // to the Acquire of `is_claimed`
        }
    }
}
