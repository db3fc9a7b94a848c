//! The protocol of chunks and revisions, without their layout: keys are bytes above 0, chunks hold two
//! entries, on every level. What is here becomes the map's own.

use super::heap::{Address, Chunk, Entry, Heap, Piece, Pin, Rev};
use super::rules::Rule;
use super::sync::{AtomicUsize, Ordering, fence, is_strict, retry};

const CAP: usize = 2;
const FROZEN: usize = 1;
/// Descents from the index before a level is walked from its head.
const PATIENCE: usize = 2;

fn rev_of(word: usize) -> Address {
    word >> 1
}

fn is_frozen(word: usize) -> bool {
    word & FROZEN != 0
}

/// What lies at or below it is on the left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bound {
    To(u8),
    Below(u8),
    End,
}

impl Bound {
    pub(super) fn holds(self, low: u8) -> bool {
        match self {
            Bound::To(key) => low <= key,
            Bound::Below(key) => low < key,
            Bound::End => true,
        }
    }
}

/// A chunk, and the word that it had.
type Seen = (Address, usize);

pub(super) struct Map {
    pub(super) heap: Heap,
    top: AtomicUsize,
}

impl Map {
    pub(super) fn new(heap: Heap) -> Map {
        let rev = heap.alloc(Piece::Rev(Rev {
            items: Vec::new(),
            next: (0, 0),
        }));
        let head = head(&heap, 0, rev);
        Map {
            heap,
            top: AtomicUsize::new(head),
        }
    }

    // Words.

    fn load(&self, chunk: Address) -> usize {
        self.heap.chunk(chunk, |chunk| {
            if is_strict() {
                chunk.rev.fetch_or(0, Ordering::AcqRel)
            } else {
                chunk.rev.load(Rule::Load.order(Ordering::Acquire))
            }
        })
    }

    fn change(&self, chunk: Address, from: usize, to: usize) -> bool {
        let order = Rule::Change.order(Ordering::AcqRel);
        self.heap.chunk(chunk, |chunk| {
            let done = chunk
                .rev
                .compare_exchange(from, to, order, Ordering::Relaxed);
            done.is_ok()
        })
    }

    fn freeze(&self, (chunk, word): Seen) -> bool {
        self.change(chunk, word, word | FROZEN)
    }

    fn rev<R>(&self, word: usize, f: impl FnOnce(&Rev) -> R) -> R {
        self.heap.rev(rev_of(word), f)
    }

    fn next(&self, word: usize) -> (Address, u8) {
        self.rev(word, |rev| rev.next)
    }

    fn top(&self) -> (Address, usize) {
        let top = if is_strict() {
            self.top.fetch_or(0, Ordering::AcqRel)
        } else {
            self.top.load(Rule::Top.order(Ordering::Acquire))
        };
        (top, self.heap.chunk(top, |chunk| chunk.level))
    }

    /// As the key of its separator has it, which is there.
    fn low(&self, chunk: Address) -> u8 {
        let (low, separator) = self.heap.chunk(chunk, |chunk| (chunk.low, chunk.separator));
        if separator != 0 {
            assert_eq!(self.heap.entry(separator, |entry| entry.key), low);
        }
        low
    }

    fn level(&self, chunk: Address) -> usize {
        self.heap.chunk(chunk, |chunk| chunk.level)
    }

    fn is_head(&self, chunk: Address) -> bool {
        self.low(chunk) == 0
    }

    fn head(&self, level: usize) -> Address {
        let (mut head, mut at) = self.top();
        while at > level {
            head = self.rev(self.load(head), |rev| rev.items[0].1);
            at -= 1;
        }
        head
    }

    // Finding.

    /// A live chunk of a level, whose low is within the bound: by the index if that has one. `dead` is one that
    /// the index still had.
    fn enter(&self, bound: Bound, level: usize, dead: &mut Option<Address>) -> Seen {
        let mut entry = bound;
        'again: for _ in 0..PATIENCE {
            let (mut chunk, mut at) = self.top();
            assert!(at >= level, "a level that is there");
            let mut word = self.load(chunk);
            while at > level {
                loop {
                    let (next, _) = self.next(word);
                    if next == 0 || !entry.holds(self.low(next)) {
                        break;
                    }
                    (chunk, word) = (next, self.load(next));
                }
                let child = self.rev(word, |rev| {
                    let below = rev
                        .items
                        .iter()
                        .rposition(|&(_, child)| entry.holds(self.low(child)));
                    let first = !rev.items.is_empty() && !Rule::ChildBelow.holds();
                    below.or(first.then_some(0)).map(|i| rev.items[i].1)
                });
                let Some(child) = child else {
                    entry = Bound::Below(self.low(chunk));
                    continue 'again;
                };
                (chunk, word) = (child, self.load(child));
                if is_frozen(word) && Rule::LiveFromIndex.holds() {
                    *dead = Some(chunk);
                    entry = Bound::Below(self.low(chunk));
                    continue 'again;
                }
                at -= 1;
            }
            return (chunk, word);
        }
        let head = self.head(level);
        (head, self.load(head))
    }

    /// The chunk of a level that covers the bound, behind those, from a live one on, that lead to it.
    fn path(&self, bound: Bound, level: usize) -> Vec<Seen> {
        self.path_by(bound, level, &mut None)
    }

    fn path_by(&self, bound: Bound, level: usize, dead: &mut Option<Address>) -> Vec<Seen> {
        let mut path = vec![self.enter(bound, level, dead)];
        loop {
            let &(_, word) = path.last().expect("it has one");
            let (next, _) = self.next(word);
            if next == 0 || !bound.holds(self.low(next)) {
                return path;
            }
            let seen = (next, self.load(next));
            if !is_frozen(seen.1) || !Rule::Anchor.holds() {
                path.clear();
            }
            path.push(seen);
        }
    }

    fn find(&self, bound: Bound, level: usize) -> Seen {
        *self.path(bound, level).last().expect("it has one")
    }

    fn are_unchanged(&self, seen: &[Seen]) -> bool {
        seen.iter().all(|&(chunk, word)| self.load(chunk) == word)
    }

    fn value(&self, entry: Address) -> u32 {
        self.heap.entry(entry, |entry| entry.value)
    }

    fn pair(&self, (key, entry): (u8, Address)) -> (u8, u32) {
        self.heap.entry(entry, |entry| {
            assert_eq!(entry.key, key);
            (key, entry.value)
        })
    }

    // Reading.

    pub(super) fn get(&self, key: u8) -> Option<u32> {
        let _pin = self.heap.pin();
        let (_, word) = self.find(Bound::To(key), 0);
        let found = self.rev(word, |rev| {
            let item = rev.items.iter().find(|&&(other, _)| other == key);
            item.map(|&(_, entry)| entry)
        });
        found.map(|entry| self.value(entry))
    }

    pub(super) fn first(&self) -> Option<(u8, u32)> {
        let _pin = self.heap.pin();
        loop {
            let head = self.head(0);
            let seen = vec![(head, self.load(head))];
            if let Ok(found) = self.next_from(seen, Bound::Below(0), Rule::First) {
                return found;
            }
            retry();
        }
    }

    /// The first entry that is not within the bound.
    pub(super) fn above(&self, bound: Bound) -> Option<(u8, u32)> {
        let _pin = self.heap.pin();
        loop {
            let path = self.path(bound, 0);
            if let Ok(found) = self.next_from(path, bound, Rule::Lower) {
                return found;
            }
            retry();
        }
    }

    fn next_from(
        &self,
        mut seen: Vec<Seen>,
        bound: Bound,
        rule: Rule,
    ) -> Result<Option<(u8, u32)>, ()> {
        let covering = seen.len() - 1;
        loop {
            let &(_, word) = seen.last().expect("it has one");
            let (item, next) = self.rev(word, |rev| {
                let item = rev.items.iter().find(|&&(key, _)| !bound.holds(key));
                (item.copied(), rev.next.0)
            });
            if item.is_some() || next == 0 {
                let before = seen.len() - 1;
                // A chunk that covers the bound itself needs no others.
                if before > covering && rule.holds() && !self.are_unchanged(&seen[..before]) {
                    return Err(());
                }
                return Ok(item.map(|item| self.pair(item)));
            }
            seen.push((next, self.load(next)));
        }
    }

    /// The last entry within the bound.
    pub(super) fn below(&self, bound: Bound) -> Option<(u8, u32)> {
        let _pin = self.heap.pin();
        'again: loop {
            let mut right: Vec<Seen> = Vec::new();
            let mut limit = bound;
            loop {
                let (chunk, word) = self.find(limit, 0);
                if let Some(&(next, _)) = right.last() {
                    if Rule::Upper.holds()
                        && (self.next(word).0 != next || !self.are_unchanged(&right))
                    {
                        retry();
                        continue 'again;
                    }
                }
                let item = self.rev(word, |rev| {
                    let mut within = rev.items.iter().filter(|&&(key, _)| bound.holds(key));
                    within.next_back().copied()
                });
                if item.is_some() || self.is_head(chunk) {
                    return item.map(|item| self.pair(item));
                }
                right.push((chunk, word));
                limit = Bound::Below(self.low(chunk));
            }
        }
    }

    pub(super) fn forward(&self) -> Vec<(u8, u32)> {
        let _pin = self.heap.pin();
        let mut found = Vec::new();
        let mut chunk = self.head(0);
        while chunk != 0 {
            let word = self.load(chunk);
            let items = self.rev(word, |rev| rev.items.clone());
            found.extend(items.into_iter().map(|item| self.pair(item)));
            chunk = self.next(word).0;
        }
        found
    }

    pub(super) fn backward(&self) -> Vec<(u8, u32)> {
        let _pin = self.heap.pin();
        let mut found = Vec::new();
        let mut limit = Bound::End;
        loop {
            let (chunk, word) = self.find(limit, 0);
            let items = self.rev(word, |rev| rev.items.clone());
            let within = items.into_iter().rev().filter(|&(key, _)| limit.holds(key));
            found.extend(within.map(|item| self.pair(item)));
            if self.is_head(chunk) {
                return found;
            }
            limit = Bound::Below(self.low(chunk));
        }
    }

    // Changing.

    /// One step: the value that was there, and, if the closure says so, another one or none.
    pub(super) fn update(&self, key: u8, f: impl Fn(Option<u32>) -> Option<u32>) -> Option<u32> {
        let pin = self.heap.pin();
        let mut dead = None;
        loop {
            let path = self.path_by(Bound::To(key), 0, &mut dead);
            let &(chunk, word) = path.last().expect("it has one");
            let (items, next) = self.rev(word, |rev| (rev.items.clone(), rev.next));
            let place = items.binary_search_by_key(&key, |&(key, _)| key);
            let old = place.ok().map(|i| items[i].1);
            let old_value = old.map(|old| self.value(old));
            let new = f(old_value);
            if old.is_none() && new.is_none() {
                return None;
            }
            if is_frozen(word) {
                self.absorb(chunk, &pin);
                retry();
                continue;
            }
            let draft = new.map(|value| {
                let uses = AtomicUsize::new(1);
                self.heap.alloc(Piece::Entry(Entry { key, value, uses }))
            });
            let mut new_items = items;
            match (place, draft) {
                (Ok(i), Some(draft)) => new_items[i].1 = draft,
                (Err(i), Some(draft)) => new_items.insert(i, (key, draft)),
                (Ok(i), None) => drop(new_items.remove(i)),
                (Err(_), None) => unreachable!(),
            }
            let is_empty = new_items.is_empty();
            let Some((now, born)) = self.replace((chunk, word), new_items, next) else {
                if let Some(draft) = draft {
                    self.heap.dispose(draft);
                }
                continue;
            };
            if let Some(old) = old {
                self.retire_entry(old);
            }
            self.index(born, &pin);
            if is_empty && !self.is_head(chunk) && self.freeze((chunk, now)) {
                self.absorb(chunk, &pin);
            }
            // Whoever should may have stopped.
            if let Some(dead) = dead {
                self.deindex(dead, &pin);
            }
            return old_value;
        }
    }

    /// Takes an entry out whose revision has been replaced by one without it.
    fn retire_entry(&self, entry: Address) {
        let whole = !Rule::LeaveKey.holds()
            || self.heap.entry(entry, |entry| {
                let order = (Ordering::AcqRel, Ordering::Relaxed);
                entry.uses.compare_exchange(1, 0, order.0, order.1).is_ok()
            });
        if whole {
            self.heap.retire(entry);
        } else {
            self.heap.retire(self.heap.alloc(Piece::Value(entry)));
        }
    }

    /// Counts a separator's key; false if the entry has been taken out as a whole.
    fn count(&self, entry: Address) -> bool {
        if !Rule::Count.holds() {
            return true;
        }
        if !Rule::CountLiving.holds() {
            self.heap
                .entry(entry, |entry| entry.uses.fetch_add(1, Ordering::Relaxed));
            return true;
        }
        self.heap.entry(entry, |entry| {
            // Acquire: pairs with the Release of `retire_entry`, so that the revision without it is found next.
            let order = Ordering::Acquire;
            let mut uses = entry.uses.load(order);
            while uses != 0 {
                match entry.uses.compare_exchange(uses, uses + 1, order, order) {
                    Ok(_) => return true,
                    Err(now) => uses = now,
                }
            }
            false
        })
    }

    /// Puts a revision with these items into force, in two chunks if they are too many. The new word, and the
    /// chunk that was born, if any; None if the chunk has changed.
    fn replace(
        &self,
        (chunk, word): Seen,
        mut items: Vec<(u8, Address)>,
        mut next: (Address, u8),
    ) -> Option<(usize, Option<Address>)> {
        assert!(!is_frozen(word) || !Rule::AbsorbIntoLive.holds());
        let level = self.level(chunk);
        let mut upper = None;
        if items.len() > CAP {
            let more = items.split_off(items.len() / 2);
            let (low, first) = more[0];
            let separator = match level {
                0 => first,
                _ => self.heap.chunk(first, |chunk| chunk.separator),
            };
            if !self.count(separator) {
                return None;
            }
            let rev = self.heap.alloc(Piece::Rev(Rev { items: more, next }));
            let born = self.heap.alloc(Piece::Chunk(Chunk {
                level,
                low,
                separator,
                is_counted: Rule::Count.holds(),
                rev: AtomicUsize::new(rev << 1),
                links: AtomicUsize::new(if Rule::Token.holds() { 2 } else { 1 }),
            }));
            next = (born, low);
            upper = Some((born, rev));
        }
        let rev = self.heap.alloc(Piece::Rev(Rev { items, next }));
        if self.change(chunk, word, rev << 1) {
            self.heap.retire(rev_of(word));
            return Some((rev << 1, upper.map(|(born, _)| born)));
        }
        self.heap.dispose(rev);
        if let Some((born, rev)) = upper {
            self.heap.dispose(rev);
            self.heap.dispose(born);
        }
        retry();
        None
    }

    fn unlink(&self, chunk: Address) {
        let order = Rule::Links.order(Ordering::AcqRel);
        let links = self
            .heap
            .chunk(chunk, |chunk| chunk.links.fetch_sub(1, order));
        assert!(links > 0, "no more links are given up than there are");
        if links == 1 {
            self.heap.retire(chunk);
        }
    }

    /// Moves a frozen chunk's items into the one before it, unless somebody has.
    fn absorb(&self, dead: Address, pin: &Pin<'_>) {
        let low = self.low(dead);
        let level = self.level(dead);
        loop {
            let (chunk, word) = self.find(Bound::Below(low), level);
            if self.next(word).0 != dead {
                return;
            }
            if is_frozen(word) && Rule::AbsorbIntoLive.holds() {
                self.absorb(chunk, pin);
                retry();
                continue;
            }
            let last = self.load(dead);
            assert!(is_frozen(last));
            let mut items = self.rev(word, |rev| rev.items.clone());
            let next = self.rev(last, |rev| {
                items.extend(&rev.items);
                rev.next
            });
            assert!(items.windows(2).all(|pair| pair[0].0 < pair[1].0));
            if let Some((_, born)) = self.replace((chunk, word), items, next) {
                self.heap.retire(rev_of(last));
                self.unlink(dead);
                self.deindex(dead, pin);
                self.index(born, pin);
                return;
            }
        }
    }

    /// Gives a chunk that was born its place in the index.
    fn index(&self, born: Option<Address>, pin: &Pin<'_>) {
        let Some(born) = born else { return };
        let mut above = None;
        let (level, low) = (self.level(born) + 1, self.low(born));
        loop {
            let (top, at) = self.top();
            if at < level {
                if self.raise(top, born, low) {
                    break;
                }
                continue;
            }
            let early = !Rule::IndexFirst.holds() && is_frozen(self.load(born));
            let (chunk, word) = self.find(Bound::To(low), level);
            // The revision first: then no chunk of the same low has come into it since this one died.
            let is_dead = match Rule::IndexFirst.holds() {
                true => is_frozen(self.load(born)),
                false => early,
            };
            if is_dead {
                if Rule::Token.holds() {
                    self.unlink(born);
                }
                return;
            }
            if is_frozen(word) {
                self.absorb(chunk, pin);
                retry();
                continue;
            }
            let (mut items, next) = self.rev(word, |rev| (rev.items.clone(), rev.next));
            let mut replaced = None;
            match items.binary_search_by_key(&low, |&(low, _)| low) {
                Ok(i) if Rule::Replace.holds() => {
                    replaced = Some(items[i].1);
                    items[i].1 = born;
                }
                Ok(i) => items.insert(i + 1, (low, born)),
                Err(i) => items.insert(i, (low, born)),
            }
            if let Some((_, born)) = self.replace((chunk, word), items, next) {
                if let Some(replaced) = replaced {
                    assert!(is_frozen(self.load(replaced)));
                    self.unlink(replaced);
                }
                above = born;
                break;
            }
        }
        if !Rule::Token.holds() {
            self.heap
                .chunk(born, |chunk| chunk.links.fetch_add(1, Ordering::AcqRel));
        }
        // Pairs with the fence of `deindex`.
        if Rule::IndexFence.holds() {
            fence(Ordering::SeqCst);
        }
        if Rule::Recheck.holds() && is_frozen(self.load(born)) {
            self.deindex(born, pin);
        }
        self.index(above, pin);
    }

    /// Another level on top, which begins with this chunk.
    fn raise(&self, top: Address, born: Address, low: u8) -> bool {
        let items = vec![(0, top), (low, born)];
        let rev = self.heap.alloc(Piece::Rev(Rev {
            items,
            next: (0, 0),
        }));
        let new = head(&self.heap, self.level(top) + 1, rev);
        let order = Rule::Raise.order(Ordering::AcqRel);
        if self
            .top
            .compare_exchange(top, new, order, Ordering::Relaxed)
            .is_ok()
        {
            return true;
        }
        self.heap.dispose(rev);
        self.heap.dispose(new);
        retry();
        false
    }

    /// Takes a frozen chunk out of the index, if it is there.
    fn deindex(&self, dead: Address, pin: &Pin<'_>) {
        let (level, low) = (self.level(dead) + 1, self.low(dead));
        // Pairs with the fence of `index`: here the chunk is seen in the index, or there that it is frozen.
        if Rule::DeadFence.holds() {
            fence(Ordering::SeqCst);
        }
        loop {
            if self.top().1 < level {
                return;
            }
            let (chunk, word) = self.find(Bound::To(low), level);
            let (mut items, next) = self.rev(word, |rev| (rev.items.clone(), rev.next));
            let Some(i) = items.iter().position(|&(_, item)| item == dead) else {
                return;
            };
            if is_frozen(word) {
                self.absorb(chunk, pin);
                retry();
                continue;
            }
            items.remove(i);
            let is_empty = items.is_empty();
            if let Some((now, _)) = self.replace((chunk, word), items, next) {
                self.unlink(dead);
                if is_empty && self.freeze((chunk, now)) {
                    self.absorb(chunk, pin);
                }
                return;
            }
        }
    }

    // Ends.

    pub(super) fn pop_first(&self) -> Option<(u8, u32)> {
        let pin = self.heap.pin();
        loop {
            let head = self.head(0);
            let mut seen = (head, self.load(head));
            let mut found = self.rev(seen.1, |rev| (rev.items.clone(), rev.next));
            if found.0.is_empty() {
                let (next, _) = found.1;
                if next == 0 {
                    return None;
                }
                let word = self.load(next);
                let is_empty = self.rev(word, |rev| rev.items.is_empty());
                if Rule::PopFirst.holds() || is_frozen(word) || is_empty {
                    if is_frozen(word) || self.freeze((next, word)) {
                        self.absorb(next, &pin);
                    }
                    retry();
                    continue;
                }
                seen = (next, word);
                found = self.rev(word, |rev| (rev.items.clone(), rev.next));
            }
            let (mut items, next) = found;
            let first = items.remove(0);
            if self.replace(seen, items, next).is_some() {
                self.retire_entry(first.1);
                return Some(self.pair(first));
            }
        }
    }

    pub(super) fn pop_last(&self) -> Option<(u8, u32)> {
        let pin = self.heap.pin();
        let mut bound = Bound::End;
        loop {
            let (chunk, word) = self.find(bound, 0);
            let (mut items, next) = self.rev(word, |rev| (rev.items.clone(), rev.next));
            if items.is_empty() && self.is_head(chunk) {
                return None;
            }
            if !is_frozen(word) && items.is_empty() {
                if !Rule::PopLast.holds() {
                    bound = Bound::Below(self.low(chunk));
                } else if self.freeze((chunk, word)) {
                    self.absorb(chunk, &pin);
                }
                continue;
            }
            if is_frozen(word) {
                self.absorb(chunk, &pin);
                retry();
                continue;
            }
            let last = items.pop().expect("it is not empty");
            if self.replace((chunk, word), items, next).is_some() {
                self.retire_entry(last.1);
                return Some(self.pair(last));
            }
        }
    }

    // The end.

    /// At rest: every chunk is live, and has its place in the index, nothing else has.
    pub(super) fn check(&self) {
        let _pin = self.heap.pin();
        let (mut head, top) = self.top();
        let mut indexed = Vec::new();
        for level in (0..=top).rev() {
            let mut here = Vec::new();
            let mut chunk = head;
            let mut low = 0;
            while chunk != 0 {
                assert_eq!(self.level(chunk), level);
                assert_eq!(self.low(chunk), low);
                here.push((low, chunk));
                let word = self.load(chunk);
                assert!(!is_frozen(word), "a frozen chunk is left");
                let (items, next) = self.rev(word, |rev| (rev.items.clone(), rev.next));
                for &(key, _) in &items {
                    assert!(key >= low && (next.0 == 0 || key < next.1));
                }
                assert!(items.windows(2).all(|pair| pair[0].0 < pair[1].0));
                if level > 0 && chunk == head {
                    assert_eq!(items[0].0, 0);
                }
                indexed.push((level, items));
                (chunk, low) = next;
            }
            if level < top {
                let all: Vec<_> = indexed
                    .iter()
                    .filter(|(at, _)| *at == level + 1)
                    .flat_map(|(_, items)| items.clone())
                    .collect();
                assert_eq!(all, here, "the index has each chunk once");
                for &(low, chunk) in &here {
                    let links = self.heap.chunk(chunk, |c| c.links.load(Ordering::Relaxed));
                    assert_eq!(links, if low == 0 { 0 } else { 2 });
                }
            } else {
                assert_eq!(here.len(), 1, "the top level is one chunk");
            }
            head = indexed
                .iter()
                .find(|(at, _)| *at == level)
                .expect("a head")
                .1
                .first()
                .map_or(0, |i| i.1);
        }
    }

    /// Gives everything back: what is linked twice goes with its second link.
    pub(super) fn clear(&self) {
        let (mut head, top) = self.top();
        for level in (0..=top).rev() {
            let mut chunk = head;
            head = 0;
            while chunk != 0 {
                let word = self.load(chunk);
                let (items, next) = self.rev(word, |rev| (rev.items.clone(), rev.next));
                if level > 0 && head == 0 {
                    head = items[0].1;
                }
                for (key, item) in items {
                    match level {
                        0 => self.heap.release(item),
                        _ if key == 0 => {}
                        _ => self.unlink(item),
                    }
                }
                self.heap.dispose(rev_of(word));
                if self.is_head(chunk) {
                    self.heap.dispose(chunk);
                } else {
                    self.unlink(chunk);
                }
                chunk = next.0;
            }
        }
        self.heap.check_empty();
    }
}

fn head(heap: &Heap, level: usize, rev: Address) -> Address {
    heap.alloc(Piece::Chunk(Chunk {
        level,
        low: 0,
        separator: 0,
        is_counted: false,
        rev: AtomicUsize::new(rev << 1),
        links: AtomicUsize::new(0),
    }))
}
