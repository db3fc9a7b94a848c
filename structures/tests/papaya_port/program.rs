// A small program of concurrent maps, for whichever crate is called `maps` where this is included. It tells
// what it has seen, line by line.

use std::fmt::Debug;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, RandomState};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use self::maps::{
    Compute, Equivalent, Guard, HashMap, HashMapBuilder, HashMapRef, HashSet, HashSetBuilder,
    HashSetRef, LocalGuard, OccupiedError, Operation,
};

type Fixed = BuildHasherDefault<DefaultHasher>;

/// Which documents have a word, and how often words were asked for.
struct Index {
    places: HashMap<String, Vec<u32>>,
    asked: HashMap<String, u64, Fixed>,
    documents: HashSet<u32>,
}

impl Index {
    fn new() -> Index {
        let asked: HashMapBuilder<String, u64, Fixed> =
            HashMap::builder().capacity(16).hasher(Fixed::new());
        let documents: HashSetBuilder<u32> = HashSet::builder().capacity(10);
        Index {
            places: HashMap::with_capacity(8),
            asked: asked.build(),
            documents: documents.build(),
        }
    }

    fn guard(&self) -> impl Guard + '_ {
        self.places.guard()
    }

    fn add(&self, document: u32, text: &str, guard: &impl Guard) {
        if !self.documents.pin().insert(document) {
            return;
        }
        for word in text.split_whitespace() {
            let add = |places: &Vec<u32>| [places.as_slice(), &[document]].concat();
            let places =
                self.places
                    .update_or_insert_with(word.to_string(), add, || vec![document], guard);
            assert!(places.contains(&document));
        }
    }

    fn places<'g>(&'g self, word: &str, guard: &'g impl Guard) -> Option<&'g [u32]> {
        self.asked
            .pin()
            .update_or_insert(word.to_string(), |n| n + 1, 1);
        Some(self.places.get(word, guard)?.as_slice())
    }

    /// Takes a document out; a word without documents goes.
    fn forget(&self, document: u32) {
        let documents: HashSetRef<'_, u32, RandomState, LocalGuard<'_>> = self.documents.pin();
        documents.remove(&document);
        let places: HashMapRef<'_, String, Vec<u32>, RandomState, LocalGuard<'_>> =
            self.places.pin();
        for word in places.keys() {
            let result = places.compute(word.clone(), |entry| match entry {
                Some((_, places)) if *places == [document] => Operation::Remove,
                Some((_, places)) if places.contains(&document) => {
                    let left = places.iter().filter(|&&place| place != document);
                    Operation::Insert(left.copied().collect())
                }
                _ => Operation::Abort(()),
            });
            match result {
                Compute::Updated { old, new } => assert!(new.1.len() < old.1.len()),
                Compute::Removed(_, places) => assert_eq!(places.len(), 1),
                Compute::Inserted(..) => unreachable!(),
                Compute::Aborted(()) => {}
            }
        }
    }
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort();
    items
}

fn run_to_end<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Holds an owned guard across `.await`; the future may be sent.
async fn sum_slowly(map: &HashMap<&'static str, u64>) -> u64 {
    let map = map.pin_owned();
    let mut sum = 0;
    for (_, n) in map.iter() {
        std::future::ready(()).await;
        sum += n;
    }
    sum
}

fn sent<F: Future + Send>(future: F) -> F {
    future
}

/// Generic in everything that a caller may choose.
fn take_all<K, V, S>(map: &HashMap<K, V, S>, keys: &[K], guard: &impl Guard) -> Vec<V>
where
    K: Hash + Eq,
    V: Clone,
    S: BuildHasher,
{
    let taken = keys.iter().filter_map(|key| map.remove(key, guard));
    taken.cloned().collect()
}

fn move_all<K, S>(from: &HashSet<K, S>, to: &HashSet<K, S>, keys: &[K], guard: &impl Guard) -> usize
where
    K: Hash + Eq + Clone,
    S: BuildHasher,
{
    let moved = keys.iter().filter(|key| from.remove(*key, guard));
    moved.filter(|key| to.pin().insert((*key).clone())).count()
}

#[derive(Hash, PartialEq, Eq, Debug, Clone)]
struct Name(String, u8);

#[derive(Hash)]
struct Borrowed<'s>(&'s str, u8);

impl Equivalent<Name> for Borrowed<'_> {
    fn equivalent(&self, key: &Name) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

pub(super) fn run() -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |what: &dyn Debug| told.push(format!("{what:?}"));

    let index = Index::new();
    std::thread::scope(|s| {
        for document in 0..4u32 {
            let index = &index;
            s.spawn(move || {
                let guard = index.guard();
                index.add(
                    document,
                    &format!("all {document} {}", document % 2),
                    &guard,
                );
                index.add(document, "ignored", &guard);
            });
        }
    });
    let guard = index.guard();
    tell(
        &index
            .places("all", &guard)
            .map(|places| sorted(places.to_vec())),
    );
    tell(&index.places("none", &guard));
    tell(
        &index
            .places("1", &guard)
            .map(|places| sorted(places.to_vec())),
    );
    index.forget(1);
    index.forget(3);
    tell(&sorted(index.places.pin().keys().cloned()));
    tell(&sorted(index.asked.pin().values().copied()));
    tell(&sorted(index.documents.pin().iter().copied()));
    drop(guard);

    let map: HashMap<&str, u64> = [("a", 1), ("b", 2)].into_iter().collect();
    tell(&run_to_end(sent(sum_slowly(&map))));
    tell(&map.pin().try_insert("a", 5));
    tell(&map.pin().try_insert("c", 3));
    let pinned = map.pin();
    if let Err(OccupiedError {
        current,
        not_inserted,
    }) = pinned.try_insert("c", 4)
    {
        tell(&(current, not_inserted));
    }
    tell(&pinned.try_insert_with("d", || 4));
    tell(&pinned.try_insert_with("d", || 5));
    tell(&pinned.insert("d", 6));
    tell(&(
        pinned.get_or_insert("e", 7),
        pinned.get_or_insert_with("e", || 8),
    ));
    tell(&(pinned.update("e", |n| n + 1), pinned.update("f", |n| n + 1)));
    tell(&(
        pinned.get_key_value("e"),
        pinned.contains_key("f"),
        pinned.get("g"),
    ));
    tell(&pinned.remove_if("e", |_, n| *n == 0));
    tell(&pinned.remove_if("e", |_, n| *n == 8));
    tell(&pinned.remove_if("e", |_, _| true));
    tell(&(pinned.remove_entry("d"), pinned.remove("d")));
    tell(&pinned.compute("z", |_| Operation::<u64, _>::Abort("untouched")));
    tell(&(pinned.len(), pinned.is_empty(), pinned.map().len()));
    tell(&sorted(pinned.iter()));
    let mut sum = 0;
    for (_, n) in &pinned {
        sum += n;
    }
    tell(&sum);
    pinned.reserve(100);
    pinned.retain(|_, n| n % 2 == 1);
    let guard: LocalGuard<'_> = map.guard();
    tell(&sorted(map.iter(&guard)));
    tell(&take_all(&map, &["a", "x"], &guard));
    tell(&map.iter(&guard).map(|(key, _)| *key).collect::<Vec<_>>());
    tell(&map);

    let copy = map.clone();
    tell(&(copy == map));
    (&copy).extend([("y", 9)]);
    (&copy).extend([(&"x", &9)]);
    tell(&(copy == map, copy.len(), HashMap::from([("c", 3)]) == map));
    copy.pin().clear();
    copy.clear(&copy.owned_guard());
    tell(&copy);

    let names = HashMap::with_capacity_and_hasher(4, Fixed::new());
    names.pin().insert(Name("n".into(), 1), ());
    tell(&(
        names.pin().contains_key(&Borrowed("n", 1)),
        names.pin().get(&Borrowed("n", 2)),
    ));

    let set: HashSet<u32> = (0..10).collect();
    let guard = set.owned_guard();
    tell(&(
        set.insert(3, &guard),
        set.insert(30, &guard),
        set.remove(&4, &guard),
    ));
    tell(&(
        set.contains(&3, &guard),
        set.get(&4, &guard),
        set.len(),
        set.is_empty(),
    ));
    set.retain(|n| n % 3 == 0, &guard);
    set.reserve(5, &guard);
    tell(&sorted(set.iter(&guard)));
    (&set).extend(&[1, 2]);
    (&set).extend([5]);
    let to = HashSet::new();
    tell(&move_all(&set, &to, &[5, 5, 77], &guard));
    tell(&(to.pin(), set.insert(5, &guard)));
    let pinned = set.pin_owned();
    tell(&(
        pinned.set().len(),
        pinned.contains(&5),
        pinned.get(&6),
        pinned.insert(6),
    ));
    tell(&sorted(&pinned));
    tell(&(
        set == set.clone(),
        HashSet::from([1]) == HashSet::from([1, 2]),
    ));
    pinned.retain(|_| false);
    pinned.insert(1);
    tell(&pinned);
    pinned.clear();
    let empty = HashSet::with_hasher(Fixed::new());
    empty.clear(&empty.guard());
    empty.pin().insert("x");
    tell(&(
        &empty,
        HashSet::<u8>::default(),
        HashSet::<u8>::new(),
        HashMap::<u8, u8>::new(),
    ));
    told
}
