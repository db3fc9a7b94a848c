//! Places between entries, from which the map is seen as it is.

use super::core::Core;
use super::exact::{Cut, Side};
use super::key::RadixKey;
use super::memory::Entry;
use crate::gap::Gap;
use crate::reclaim::Section;

/// Where a cursor is.
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Place<'s, K, V> {
    pub(super) gap: Gap<&'s Entry<K, V>>,
}

impl<K, V> Clone for Place<'_, K, V> {
    fn clone(&self) -> Self {
        Place { gap: self.gap }
    }
}

impl<K, V> Place<'_, K, V> {
    pub(super) fn new() -> Self {
        Place { gap: Gap::Start }
    }
}

impl<K: RadixKey, V> Core<K, V> {
    /// The next entry; see [`nearest`](Self::nearest).
    pub(super) fn peek_next<'s>(
        &'s self,
        section: &'s Section<'_>,
        place: &Place<'s, K, V>,
    ) -> Option<&'s Entry<K, V>> {
        match place.gap {
            Gap::Start => self.nearest(section, Side::First, None),
            Gap::Before(entry) => self.beside(section, Side::First, entry, true),
            Gap::After(entry) => self.beside(section, Side::First, entry, false),
            Gap::End => None,
        }
    }

    /// The entry before.
    pub(super) fn peek_prev<'s>(
        &'s self,
        section: &'s Section<'_>,
        place: &Place<'s, K, V>,
    ) -> Option<&'s Entry<K, V>> {
        match place.gap {
            Gap::Start => None,
            Gap::Before(entry) => self.beside(section, Side::Last, entry, false),
            Gap::After(entry) => self.beside(section, Side::Last, entry, true),
            Gap::End => self.nearest(section, Side::Last, None),
        }
    }

    fn beside<'s>(
        &'s self,
        section: &'s Section<'_>,
        side: Side,
        entry: &Entry<K, V>,
        is_in: bool,
    ) -> Option<&'s Entry<K, V>> {
        let bytes = entry.key.key_bytes();
        let key = bytes.as_ref();
        self.nearest(section, side, Some(Cut { key, is_in }))
    }
}
