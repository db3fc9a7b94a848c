//! Suite `routes`: tables of routes that are looked up by the longest prefix of an address.

mod flap;
pub(crate) mod given;
mod load;
mod lookup;
pub(crate) mod table;

use super::maps::{self, tier};
use crate::subjects::routes::{
    Ip4, Ip6, LevelCompressed, LockedTreebitmap, LockedTrie, Longest, OwnTreebitmap, OwnTrie,
    Patricia, Prefixes, Routes,
};
use crate::suite::{Case, Subject, Suite, Tier};
use flap::{beside, idle, update};
use given::Tabled;
use load::{bytes, load};
use lookup::lookup;

pub(super) const SUITE: Suite = Suite {
    name: "routes",
    about: "longest prefixes of IPv4 and IPv6 addresses: lookups, updates beside them, memory",
    cases,
};

/// The subjects that the others are set against: for one thread, and for several.
const REFERENCE: &str = "prefix-trie";
const SHARED_REFERENCE: &str = "RwLock<prefix-trie>";

/// Some of the tables, each measured by the same generic function.
macro_rules! tables {
    ($make:ident $args:tt; $family:ty; $($table:ident),+ $(,)?) => {
        vec![$($make::<$family, $table<$family>> $args),+]
    };
}

fn cases() -> Vec<Case> {
    let mut cases = cases_of::<Ip4>();
    cases.extend(cases_of::<Ip6>());
    cases
}

fn cases_of<F: Tabled>() -> Vec<Case> {
    let mut cases: Vec<Case> = [1, 2, 8].map(lookup_case::<F>).into();
    cases.extend([1, 2, 7].map(beside_case::<F>));
    let mut add = |name, tables| cases.push(case::<F>(name, 1, Tier::Full, tables));
    let mut tables =
        tables![load(); F; Prefixes, OwnTrie, OwnTreebitmap, Patricia, LevelCompressed];
    tables.extend(tables![load(); F; LockedTrie, LockedTreebitmap]);
    add(format!("{}: load of the whole table", F::NAME), tables);
    let mut tables = tables![update(); F; Prefixes, OwnTrie, OwnTreebitmap];
    tables.extend(tables![update(); F; LockedTrie, LockedTreebitmap]);
    add(format!("{}: withdraw, announce again", F::NAME), tables);
    let tables = tables![bytes(); F; Prefixes, OwnTrie, OwnTreebitmap, Patricia, LevelCompressed];
    add(load::bytes_name::<F>(), tables);
    cases
}

fn lookup_case<F: Tabled>(threads: usize) -> Case {
    let mut tables = tables![lookup(threads); F; Prefixes];
    if threads == 1 {
        let alone = tables![lookup(1); F; OwnTrie, OwnTreebitmap, Patricia];
        tables.extend(alone);
    }
    tables.extend(tables![lookup(threads); F; LevelCompressed]);
    let locked = tables![lookup(threads); F; LockedTrie, LockedTreebitmap].into_iter();
    tables.extend(locked.map(Subject::slow));
    let name = format!("{}: longest match", F::NAME);
    case::<F>(name, threads, tier(threads == 1), tables)
}

fn beside_case<F: Tabled>(readers: usize) -> Case {
    let usual = tables![beside_and_idle(readers); F; Prefixes, LockedTrie];
    let slow = tables![beside_and_idle(readers); F; LockedTreebitmap];
    let slow = slow.into_iter().flatten().map(Subject::slow);
    let tables = usual.into_iter().flatten().chain(slow).collect();
    let name = format!("{}: longest match beside a writer", F::NAME);
    case::<F>(name, readers + 1, tier(readers == 1), tables)
}

/// What the writer costs the readers is the difference.
fn beside_and_idle<F: Tabled, M: Routes<F>>(readers: usize) -> [Subject; 2] {
    [beside::<F, M>(readers), idle::<F, M>(readers)]
}

fn case<F: Tabled>(name: String, threads: usize, tier: Tier, tables: Vec<Subject>) -> Case {
    let reference = if threads == 1 {
        REFERENCE
    } else {
        SHARED_REFERENCE
    };
    maps::case(
        reference,
        &name,
        threads,
        F::given().len() as u64,
        tier,
        tables,
    )
}

/// # Panics
/// If the table is for one thread and the case is not.
fn check_shared<F: Tabled, M: Longest<F>>(threads: usize) {
    assert!(threads == 1 || M::SHARED, "{} is not shared", M::NAME);
}

/// # Panics
/// Ends the run.
#[cold]
fn wrong<F: Tabled, M: Longest<F>>(address: F::Address, found: Option<u32>) -> ! {
    panic!("{} answers {found:?} for {address:?}", M::NAME);
}
