//! Values whose drops panic, of prefixes that are removed: each is dropped once.

use structures::testing::balanced::panics;
use structures::testing::payload::{Counted, Tally};
use structures::{RadixMap, Smr};

/// Panics when it is dropped, if its number is even.
struct Bomb(Counted);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0.number().is_multiple_of(2) && !std::thread::panicking() {
            std::panic::panic_any("on purpose");
        }
    }
}

#[test]
fn drops_may_panic() {
    let tally = Tally::default();
    let mut map = RadixMap::new_in(&Smr::new());
    for n in 0..500_u64 {
        map.pin().insert(format!("{n}"), Bomb(tally.item(n)));
    }
    let removed = ["1", "22", "333", "4", "5x"].map(|prefix| {
        let mut removed = 0;
        assert!(
            !panics(|| removed = map.pin().remove_prefix(prefix)),
            "drops are not its own"
        );
        removed
    });
    assert_eq!(removed, [111, 11, 1, 111, 0]);
    while panics(|| map.flush()) {}
    assert_eq!((map.len(), tally.alive()), (266, 266));
    map.check();
    assert!(!panics(|| map.pin().clear()), "drops are not its own");
    while panics(|| map.flush()) {}
    assert!(map.is_empty() && tally.alive() == 0);
}
