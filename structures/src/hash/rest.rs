//! A table at rest: its invariants, and its end.

use super::block::{self, Link};
use super::bucket::{Bucket, Slots, low_bits};
use super::header::{Header, State};
use super::table::Table;

impl<S: Slots> Table<S> {
    /// Asserts what must hold at rest, for items with these hashes.
    pub(super) fn check(&mut self, hash: impl Fn(S::Item) -> u64) {
        let mut entries = 0;
        for (index, header, item) in self.at_rest() {
            let place = hash(item) & low_bits(header.depth());
            assert_eq!(place, index as u64, "an item is where it belongs");
            entries += 1;
        }
        assert_eq!(self.count.get(), entries, "every item is counted once");
        for (index, bucket) in self.segments.all().enumerate() {
            let header = bucket.header();
            let more = header.valid() >> S::COUNT;
            assert!(more == 0 || !bucket.more().is_null(), "{index}: {header:?}");
            assert_eq!(more >> S::MORE, 0, "{index}: {header:?}");
            assert!(!header.filling(), "nobody fills: {index}, {header:?}");
            let at_rest = matches!(header.state(), State::Open | State::Uninit);
            assert!(at_rest, "nobody splits: {index}, {header:?}");
            let link = bucket.link();
            assert!(
                !link.is_null() || link.tag() == header.parity(),
                "B2: {index}"
            );
        }
    }

    /// The leaving buckets whose items are in others: only if a thread has stopped in the midst of a merge.
    fn taken_back(&mut self) -> Vec<usize> {
        let headers = self.segments.all().map(Bucket::header).enumerate();
        let mut leaving: Vec<_> = headers
            .filter(|(_, header)| header.state() == State::Leaving)
            .collect();
        leaving.retain(|&(index, header)| self.is_taken_back(index, header));
        leaving.into_iter().map(|(index, _)| index).collect()
    }

    /// Gives every item to `f`, and frees every block.
    pub(super) fn drain(&mut self, mut f: impl FnMut(S::Item)) {
        let elsewhere = self.taken_back();
        let pool = &self.pool;
        for (index, bucket) in self.segments.all().enumerate() {
            let (mut link, header) = (bucket.link(), bucket.header());
            if link.tag() != header.parity() {
                let proposal = link.block();
                // SAFETY: exclusively borrowed.
                link = unsafe { (*proposal).prev };
                // SAFETY: as above; a proposal that was not committed is dead now.
                unsafe { block::dispose_own(pool, proposal) };
            }
            if !elsewhere.contains(&index) {
                items_at_rest(bucket, header, link).for_each(&mut f);
            }
            // SAFETY: as above.
            unsafe { block::dispose_all(pool, link) };
            bucket.init(Header(0));
        }
    }

    /// Every item, exclusively borrowed, with the bucket that it is in.
    pub(super) fn at_rest(&mut self) -> impl Iterator<Item = (usize, Header, S::Item)> {
        let elsewhere = self.taken_back();
        let buckets = self.segments.all().enumerate();
        let buckets = buckets.filter(move |(index, _)| !elsewhere.contains(index));
        buckets.flat_map(|(index, bucket)| {
            let (mut link, header) = (bucket.link(), bucket.header());
            if link.tag() != header.parity() {
                // SAFETY: exclusively borrowed.
                link = unsafe { (*link.block()).prev };
            }
            items_at_rest(bucket, header, link).map(move |item| (index, header, item))
        })
    }
}

/// The items of a bucket that is exclusively borrowed.
fn items_at_rest<'t, S: Slots>(
    bucket: &'t Bucket<S>,
    header: Header,
    in_force: Link<S::Item>,
) -> impl Iterator<Item = S::Item> + 't {
    // SAFETY: exclusively borrowed.
    let blocks = unsafe { in_force.blocks::<'t>() };
    let listed = blocks.flat_map(|block| block.items().iter().copied());
    // SAFETY: as above.
    let more = unsafe { bucket.more().extension().as_ref() };
    let in_slot = move |slot| match more {
        Some(more) if slot >= S::COUNT => S::load_more(more, slot - S::COUNT),
        _ => bucket.slots.load(slot),
    };
    header.slots().map(in_slot).chain(listed)
}
