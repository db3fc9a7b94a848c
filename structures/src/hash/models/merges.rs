//! Merges, beside everything else, of items that are all there is to them and of items that refer to nodes.

use std::sync::Arc;

use smr_core::primitive::thread;

use super::refer::Map as Nodes;
use super::{Map as Plain, Pair, Scenario, hash};
use crate::hash::reclaim::Section;

/// One of the two kinds of maps.
trait Model: Sized + 'static {
    fn with(entries: &[Pair]) -> Arc<Self>;
    fn insert(&self, key: u64, value: u64) -> Option<u64>;
    fn increment(&self, key: u64) -> Option<u64>;
    fn remove(&self, key: u64) -> Option<u64>;
    fn get(&self, key: u64) -> Option<u64>;
    /// The same by the way that is for what is unusual.
    fn find(&self, key: u64) -> Option<u64>;
    fn entries(&self) -> Vec<Pair>;
    /// Sees to it that there are two buckets.
    fn split(&self);
    /// Sees to it that there is one.
    fn merge(&self);

    /// With two buckets.
    fn halved(entries: &[Pair]) -> Arc<Self> {
        let map = Self::with(entries);
        map.split();
        map
    }
}

/// As [`super::beside`].
fn beside<M: Model>(map: &Arc<M>, here: impl FnOnce(&M), other: impl FnOnce(&M) + 'static) {
    let there = map.clone();
    let other = thread::spawn(move || other(&there));
    here(map);
    other.join().expect("no assertion failed");
}

impl Model for Plain {
    fn with(entries: &[Pair]) -> Arc<Self> {
        Plain::with(entries)
    }
    fn insert(&self, key: u64, value: u64) -> Option<u64> {
        Plain::insert(self, key, value)
    }
    fn increment(&self, key: u64) -> Option<u64> {
        self.write(key, |old| old.map(|value| value + 1))
    }
    fn remove(&self, key: u64) -> Option<u64> {
        Plain::remove(self, key)
    }
    fn get(&self, key: u64) -> Option<u64> {
        Plain::get(self, key)
    }
    fn find(&self, key: u64) -> Option<u64> {
        let found = self.0.find(&Section::default(), key, &super::Key(key));
        found.map(|(_, value)| value)
    }
    fn entries(&self) -> Vec<Pair> {
        Plain::entries(self)
    }
    fn split(&self) {
        Plain::split(self);
    }
    fn merge(&self) {
        self.0.shrink(&Section::default(), 0, &mut 1, &hash);
        self.0.merge(&Section::default(), 1, &hash);
    }
}

impl Model for Nodes {
    fn with(entries: &[Pair]) -> Arc<Self> {
        Nodes::with(entries)
    }
    fn insert(&self, key: u64, value: u64) -> Option<u64> {
        Nodes::insert(self, key, value)
    }
    fn increment(&self, key: u64) -> Option<u64> {
        self.write(key, |old| old.map(|value| value + 1))
    }
    fn remove(&self, key: u64) -> Option<u64> {
        Nodes::remove(self, key)
    }
    fn get(&self, key: u64) -> Option<u64> {
        Nodes::get(self, key)
    }
    fn find(&self, key: u64) -> Option<u64> {
        Nodes::find(self, key)
    }
    fn entries(&self) -> Vec<Pair> {
        Nodes::entries(self)
    }
    fn split(&self) {
        Nodes::split(self);
    }
    fn merge(&self) {
        Nodes::merge(self);
    }
}

/// A reader, against the merge that moves the entry back, and an update of it where it is then.
fn read<M: Model>() {
    let map = M::halved(&[(1, 10), (0, 5)]);
    let merge = |map: &M| {
        map.merge();
        assert_eq!(map.insert(1, 11), Some(10));
    };
    beside(&map, merge, |map| {
        let found = map.get(1);
        assert!(matches!(found, Some(10 | 11)), "{found:?}");
        let again = map.get(1);
        assert!(again >= found, "{found:?}, then {again:?}");
        assert_eq!(map.get(0), Some(5));
    });
    assert_eq!(map.entries(), [(0, 5), (1, 11)]);
}

/// A reader of a bucket that leaves, whose list is taken away once it is in the parent.
fn close_look<M: Model>() {
    let map = M::halved(&[(1, 10)]);
    beside(&map, M::merge, |map| assert_eq!(map.find(1), Some(10)));
}

/// An update, which must not be lost, against the merge that moves the entry.
fn update<M: Model>() {
    let map = M::halved(&[(1, 10)]);
    beside(&map, M::merge, |map| {
        assert_eq!(map.increment(1), Some(10));
        assert_eq!(map.get(1), Some(11));
    });
    assert_eq!(map.entries(), [(1, 11)]);
}

/// Two threads at one merge; then one writes where the other may still be at it.
fn helpers<M: Model>() {
    let map = M::halved(&[(1, 10)]);
    beside(&map, M::merge, |map| {
        map.merge();
        assert_eq!(map.remove(1), Some(10));
        assert_eq!(map.insert(3, 30), None);
    });
    assert_eq!(map.entries(), [(3, 30)]);
}

/// An insertion into the bucket that leaves; it may have begun to fill a slot there.
fn insert<M: Model>() {
    let map = M::halved(&[(0, 5)]);
    beside(&map, M::merge, |map| {
        assert_eq!(map.insert(1, 10), None);
        assert_eq!(map.get(1), Some(10));
    });
    assert_eq!(map.entries(), [(0, 5), (1, 10)]);
}

/// Changes of the parent while a list for it is made.
fn change_parent<M: Model>() {
    let map = M::halved(&[(0, 5), (1, 10)]);
    beside(&map, M::merge, |map| {
        assert_eq!(map.remove(0), Some(5));
        assert_eq!(map.insert(2, 20), None);
    });
    assert_eq!(map.entries(), [(1, 10), (2, 20)]);
}

/// A split that finds the last merge not at its end, and then is itself.
fn split_again<M: Model>() {
    let map = M::halved(&[(1, 10)]);
    beside(&map, M::merge, |map| {
        map.split();
        assert_eq!(map.increment(1), Some(10));
    });
    assert_eq!(map.entries(), [(1, 11)]);
}

/// A late helper of a split that was undone, and is done again.
fn late_splitter<M: Model>() {
    let map = M::with(&[(1, 10)]);
    let here = |map: &M| {
        map.split();
        map.merge();
        map.split();
        assert_eq!(map.remove(1), Some(10));
        assert_eq!(map.insert(3, 30), None);
    };
    beside(&map, here, M::split);
    assert_eq!(map.entries(), [(3, 30)]);
}

/// A late helper of a merge that was undone, and is done again.
fn late_merger<M: Model>() {
    let map = M::halved(&[(1, 10)]);
    let here = |map: &M| {
        map.merge();
        map.split();
        assert_eq!(map.increment(1), Some(10));
        assert_eq!(map.insert(2, 20), None);
    };
    beside(&map, here, M::merge);
    assert_eq!(map.entries(), [(1, 11), (2, 20)]);
}

/// Iteration, against a merge.
fn walk<M: Model>() {
    let map = M::halved(&[(0, 5), (1, 10), (3, 30)]);
    let here = |map: &M| {
        map.merge();
        assert_eq!(map.remove(3), Some(30));
    };
    beside(&map, here, |map| {
        let mut found = map.entries();
        found.retain(|&(key, _)| key != 3);
        assert_eq!(found, [(0, 5), (1, 10)]);
    });
}

pub(super) const SCENARIOS: [Scenario; 10] = [
    ("merge, read", read::<Plain>, None),
    ("merge, close look", close_look::<Plain>, None),
    ("merge, update", update::<Plain>, None),
    ("merge, helpers", helpers::<Plain>, Some(2)),
    ("merge, insert", insert::<Plain>, None),
    (
        "merge, change of the parent",
        change_parent::<Plain>,
        Some(2),
    ),
    ("merge, split again", split_again::<Plain>, Some(2)),
    ("merge, late splitter", late_splitter::<Plain>, Some(2)),
    ("merge, late merger", late_merger::<Plain>, Some(2)),
    ("merge, walk", walk::<Plain>, None),
];

pub(super) const REFERRING: [Scenario; 10] = [
    ("merge of nodes, read", read::<Nodes>, None),
    ("merge of nodes, close look", close_look::<Nodes>, None),
    ("merge of nodes, update", update::<Nodes>, None),
    ("merge of nodes, helpers", helpers::<Nodes>, Some(2)),
    ("merge of nodes, insert", insert::<Nodes>, None),
    (
        "merge of nodes, change of the parent",
        change_parent::<Nodes>,
        Some(2),
    ),
    ("merge of nodes, split again", split_again::<Nodes>, Some(2)),
    (
        "merge of nodes, late splitter",
        late_splitter::<Nodes>,
        Some(2),
    ),
    ("merge of nodes, late merger", late_merger::<Nodes>, Some(2)),
    ("merge of nodes, walk", walk::<Nodes>, None),
];
