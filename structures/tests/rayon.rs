//! Parallel iteration meets each entry once.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;
use structures::hash_map::InlineHashMap;
use structures::testing::maps::Hash;
use structures::{HashMap, HashSet, SkipMap, SkipSet, Smr};

/// How often each of so many keys has been met.
struct Met(Vec<AtomicU32>);

impl Met {
    fn none_of(keys: u32) -> Met {
        Met((0..keys).map(|_| AtomicU32::new(0)).collect())
    }

    fn meet(&self, key: u32) {
        if let Some(met) = self.0.get(key as usize) {
            met.fetch_add(1, Relaxed);
        }
    }

    fn assert_each_once(&self) {
        let often = self.0.iter().map(|met| met.load(Relaxed));
        assert!(often.clone().all(|often| often == 1), "{:?}", often.max());
    }
}

/// More threads than processors, so that ranges are split often.
fn in_a_pool(f: impl FnOnce() + Send) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build();
    pool.unwrap().install(f);
}

fn each_is_met_once<const KEPT: u64>() {
    for size in [
        0,
        1,
        2,
        10,
        50,
        1_000,
        30_000 / (1 + KEPT.min(1) as u32 * 9),
    ] {
        let map: HashMap<u32, u32, Hash<KEPT>> = (0..size).map(|n| (n, n)).collect();
        let met = Met::none_of(size);
        let map = map.pin_owned();
        map.par_iter().for_each(|(&key, &value)| {
            assert_eq!(key, value);
            met.meet(key);
        });
        met.assert_each_once();

        let set: HashSet<u32, Hash<KEPT>> = (0..size).collect();
        let met = Met::none_of(size);
        set.pin_owned().par_iter().for_each(|&key| met.meet(key));
        met.assert_each_once();

        let inline: InlineHashMap<u32, u32, Hash<KEPT>> = (0..size).map(|n| (n, n)).collect();
        let met = Met::none_of(size);
        inline.par_iter().for_each(|(key, value)| {
            assert_eq!(key, value);
            met.meet(key);
        });
        met.assert_each_once();
    }
}

#[test]
fn each_entry_is_met_once() {
    in_a_pool(|| {
        each_is_met_once::<0>();
        each_is_met_once::<3>();
    });
}

#[test]
fn each_entry_that_stays_is_met_once_beside_growth() {
    const STAY: u32 = 2_000;
    in_a_pool(|| {
        for _ in 0..20 {
            let map: HashMap<u32, u32> = HashMap::builder().domain(&Smr::new()).build();
            let inline = InlineHashMap::<u32, u32>::new();
            (&map).extend((0..STAY).map(|n| (n, n)));
            (0..STAY).for_each(|n| assert_eq!(inline.insert(n, n), None));
            let done = AtomicBool::new(false);
            std::thread::scope(|s| {
                s.spawn(|| {
                    for n in STAY..STAY + 50_000 {
                        map.pin().insert(n, n);
                        inline.insert(n, n);
                        map.pin().remove(&(n - 500).max(STAY));
                        inline.remove(&(n - 500).max(STAY));
                        if done.load(Relaxed) {
                            break;
                        }
                    }
                });
                for _ in 0..5 {
                    let (met, met_inline) = (Met::none_of(STAY), Met::none_of(STAY));
                    let pinned = map.pin_owned();
                    pinned.par_iter().for_each(|(&key, _)| met.meet(key));
                    inline.par_iter().for_each(|(key, _)| met_inline.meet(key));
                    met.assert_each_once();
                    met_inline.assert_each_once();
                }
                done.store(true, Relaxed);
            });
        }
    });
}

#[test]
fn searches_end_early() {
    let map: HashMap<u32, u32> = (0..10_000).map(|n| (n, n)).collect();
    let inline: InlineHashMap<u32, u32> = (0..10_000).map(|n| (n, n)).collect();
    assert!(map.pin_owned().par_iter().any(|(&key, _)| key == 77));
    assert_eq!(
        inline.par_iter().find_any(|&(key, _)| key == 77),
        Some((77, 77))
    );
}

#[test]
fn they_are_made_of_parallel_iterators_and_given_up_to_them() {
    in_a_pool(|| {
        let numbers = 0..20_000u32;
        let text = |n: u32| (n, n.to_string());
        let mut map: HashMap<u32, String> = numbers.clone().into_par_iter().map(text).collect();
        map.par_extend((10_000..30_000).into_par_iter().map(text));
        assert_eq!(map.len(), 30_000);
        assert!(map.into_par_iter().all(|(n, text)| text == n.to_string()));

        let mut set: HashSet<u32> = numbers.clone().into_par_iter().collect();
        set.par_extend(10_000..30_000);
        assert_eq!(set.len(), 30_000);
        assert_eq!(
            set.into_par_iter().map(u64::from).sum::<u64>(),
            30_000 * 29_999 / 2
        );

        let all = |map: SkipMap<u32, String>| {
            let entries: Vec<_> = map.into_par_iter().collect();
            entries.into_iter().eq((0..30_000).map(text))
        };
        let mut map: SkipMap<u32, String> = numbers.clone().into_par_iter().map(text).collect();
        map.check();
        map.par_extend((10_000..30_000).into_par_iter().map(text));
        map.check();
        assert!(map.len() == 30_000 && all(map));
        let map = SkipMap::new();
        (&map).par_extend((0..30_000).into_par_iter().rev().map(text));
        assert!(all(map));
        let mut set: SkipSet<u32> = numbers.clone().into_par_iter().collect();
        set.par_extend(10_000..30_000);
        assert!(set.pin().iter().copied().eq(0..30_000));

        let mut map: InlineHashMap<u32, u32> = numbers.into_par_iter().map(|n| (n, n)).collect();
        map.par_extend((10_000..30_000).into_par_iter().map(|n| (n, n)));
        assert_eq!(map.len(), 30_000);
        assert!(map.par_iter().all(|(key, value)| key == value));
        assert_eq!(
            map.into_par_iter()
                .filter(|(key, value)| key == value)
                .count(),
            30_000
        );
    });
}
