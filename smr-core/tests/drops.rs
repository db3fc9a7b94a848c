//! Drops that panic, come back into the machinery, block, or borrow.

mod common;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};

use common::{
    Holder, Item, OnDrop, Tally, domains, eager_domains, eventually, flush_in_vain, guarded,
    message, panic_of, retire_new, settle,
};
use smr_core::{Atomic, Deferred, Shared, Smr, Zone};

/// An item that panics when it is dropped, if it is told to.
struct Bomb(
    Option<&'static str>,
    #[allow(dead_code, reason = "dropped")] Item,
);

impl Drop for Bomb {
    fn drop(&mut self) {
        if let Some(text) = self.0 {
            panic!("{text}");
        }
    }
}

/// Ten items, two of which panic.
fn mine(zone: &Zone<Bomb>, tally: &Tally) {
    for i in 0..10 {
        let bomb = [(3, "one"), (7, "two")].into_iter().find(|b| b.0 == i);
        retire_new(zone, Bomb(bomb.map(|b| b.1), tally.item()));
    }
}

/// Ours: a drop that panics in mid-bucket; the others run all the same, and the first panic goes on.
#[test]
fn a_panicking_drop_goes_on_from_flush_barrier_reclaim_and_the_zones_drop() {
    let ways: [fn(Zone<Bomb>); 4] = [
        |zone| settle(&zone),
        |zone| zone.barrier(),
        |zone| {
            zone.smr().synchronize();
            flush_in_vain(&zone);
        },
        drop,
    ];
    for smr in domains() {
        for way in ways {
            let tally = Tally::new();
            let zone = Zone::new_in(&smr);
            mine(&zone, &tally);
            let text = panic_of(|| way(zone));
            assert!(text == "one" || text == "two", "{text}");
            assert_eq!((tally.made(), tally.alive()), (10, 0), "{smr:?}");
        }
    }
}

/// The zone is usable, and empty, after the panic.
#[test]
fn a_zone_survives_a_panicking_drop() {
    for smr in domains() {
        let tally = Tally::new();
        let mut zone = Zone::new_in(&smr);
        for _ in 0..5 {
            mine(&zone, &tally);
            assert!(!panic_of(|| settle(&zone)).is_empty());
            settle(&zone);
            assert_eq!(tally.alive(), 0);
            zone.check();
        }
        assert_eq!(zone.stats().drop_panics, 10);
        assert_eq!(zone.stats().unreclaimed_items(), 0);
    }
}

/// Where nobody asked for drops a panic of theirs is counted, not thrown.
#[test]
fn a_panic_in_alloc_or_retire_is_counted() {
    let smr = Smr::new();
    let tally = Tally::new();
    let zone = Zone::with_cache_bytes(&smr, 1);
    for _ in 0..20_000 {
        retire_new(&zone, Bomb(Some("counted"), tally.item()));
    }
    let counted = zone.stats().drop_panics;
    assert!(counted > 0, "no drop has run in twenty thousand retires");
    assert_eq!(counted, tally.dropped() as u64);
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| zone.flush()));
    settle(&zone);
    assert_eq!(tally.alive(), 0);
}

#[test]
fn a_panicking_deferred_closure_goes_on_from_the_domains_barrier_and_flush() {
    let smr = Smr::new();
    let tally = Tally::new();
    let way: [fn(&Smr); 2] = [
        |s| s.barrier(),
        |s| eventually("all run", || s.flush() == 0),
    ];
    for way in way {
        let (one, two) = (tally.item(), tally.item());
        smr.defer(move || drop(one));
        smr.defer(|| panic!("deferred"));
        smr.defer(move || drop(two));
        assert_eq!(panic_of(|| way(&smr)), "deferred");
        assert_eq!(tally.alive(), 0);
    }
    smr.defer(|| panic!("at the end"));
    assert_eq!(panic_of(|| drop(smr)), "at the end");
}

/// A panic whose payload panics when it is dropped: once in every way a drop can be run.
#[test]
fn a_payload_that_panics_does_no_harm() {
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("the payload, on purpose");
            }
        }
    }
    let bomb = || OnDrop::new(|| std::panic::panic_any(Payload));
    let survive = |f: &dyn Fn()| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
            std::mem::forget(panic);
        }
    };
    guarded(move || {
        for smr in eager_domains() {
            let zone = Zone::new_in(&smr);
            // Until retire has run some: it scans now and then only.
            let mut retired = 0;
            while retired < 2_000 || zone.stats().drop_panics == 0 {
                retire_new(&zone, bomb());
                retired += 1;
                assert!(retired < 1_000_000, "retire runs no drops");
            }
            survive(&|| assert!(zone.flush() < retired));
            for _ in 0..10 {
                retire_new(&zone, bomb());
            }
            survive(&|| assert!(zone.reclaim(usize::MAX) <= 10));
            for _ in 0..10 {
                retire_new(&zone, bomb());
            }
            survive(&|| zone.barrier());
            zone.barrier(); // nobody is left with a drop under way
            assert_eq!(zone.stats().drop_panics, retired as u64 + 20);
            for _ in 0..100 {
                retire_new(&zone, bomb());
            }
            let zone = std::cell::Cell::new(Some(zone));
            survive(&|| drop(zone.take()));
        }
    });
}

/// Dropping a zone while the thread panics must not abort it by a second panic.
#[test]
fn a_zone_dropped_in_a_panic_swallows_its_items_panics() {
    let tally = Tally::new();
    let text = panic_of(|| {
        let zone = Zone::new();
        mine(&zone, &tally);
        panic!("the first");
    });
    assert_eq!(text, "the first");
    assert_eq!(tally.alive(), 0);
}

/// The payload for drops that use their own zone.
type Loop = Zone<OnDrop>;

fn looped() -> &'static Loop {
    common::leaked(Zone::new_in(common::static_domain()))
}

/// kovan 8d1351c: a flush inside a drop inside a flush; folly b481341cb, 1ff732d11: callbacks that ran
/// under the machinery's own lock. A drop may do all of this, in flush and in retire.
#[test]
fn a_drop_may_enter_alloc_retire_flush_and_drop_zones() {
    guarded(|| {
        let zone = looped();
        let tally = Tally::new();
        for i in 0..2_000 {
            let (item, inner) = (tally.item(), tally.item());
            let tally = tally.clone();
            retire_new(
                zone,
                OnDrop::new(move || {
                    let guard = zone.enter();
                    let mut nested = zone.enter();
                    nested.repin();
                    drop(zone.alloc(OnDrop::new(move || drop(inner))));
                    retire_new(zone, OnDrop::new(move || drop(item)));
                    zone.flush();
                    zone.reclaim(10);
                    zone.smr().poll(zone.smr().advance());
                    drop(guard);
                    let other = Zone::new_in(zone.smr());
                    retire_new(&other, tally.item());
                    drop(other);
                    zone.smr().defer(|| {});
                    zone.smr().flush();
                }),
            );
            if i % 100 == 0 {
                zone.flush();
            }
        }
        settle(zone);
        assert_eq!((tally.made(), tally.alive()), (6_000, 0));
    });
}

/// sdd 4.8.x: a thread spawned in a drop raced with the collector's exit.
#[test]
fn a_drop_may_spawn_a_thread_that_uses_the_zone() {
    guarded(|| {
        let zone = looped();
        let tally = Tally::new();
        for _ in 0..50 {
            let (now, later) = (tally.item(), tally.item());
            retire_new(
                zone,
                OnDrop::new(move || {
                    let worker = std::thread::spawn(move || {
                        let guard = zone.enter();
                        retire_new(zone, OnDrop::new(move || drop(now)));
                        drop(guard);
                        zone.flush();
                    });
                    worker.join().unwrap();
                    std::thread::spawn(move || retire_new(zone, OnDrop::new(move || drop(later))));
                }),
            );
            settle(zone);
        }
        eventually("every item is dropped", || {
            zone.flush();
            tally.alive() == 0
        });
    });
}

/// Each drop retires the next: a list, reclaimed from its head.
struct Link {
    next: usize,
    zone: &'static OnceLock<Zone<Link>>,
    depth: &'static AtomicUsize,
    seen: &'static AtomicUsize,
}

impl Drop for Link {
    fn drop(&mut self) {
        let depth = self.depth.fetch_add(1, SeqCst);
        assert!(depth == 0, "drops nest");
        self.seen.fetch_add(1, SeqCst);
        if self.next > 0 {
            let zone = self.zone.get().expect("set");
            retire_new(
                zone,
                Link {
                    next: self.next - 1,
                    ..*self
                },
            );
            zone.flush();
        }
        self.depth.fetch_sub(1, SeqCst);
    }
}

/// seize f803837, 90b9e7b: retiring recursively overflowed the stack, or was lost.
#[test]
fn a_chain_of_drops_that_retire_needs_no_stack() {
    const LENGTH: usize = 100_000;
    static ZONE: OnceLock<Zone<Link>> = OnceLock::new();
    static DEPTH: AtomicUsize = AtomicUsize::new(0);
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(|| {
            let zone = ZONE.get_or_init(|| Zone::new_in(common::static_domain()));
            let first = Link {
                next: LENGTH - 1,
                zone: &ZONE,
                depth: &DEPTH,
                seen: &SEEN,
            };
            retire_new(zone, first);
            let mut rounds = 0;
            while zone.flush() > 0 {
                rounds += 1;
                assert!(rounds < 10 * LENGTH, "the chain does not end");
            }
            assert_eq!(zone.stats().drop_panics, 0);
        })
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(SEEN.load(SeqCst), LENGTH);
}

/// Deferred closures may borrow what outlives the zone.
#[test]
fn a_deferred_closure_may_borrow() {
    let ran = AtomicUsize::new(0);
    let texts = vec![String::from("borrowed"); 50];
    let zone: Zone<Deferred<'_>> = Zone::new();
    let ran_here = &ran;
    for text in &texts {
        zone.defer(move || {
            assert_eq!(text, "borrowed");
            ran_here.fetch_add(1, Relaxed);
        });
    }
    drop(zone);
    assert_eq!(ran.load(Relaxed), 50);
}

/// Items may borrow, and be neither `Send` nor `Sync`, in a zone that stays in its thread.
#[test]
fn a_zone_may_hold_what_is_not_static_and_not_send() {
    let log = RefCell::new(Vec::new());
    struct Note<'a>(&'a RefCell<Vec<Rc<u32>>>, Rc<u32>);
    impl Drop for Note<'_> {
        fn drop(&mut self) {
            self.0.borrow_mut().push(Rc::clone(&self.1));
        }
    }
    let zone = Zone::new();
    for i in 0..100 {
        retire_new(&zone, Note(&log, Rc::new(i)));
    }
    settle(&zone);
    retire_new(&zone, Note(&log, Rc::new(100)));
    drop(zone);
    let mut seen: Vec<u32> = log.take().iter().map(|n| **n).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..=100).collect::<Vec<_>>());
}

/// A zone's drop waits for nobody: a section elsewhere in the domain cannot hold a reference into it.
#[test]
fn a_zones_drop_runs_pending_drops_at_once() {
    for smr in domains() {
        let tally = Tally::new();
        let holder = Holder::of(&smr);
        let zone = Zone::new_in(&smr);
        std::thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| (0..500).for_each(|_| retire_new(&zone, tally.item())));
            }
        });
        assert_eq!(tally.alive(), 1_500);
        let guard = smr.enter(); // not even one's own section matters
        drop(zone);
        assert_eq!(tally.alive(), 0);
        drop(guard);
        holder.end();
    }
}

/// What was never retired is not the zone's to drop; `dispose` and `Owned` drop at once.
#[test]
fn owned_items_and_disposed_ones_are_dropped_at_once() {
    let tally = Tally::new();
    let zone = Zone::new();
    drop(zone.alloc(tally.item()));
    assert_eq!(tally.alive(), 0);
    drop(zone.alloc(tally.item()).into_inner());
    assert_eq!(tally.alive(), 0);
    let mut cell = Atomic::new(zone.alloc(tally.item()));
    let last = cell.get_mut();
    // SAFETY: `cell` is exclusively borrowed, so nobody else can reach the item.
    unsafe { zone.dispose(last) };
    assert_eq!(tally.alive(), 0);
    // SAFETY: null is ignored.
    unsafe { zone.dispose(Shared::null()) };
    let text = panic_of(|| drop(zone.alloc_bomb()));
    assert_eq!(text, "owned");
}

trait AllocBomb {
    fn alloc_bomb(&self) -> OnDrop;
}

impl AllocBomb for Zone<Item> {
    /// An owned item of another zone that panics in its drop, within that zone's `Owned`.
    fn alloc_bomb(&self) -> OnDrop {
        OnDrop::new(|| {
            let zone = Zone::new();
            drop(zone.alloc(OnDrop::new(|| panic!("owned"))));
        })
    }
}

/// A compare-and-swap that fails gives the new item back; it is dropped once.
#[test]
fn a_failed_exchange_returns_the_item() {
    let tally = Tally::new();
    let zone = Zone::new();
    let cell = Atomic::new(zone.alloc(tally.item()));
    let guard = zone.enter();
    let error = cell
        .compare_exchange(
            Shared::null(),
            zone.alloc(tally.item()),
            AcqRel,
            Acquire,
            &guard,
        )
        .expect_err("the cell is not null");
    assert_eq!(error.current, cell.load(Acquire, &guard));
    assert_eq!(tally.alive(), 2);
    drop(error);
    assert_eq!(tally.alive(), 1);
    // SAFETY: unlinked by the swap, of the zone.
    unsafe { zone.retire(cell.swap(Shared::null(), AcqRel, &guard)) };
    drop(guard);
    settle(&zone);
    assert_eq!(tally.alive(), 0);
}

/// The message helper reads both kinds of payload.
#[test]
fn a_panics_payload_comes_through_unchanged() {
    let zone = Zone::new();
    retire_new(&zone, OnDrop::new(|| std::panic::panic_any(42_u8)));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| zone.barrier()));
    let payload = caught.expect_err("it panics");
    assert_eq!(payload.downcast_ref::<u8>(), Some(&42));
    assert_eq!(message(&*payload), "");
}
