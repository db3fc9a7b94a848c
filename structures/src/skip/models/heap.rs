//! Memory that is reclaimed as quickly as may be: what is retired is gone when the sections are that were
//! open then, and what is made next has its address. What only keeps books is hidden from loom, and orders
//! nothing.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::sync::{AtomicUsize, Ordering, Witness};

/// Where a piece is. Not 0.
pub(super) type Address = usize;

pub(super) struct Rev {
    /// Keys, and entries or chunks.
    pub(super) items: Vec<(u8, Address)>,
    /// The next chunk, and its low; 0 if there is none.
    pub(super) next: (Address, u8),
}

pub(super) struct Chunk {
    pub(super) level: usize,
    /// 0: that of a head, which is below all keys.
    pub(super) low: u8,
    /// The entry whose key is the low; 0 in a head.
    pub(super) separator: Address,
    /// Whether the separator's uses have this one.
    pub(super) is_counted: bool,
    /// A revision, and 1 if it is frozen.
    pub(super) rev: AtomicUsize,
    pub(super) links: AtomicUsize,
}

pub(super) struct Entry {
    pub(super) key: u8,
    pub(super) value: u32,
    /// One as long as it is in the map or its value waits, and one for each chunk whose low its key is.
    pub(super) uses: AtomicUsize,
}

pub(super) enum Piece {
    Rev(Rev),
    Chunk(Chunk),
    Entry(Entry),
    /// An entry's value, which goes before the key.
    Value(Address),
}

struct Slot {
    piece: Piece,
    written: Witness,
}

pub(super) struct Heap {
    books: Mutex<Books>,
    /// What a section's opening acquires from what has been retired before: reclamation sees to that.
    clock: AtomicUsize,
    /// Whether revisions are reclaimed no earlier than the map. Then they give no thread a view of what
    /// others have done: they would have no number yet.
    keeps_revisions: bool,
}

#[derive(Default)]
struct Books {
    slots: Vec<Option<Arc<Slot>>>,
    free: Vec<Address>,
    open: BTreeSet<usize>,
    opened: usize,
    /// Pieces, and the sections that were open when they were retired, and are.
    retired: Vec<(Address, BTreeSet<usize>)>,
    kept: Vec<Address>,
}

/// An open section.
pub(super) struct Pin<'h>(&'h Heap, usize);

impl Heap {
    pub(super) fn new(keeps_revisions: bool) -> Heap {
        Heap {
            books: Mutex::default(),
            clock: AtomicUsize::new(0),
            keeps_revisions,
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pin(&self) -> Pin<'_> {
        self.clock.fetch_add(0, Ordering::Acquire);
        let mut books = self.books();
        books.opened += 1;
        let number = books.opened;
        books.open.insert(number);
        Pin(self, number)
    }

    pub(super) fn alloc(&self, piece: Piece) -> Address {
        let written = Witness::new();
        let slot = Some(Arc::new(Slot { piece, written }));
        let mut books = self.books();
        match books.free.pop() {
            Some(at) => {
                books.slots[at - 1] = slot;
                at
            }
            None => {
                books.slots.push(slot);
                books.slots.len()
            }
        }
    }

    fn slot(&self, at: Address) -> Arc<Slot> {
        let slot = self.books().slots[at - 1].clone();
        let slot = slot.expect("what is looked into is there");
        slot.written.look();
        slot
    }

    pub(super) fn rev<R>(&self, at: Address, f: impl FnOnce(&Rev) -> R) -> R {
        match &self.slot(at).piece {
            Piece::Rev(rev) => f(rev),
            _ => panic!("a revision is there"),
        }
    }

    pub(super) fn chunk<R>(&self, at: Address, f: impl FnOnce(&Chunk) -> R) -> R {
        match &self.slot(at).piece {
            Piece::Chunk(chunk) => f(chunk),
            _ => panic!("a chunk is there"),
        }
    }

    pub(super) fn entry<R>(&self, at: Address, f: impl FnOnce(&Entry) -> R) -> R {
        match &self.slot(at).piece {
            Piece::Entry(entry) => f(entry),
            _ => panic!("an entry is there"),
        }
    }

    pub(super) fn retire(&self, at: Address) {
        if self.keeps_revisions && matches!(self.slot(at).piece, Piece::Rev(_)) {
            let kept = &mut self.books().kept;
            assert!(!kept.contains(&at), "not retired twice");
            kept.push(at);
            return;
        }
        self.clock.fetch_add(1, Ordering::Release);
        {
            let mut books = self.books();
            assert!(
                books.retired.iter().all(|&(other, _)| other != at),
                "not retired twice"
            );
            assert!(books.slots[at - 1].is_some(), "not retired when it is gone");
            let open = books.open.clone();
            books.retired.push((at, open));
        }
        self.reclaim();
    }

    /// Of one that nobody else can reach.
    pub(super) fn dispose(&self, at: Address) {
        let slot = {
            let mut books = self.books();
            let slot = books.slots[at - 1].take();
            books.free.push(at);
            slot.expect("not freed twice")
        };
        match &slot.piece {
            Piece::Chunk(chunk) if chunk.is_counted => self.release(chunk.separator),
            &Piece::Value(entry) => self.release(entry),
            _ => {}
        }
    }

    /// Gives up a use of an entry's key.
    pub(super) fn release(&self, entry: Address) {
        let last = self.entry(entry, |entry| entry.uses.fetch_sub(1, Ordering::AcqRel));
        assert!(last > 0, "no more uses are given up than there are");
        if last == 1 {
            self.dispose(entry);
        }
    }

    fn reclaim(&self) {
        loop {
            let gone = {
                let mut books = self.books();
                let (gone, waiting): (Vec<_>, Vec<_>) = take(&mut books.retired)
                    .into_iter()
                    .partition(|(_, open)| open.is_empty());
                books.retired = waiting;
                gone
            };
            if gone.is_empty() {
                return;
            }
            for (at, _) in gone {
                // An entry that is retired as a whole has no uses.
                self.dispose(at);
            }
        }
    }

    /// Nothing is left.
    pub(super) fn check_empty(&self) {
        let kept = take(&mut self.books().kept);
        kept.into_iter().for_each(|at| self.dispose(at));
        let books = self.books();
        assert!(books.open.is_empty() && books.retired.is_empty());
        assert!(books.slots.iter().all(Option::is_none), "a piece is lost");
    }
}

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        {
            let mut books = self.0.books();
            books.open.remove(&self.1);
            for (_, open) in &mut books.retired {
                open.remove(&self.1);
            }
        }
        if !std::thread::panicking() {
            self.0.reclaim();
        }
    }
}
