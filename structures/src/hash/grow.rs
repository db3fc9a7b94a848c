//! How the table grows: one bucket after the other is added, and [split](super::split) off.

use super::bucket::{Bucket, Rehash, Slots};
use super::geometry::{MOST_BUCKETS, Size};
use super::header::Header;
use super::reclaim::Section;
use super::segments::NoMemory;
use super::table::Table;

/// Splits that one insertion does at most: a bounded pause.
const SPLITS: usize = 4;
/// From so many buckets on, the count has stripes.
const LARGE: usize = 256;

impl<S: Slots> Table<S> {
    /// Makes the first bucket. Lock-free.
    pub(super) fn begin(&self) {
        let provided = self
            .segments
            .provide(0, |bucket| bucket.init(Header::open(0)));
        if provided.is_err() {
            std::alloc::handle_alloc_error(core::alloc::Layout::new::<Bucket<S>>());
        }
        // Both may have been done, and more.
        self.size.begin();
        self.geometry.raise(1);
    }

    /// After an insertion that found no free slot: helps with splits that are late, or grows the table.
    pub(super) fn relieve(&self, section: &Section<'_>, hash: u64, rehash: &impl Rehash<S::Item>) {
        let index = self.geometry.guess(hash);
        let index = index.expect("there is a bucket with an entry");
        // Not one that was merged since.
        if index < self.size.get().buckets() {
            self.split_off(section, index, rehash);
        }
        self.grow(section, rehash);
    }

    /// Whether there should be more buckets.
    pub(super) fn is_crowded(&self) -> bool {
        self.count.about() * 8 > self.size.get().buckets() * S::LOAD
    }

    /// Splits a few buckets, if the table is too full.
    fn grow(&self, section: &Section<'_>, rehash: &impl Rehash<S::Item>) {
        for _ in 0..SPLITS {
            let size = self.size.get();
            if !self.is_crowded() {
                return;
            }
            if self.add_bucket(section, size, rehash).is_err() {
                return; // no memory for buckets: the lists take it, while there is some for those
            }
        }
    }

    /// Splits buckets until there are so many, or this thread has added so many while others merge them.
    pub(super) fn grow_to(
        &self,
        section: &Section<'_>,
        buckets: usize,
        rehash: &impl Rehash<S::Item>,
    ) -> Result<(), NoMemory> {
        let mut added = 0;
        while added < buckets {
            let now = self.size.get();
            if now.buckets() >= buckets {
                break;
            }
            added += usize::from(self.add_bucket(section, now, rehash)?);
        }
        Ok(())
    }

    /// Makes room for so many entries.
    pub(super) fn reserve(
        &self,
        section: &Section<'_>,
        entries: usize,
        rehash: &impl Rehash<S::Item>,
    ) {
        if entries == 0 {
            return;
        }
        let buckets = Self::buckets_for(entries).filter(|&buckets| buckets <= MOST_BUCKETS);
        let buckets = buckets.expect("capacity overflow");
        self.begin();
        self.keep_segments(section);
        // All the memory before any of it is used: if there is not so much, that shows here.
        let provided = self
            .segments
            .provide(buckets - 1, |bucket| bucket.init(Header::open(0)));
        if provided.is_err() || self.grow_to(section, buckets, rehash).is_err() {
            std::alloc::handle_alloc_error(core::alloc::Layout::new::<Bucket<S>>());
        }
    }

    /// Adds a bucket to a table of this size, unless another thread changes that. Whether it did.
    fn add_bucket(
        &self,
        section: &Section<'_>,
        mut size: Size,
        rehash: &impl Rehash<S::Item>,
    ) -> Result<bool, NoMemory> {
        let index = size.buckets();
        if index >= MOST_BUCKETS {
            return Err(NoMemory);
        }
        if size.is_closing() {
            self.close(section);
            return Ok(false);
        }
        if self.segments.find(index).is_none() {
            // C4.
            let Some(noted) = self.size.note_at(size) else {
                return Ok(false);
            };
            size = noted;
            self.segments
                .provide(index, |bucket| bucket.init(Header::open(0)))?;
        }
        if index >= LARGE {
            self.count.spread();
        }
        let added = self.size.grow(size);
        if added {
            self.split_off(section, index, rehash);
            // Lookups need not know at once, and the word is in every cache.
            let every = (1 << index.ilog2().saturating_sub(6)).max(1);
            if (index + 1).is_multiple_of(every) {
                self.geometry.raise(index + 1);
            }
        }
        Ok(added)
    }
}
