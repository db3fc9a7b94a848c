//! Second looks: what has been otherwise between two of them is noticed.

use super::super::core::{Core, End, Path};
use super::super::exact::{Look, Record, Side};
use super::super::pop::{Pop, Verdict};
use super::super::stamp;
use super::Map;

/// What an exact answer has looked at has not been anything else meanwhile, or it is not taken for the same.
#[test]
fn what_comes_and_goes_is_noticed() {
    fn case(name: &str, keys: &[&str], side: Side, changes: impl Fn(&Map<String>)) {
        let map = Map::new();
        for key in keys {
            map.insert(&key.to_string(), 1);
        }
        let section = map.smr.enter();
        let look = || {
            let (mut path, mut record) = (Path::new(), Record::new(&map.core));
            let found = |word| Core::entry(word, &section);
            map.core
                .search(&section, side, None, &mut path, &mut record, found);
            record
        };
        let record = look();
        assert!(
            record.holds(&map.core, &section),
            "{name}: nothing has changed"
        );
        let before = map.end(side);
        changes(&map);
        assert_eq!(map.end(side), before, "{name}: as before");
        assert!(!record.holds(&map.core, &section), "{name}");
        assert!(
            look().holds(&map.core, &section),
            "{name}: of what is there now"
        );
    }
    let passes = |key: &'static str| {
        move |map: &Map<String>| {
            assert_eq!(map.insert(&key.to_string(), 2), None);
            assert_eq!(map.remove(&key.to_string()), Some(2));
        }
    };
    case("an empty map", &[], Side::First, passes("a"));
    case("a byte is claimed", &["b", "c"], Side::First, passes("a"));
    case("a term", &["b", "c"], Side::First, passes(""));
    case("a slot with a number", &["b", "c"], Side::First, |map| {
        passes("a")(map);
        passes("a")(map);
    });
    case(
        "a node above another",
        &["ba", "bb"],
        Side::First,
        passes("a"),
    );
    case(
        "a node below the root",
        &["ba", "bb", "c"],
        Side::First,
        passes("b"),
    );
    case(
        "a node in place of an entry",
        &["b"],
        Side::Last,
        passes("ba"),
    );
    case("another entry with the key", &["b"], Side::Last, |map| {
        let old = map.insert(&"b".to_string(), 1);
        assert_eq!(old, Some(1));
    });
}

/// A removal whose thread stops before it looks after nodes.
fn remove_and_stop(map: &Map<String>, key: &str) {
    let section = map.smr.enter();
    let mut path = Path::new();
    let found = map.core.find(&section, key.as_bytes(), &mut path);
    assert!(matches!(found, End::Found(_)));
    assert!(map.core.install(&path, stamp::empty(), &section));
    let step = path.last().expect("the entry's slot");
    // SAFETY: taken out just now.
    unsafe { map.core.memory.retire(step.word) };
    map.core.count.add(-1);
}

/// Two keys of a node below the root's, which goes when both are removed at once.
fn put_two(map: &Map<String>, letter: &str) {
    map.insert(&format!("{letter}1"), 1);
    map.insert(&format!("{letter}2"), 1);
}

fn take_two(map: &Map<String>, letter: &str) {
    remove_and_stop(map, &format!("{letter}1"));
    map.remove(&format!("{letter}2"));
}

/// "a" and "b" take turns, each in a node of its own: "c" never is the first, though both are found empty twice.
#[test]
fn a_node_that_goes_leaves_another_empty_slot_than_before() {
    let map = Map::new();
    put_two(&map, "a");
    put_two(&map, "b");
    map.insert(&"c".to_string(), 1);
    take_two(&map, "a");
    let section = map.smr.enter();
    let (mut one, mut two) = (Record::new(&map.core), Record::new(&map.core));
    let root = one.slot(&map.core.root);
    let node = Core::<String, u64>::node(root, &section).expect("a node");
    one.claims(node);
    assert!(one.slot(node.find(b'a').expect("claimed")).is_empty());
    put_two(&map, "a");
    take_two(&map, "b");
    assert!(two.slot(node.find(b'b').expect("claimed")).is_empty());
    put_two(&map, "b");
    take_two(&map, "a");
    let is_a_the_same = one.holds(&map.core, &section);
    put_two(&map, "a");
    take_two(&map, "b");
    let is_b_the_same = two.holds(&map.core, &section);
    assert!(!is_a_the_same && !is_b_the_same);
}

/// Two threads have stopped when their pops were decided; two others pop from both sides, and one of them gets on.
#[test]
fn pops_do_not_undo_each_other_beside_stopped_ones() {
    let map = Map::new();
    for key in ["a", "b", "c"] {
        map.insert(&key.to_string(), 1);
    }
    let section = map.smr.enter();
    let core = &map.core;
    let search = |side| {
        let (mut path, mut record) = (Path::new(), Record::new(core));
        let found = |word| Core::<String, u64>::undecided(word, &section);
        core.search(&section, side, None, &mut path, &mut record, found);
        (path, record)
    };
    // What `pop` does, up to where its pop is there.
    let begin = |side| {
        let (mut path, mut record) = search(side);
        let step = *path.last().expect("an entry");
        let pop = core.memory.pop(Pop::new(step.word, side), &section);
        assert!(core.install(&path, pop, &section));
        path.last_mut().expect("the slot").word = pop;
        record.forget_last();
        (path, record, pop)
    };
    for side in [Side::First, Side::Last] {
        let (_, record, pop) = begin(side);
        assert!(record.holds(core, &section));
        let pop = Core::<String, u64>::pop_of(pop, &section).expect("a pop");
        assert!(pop.decide(Verdict::Taken).is_taken());
        core.count.add(-1);
    }
    let (_, _, word) = begin(Side::First);
    let (met, noted) = search(Side::Last);
    assert!(met.last().expect("the pop's slot").word == word);
    core.help(&section, &met, &noted, Side::Last);
    let pop = Core::<String, u64>::pop_of(word, &section).expect("a pop");
    assert!(
        pop.verdict().is_taken(),
        "it is the first: it was helped to get on"
    );
}
