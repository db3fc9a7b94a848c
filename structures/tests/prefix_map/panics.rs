//! Values of a `PrefixMap` that panic, or use the map, when they are cloned or dropped: each is dropped once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use ipnet::Ipv4Net;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use structures::testing::balanced::panics;
use structures::testing::payload::{Counted, Tally};
use structures::{PrefixMap, Smr};

thread_local! {
    /// What the next clone does.
    static HOOK: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// How many clones, or drops, from now one panics; 0 for never.
#[derive(Default)]
struct Fuse(Cell<u64>);

impl Fuse {
    fn burn(&self) {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        if left == 1 && !std::thread::panicking() {
            std::panic::panic_any("on purpose");
        }
    }
}

struct Bomb {
    counted: Counted,
    clones: Rc<Fuse>,
    drops: Rc<Fuse>,
}

impl Clone for Bomb {
    fn clone(&self) -> Self {
        let hook = HOOK.take();
        hook.into_iter().for_each(|hook| hook());
        self.clones.burn();
        Bomb {
            counted: self.counted.clone(),
            clones: self.clones.clone(),
            drops: self.drops.clone(),
        }
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.drops.burn();
    }
}

/// Of few bundles.
fn some_net(random: &mut SmallRng) -> Ipv4Net {
    let octet = || [0, 1, 128, 255];
    let octets = std::array::from_fn::<u8, 4, _>(|_| octet()[random.random_range(0..4)]);
    let bits = [0, 1, 7, 8, 9, 10, 15, 16, 31, 32][random.random_range(0..10)];
    Ipv4Net::new(octets.into(), bits).unwrap().trunc()
}

type Std = BTreeMap<Ipv4Net, u64>;

/// What is in a map, which counts it right.
fn contents(map: &PrefixMap<Ipv4Net, Bomb>) -> Std {
    let all: Std = map
        .pin()
        .iter()
        .map(|(net, bomb)| (net, bomb.counted.number()))
        .collect();
    assert_eq!(map.len(), all.len(), "prefixes are counted");
    all
}

/// An operation that panics has been done, or has not; all is counted, and dropped once.
#[test]
fn clones_and_drops_may_panic() {
    for seed in 0..3 {
        let mut random = SmallRng::seed_from_u64(seed);
        let tally = Tally::default();
        let (clones, drops) = (Rc::new(Fuse::default()), Rc::new(Fuse::default()));
        let mut map = PrefixMap::new_in(&Smr::new());
        let mut panicked = 0;
        for n in 0..800 {
            let net = some_net(&mut random);
            let before = contents(&map);
            let mut after = before.clone();
            clones.0.set(random.random_range(0..8));
            drops.0.set(random.random_range(0..8));
            let did_panic = if random.random_range(0..3) < 2 {
                after.insert(net, n);
                let value = Bomb {
                    counted: tally.item(n),
                    clones: clones.clone(),
                    drops: drops.clone(),
                };
                panics(|| _ = map.pin().insert(net, value))
            } else {
                after.remove(&net);
                panics(|| _ = map.pin().remove(net))
            };
            clones.0.set(0);
            drops.0.set(0);
            panicked += u64::from(did_panic);
            let now = contents(&map);
            assert!(now == after || did_panic && now == before, "{n}: {net}");
        }
        assert!(panicked > 50, "{panicked}");
        map.check();
        assert_eq!((map.flush(), tally.alive()), (0, map.len()));
        drop(map);
        assert_eq!(tally.alive(), 0);
    }
}

/// What was made in vain panics when it is dropped: the prefix is gone by then.
#[test]
fn a_removal_is_counted_before_it_panics() {
    let tally = Tally::default();
    let (clones, drops) = (Rc::new(Fuse::default()), Rc::new(Fuse::default()));
    let bomb = |n| Bomb {
        counted: tally.item(n),
        clones: clones.clone(),
        drops: drops.clone(),
    };
    let map = Rc::new(PrefixMap::new_in(&Smr::new()));
    let [first, second] = ["10.0.0.0/9", "10.0.0.0/10"].map(|net| net.parse().unwrap());
    map.pin().insert(first, bomb(1));
    map.pin().insert(second, bomb(2));
    let (other, fuse) = (map.clone(), drops.clone());
    // A bundle of the second alone is made, and then that goes.
    let hook = move || {
        other.pin().remove(second);
        fuse.0.set(1);
    };
    HOOK.set(Some(Box::new(hook)));
    assert!(panics(|| _ = map.pin().remove(first)));
    assert_eq!(contents(&map), Std::new());
}

/// What a clone does to the map comes before the operation that clones.
#[test]
fn clones_may_use_the_map() {
    let mut random = SmallRng::seed_from_u64(1);
    let tally = Tally::default();
    let map = Rc::new(PrefixMap::new_in(&Smr::new()));
    let std = Rc::new(RefCell::new(Std::new()));
    let bomb = |n| Bomb {
        counted: tally.item(n),
        clones: Rc::default(),
        drops: Rc::default(),
    };
    let number = |bomb: Option<&Bomb>| bomb.map(|bomb| bomb.counted.number());
    for n in 0..4_000 {
        let (net, of_clone) = (some_net(&mut random), some_net(&mut random));
        // Often they share a bundle.
        let of_clone = if n % 3 == 0 { net } else { of_clone };
        let (inner, there, value) = (map.clone(), std.clone(), bomb(n + 10_000));
        let clone = move || {
            let map = inner.pin();
            if n % 2 == 0 {
                let old = there.borrow_mut().insert(of_clone, n + 10_000);
                assert_eq!(number(map.insert(of_clone, value)), old);
            } else {
                let old = there.borrow_mut().remove(&of_clone);
                assert_eq!(number(map.remove(of_clone)), old);
            }
            map.map().flush();
        };
        HOOK.set(Some(Box::new(clone)));
        let pinned = map.pin();
        let is_insertion = random.random();
        let found = match is_insertion {
            true => pinned.insert(net, bomb(n)),
            false => pinned.remove(net),
        };
        let expected = match is_insertion {
            true => std.borrow_mut().insert(net, n),
            false => std.borrow_mut().remove(&net),
        };
        let found = number(found);
        assert_eq!(found, expected, "{n}: {net}, and {of_clone}");
        drop(pinned);
        HOOK.set(None);
        assert_eq!(contents(&map), *std.borrow());
    }
    assert_eq!((map.flush(), tally.alive()), (0, map.len()));
    drop(map);
    assert_eq!(tally.alive(), 0);
}

/// Its drop changes the map, if that is still there.
#[derive(Clone)]
struct Visitor(Weak<PrefixMap<Ipv4Net, Visitor>>, Counted);

impl Drop for Visitor {
    fn drop(&mut self) {
        let Some(map) = self.0.upgrade() else {
            return;
        };
        let n = self.1.number();
        let net = Ipv4Net::new((n as u32).rotate_left(29).into(), n as u8 % 33).unwrap();
        let map = map.pin();
        match n % 3 {
            0 => _ = map.remove(net),
            1 => _ = (map.longest_match(net.addr()), map.subnets(net).count()),
            _ if map.len() < 300 => _ = map.insert(net, Visitor(Weak::new(), self.1.clone())),
            _ => _ = map.map().flush(),
        }
    }
}

#[test]
fn drops_may_use_the_map() {
    let tally = Tally::default();
    let map = Rc::new(PrefixMap::new_in(&Smr::new()));
    let mut random = SmallRng::seed_from_u64(1);
    for n in 0..8_000 {
        let net = some_net(&mut random);
        let value = Visitor(Rc::downgrade(&map), tally.item(n));
        match random.random_range(0..3) {
            0 => _ = map.pin().remove(net),
            _ => _ = map.pin().insert(net, value),
        }
    }
    // What is dropped may remove more.
    for _ in 0..100 {
        map.flush();
    }
    assert_eq!(map.flush(), 0);
    assert_eq!(
        (map.pin().iter().count(), tally.alive()),
        (map.len(), map.len())
    );
    drop(map);
    assert_eq!(tally.alive(), 0);
}
