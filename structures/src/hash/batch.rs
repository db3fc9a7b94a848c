//! What a walk has read and not passed on yet.

use core::mem::MaybeUninit;

use super::header::MOST_SLOTS;

/// The entries of some buckets, in turn: `N` from slots, which is room for those of a bucket at least, and
/// those of lists, of which there are few.
pub(super) struct Batch<I, const N: usize = MOST_SLOTS> {
    at: usize,
    /// From `at` to here they are initialized.
    end: usize,
    slots: [MaybeUninit<I>; N],
    lists: Vec<I>,
}

impl<I: Copy, const N: usize> Batch<I, N> {
    #[inline]
    pub(super) fn new() -> Self {
        const { assert!(N >= MOST_SLOTS) };
        Batch {
            at: 0,
            end: 0,
            slots: [const { MaybeUninit::uninit() }; N],
            lists: Vec::new(),
        }
    }

    /// How many are here, lists aside.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.end - self.at
    }

    /// The n-th that [`pop`](Self::pop) will answer, if that is known.
    #[inline]
    pub(super) fn peek(&self, n: usize) -> Option<I> {
        let at = self.at + n;
        if at >= self.end {
            return None;
        }
        // SAFETY: below `end`, which is `N` at most.
        let item = unsafe { self.slots.get_unchecked(at) };
        // SAFETY: between the two.
        Some(unsafe { item.assume_init() })
    }

    /// The next.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<I> {
        let Some(item) = self.peek(0) else {
            return self.lists.pop();
        };
        self.at += 1;
        Some(item)
    }

    /// Makes room in front.
    #[inline]
    pub(super) fn compact(&mut self) {
        self.slots.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
    }

    /// Whether another bucket should be added: there is room, and no list waits for some.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.end + MOST_SLOTS <= N && self.lists.is_empty()
    }

    /// Puts those of lists behind the others, as far as there is room.
    #[inline]
    pub(super) fn line_up(&mut self) {
        while self.end < N
            && let Some(item) = self.lists.pop()
        {
            self.push(item);
        }
    }

    /// Adds those of a bucket's slots: of the first `len` those that are `valid`, and of as many as
    /// there are after them those that `more` answers. Without branches for the first: nobody can guess
    /// which they are.
    ///
    /// # Panics
    /// If there is no room for a bucket.
    #[inline(always)]
    pub(super) fn extend_from_slots(&mut self, valid: u32, len: u32, load: impl Fn(u32) -> I) {
        let room = self.slots[self.end..].first_chunk_mut::<MOST_SLOTS>();
        let room = room.expect("there is room for a bucket");
        let mut n = 0;
        for slot in 0..len.min(MOST_SLOTS as u32) {
            // SAFETY: `n` is no more than `slot`, which is below `MOST_SLOTS`.
            unsafe { room.get_unchecked_mut(n) }.write(load(slot));
            n += (valid >> slot & 1) as usize;
        }
        self.end += n;
    }

    /// Adds one of a slot. There is room.
    #[inline]
    pub(super) fn push(&mut self, item: I) {
        self.slots[self.end].write(item);
        self.end += 1;
    }

    /// Adds those of a list.
    pub(super) fn extend_from_list(&mut self, items: &[I]) {
        self.lists.extend_from_slice(items);
    }

    /// Passes on all but `left`, lists aside; with each, the one that comes `left` later.
    #[inline]
    pub(super) fn drain_to(&mut self, left: usize, mut f: impl FnMut(I, I)) {
        while let Some(later) = self.peek(left) {
            let item = self.pop().expect("it comes earlier");
            f(item, later);
        }
    }

    /// Where what is added next begins.
    #[inline]
    pub(super) fn mark(&self) -> Mark {
        Mark {
            slots: self.end,
            lists: self.lists.len(),
        }
    }

    /// Takes back what was added since.
    #[inline]
    pub(super) fn reset(&mut self, mark: Mark) {
        self.end = mark.slots;
        self.lists.truncate(mark.lists);
    }

    /// Takes out what was added since.
    pub(super) fn take_since(&mut self, mark: Mark) -> Vec<I> {
        let slots = self.slots[mark.slots..self.end].iter();
        // SAFETY: before the end.
        let mut taken: Vec<I> = slots.map(|item| unsafe { item.assume_init() }).collect();
        taken.extend_from_slice(&self.lists[mark.lists..]);
        self.reset(mark);
        taken
    }
}

/// See [`Batch::mark`].
#[derive(Clone, Copy)]
pub(super) struct Mark {
    slots: usize,
    lists: usize,
}

impl<I: Copy, const N: usize> Clone for Batch<I, N> {
    fn clone(&self) -> Self {
        Batch {
            lists: self.lists.clone(),
            ..*self
        }
    }
}

/// What is left.
impl<I: Copy, const N: usize> Iterator for Batch<I, N> {
    type Item = I;

    fn next(&mut self) -> Option<I> {
        self.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_comes_out() {
        let mut batch = Batch::<u32, 24>::new();
        batch.extend_from_slots(0b1011_0101, 8, |slot| slot);
        batch.push(20);
        assert!(!batch.has_room());
        assert_eq!(
            (batch.len(), batch.peek(5), batch.peek(6)),
            (6, Some(20), None)
        );
        assert_eq!(
            (batch.pop(), batch.pop(), batch.pop()),
            (Some(0), Some(2), Some(4))
        );
        batch.compact();
        assert!(batch.has_room());
        let mark = batch.mark();
        batch.extend_from_slots(0b11, 2, |slot| slot + 30);
        batch.extend_from_list(&[40, 41]);
        assert!(!batch.has_room(), "a list waits");
        assert_eq!(batch.clone().take_since(mark), [30, 31, 40, 41]);
        assert_eq!(
            batch.clone().collect::<Vec<_>>(),
            [5, 7, 20, 30, 31, 41, 40]
        );
        let mut without = batch.clone();
        without.reset(mark);
        assert_eq!(without.collect::<Vec<_>>(), [5, 7, 20]);
        batch.line_up();
        assert_eq!(batch.len(), 7);
        let mut pairs = Vec::new();
        batch.drain_to(4, |item, later| pairs.push((item, later)));
        assert_eq!(pairs, [(5, 31), (7, 41), (20, 40)]);
        assert_eq!(batch.collect::<Vec<_>>(), [30, 31, 41, 40]);
    }

    /// All of a bucket's slots fit behind one another, and no more.
    #[test]
    #[should_panic(expected = "room")]
    fn a_batch_without_room_says_so() {
        let mut batch = Batch::<u32>::new();
        let all = (1 << MOST_SLOTS) - 1;
        batch.extend_from_slots(all, MOST_SLOTS as u32, |slot| slot);
        assert!(batch.clone().eq(0..MOST_SLOTS as u32));
        batch.extend_from_slots(0, 1, |slot| slot);
    }
}
