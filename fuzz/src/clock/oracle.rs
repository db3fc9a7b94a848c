//! What must be true, kept by the simplest means: a list of open sections and the fate of each item.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// Moments in a program's order of events.
pub(super) type Moment = u64;

/// Whose section it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    Thread(usize),
    Slot(usize),
    /// Inside a single turn.
    Passing,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    domain: usize,
    owner: Owner,
    since: Moment,
    guards: usize,
}

/// What items are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    /// Has a drop, which tells.
    Item,
    /// Has none: seen when its slot is allocated again.
    Pod,
    /// A deferred closure.
    Closure,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Live,
    Retired(Moment),
    /// To be dropped without a grace period: never published, or nobody is left.
    Disposed,
    Gone,
}

#[derive(Debug)]
struct Known {
    domain: usize,
    sort: Sort,
    fate: Fate,
}

#[derive(Debug, Default)]
struct Books {
    now: Moment,
    sections: Vec<Section>,
    items: Vec<Known>,
    /// Pods that wait, by the address of their slot.
    pods: HashMap<usize, usize>,
    retired: HashMap<(usize, u8), u64>,
    reclaimed: HashMap<(usize, u8), u64>,
    closing: bool,
    failure: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Oracle(Mutex<Books>);

impl Oracle {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Keeps the first complaint.
    pub(super) fn fail(&self, why: String) {
        self.books().failure.get_or_insert(why);
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.books().failure.clone()
    }

    pub(super) fn demand(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fail(what());
        }
    }

    /// A new moment.
    pub(super) fn tick(&self) -> Moment {
        self.books().tick()
    }

    /// From now on drops do nothing but report.
    pub(super) fn close(&self) {
        self.books().closing = true;
    }

    pub(super) fn is_closing(&self) -> bool {
        self.books().closing
    }

    // ---- sections ----

    pub(super) fn entered(&self, domain: usize, owner: Owner) {
        let mut books = self.books();
        let since = books.tick();
        match books.section(domain, owner) {
            Some(at) if owner != Owner::Passing => books.sections[at].guards += 1,
            _ => books.sections.push(Section {
                domain,
                owner,
                since,
                guards: 1,
            }),
        }
    }

    /// Returns whether the section has ended.
    pub(super) fn left(&self, domain: usize, owner: Owner) -> bool {
        let mut books = self.books();
        books.tick();
        let at = books.section(domain, owner).expect("a section is open");
        books.sections[at].guards -= 1;
        let over = books.sections[at].guards == 0;
        if over {
            books.sections.remove(at);
        }
        over
    }

    /// Returns whether the section is a new one.
    pub(super) fn repinned(&self, domain: usize, owner: Owner) -> bool {
        let mut books = self.books();
        let now = books.tick();
        let at = books.section(domain, owner).expect("a section is open");
        let alone = books.sections[at].guards == 1;
        if alone {
            books.sections[at].since = now;
        }
        alone
    }

    /// Whether a section is open that was opened before `moment`.
    pub(super) fn has_older(&self, domain: usize, moment: Moment) -> bool {
        self.books().older(domain, moment).is_some()
    }

    pub(super) fn has_any(&self, domain: usize) -> bool {
        self.has_older(domain, Moment::MAX)
    }

    pub(super) fn has_own(&self, domain: usize, owner: Owner) -> bool {
        self.books().section(domain, owner).is_some()
    }

    // ---- items ----

    /// An item is about to be made; its number.
    pub(super) fn made(&self, domain: usize, sort: Sort) -> usize {
        let mut books = self.books();
        books.items.push(Known {
            domain,
            sort,
            fate: Fate::Live,
        });
        books.items.len() - 1
    }

    /// An item is about to be retired; `slot` is its address if it has no drop.
    pub(super) fn retired(&self, id: usize, slot: Option<usize>) {
        let mut books = self.books();
        let now = books.tick();
        let item = &mut books.items[id];
        assert_eq!(item.fate, Fate::Live, "the program retires once");
        item.fate = Fate::Retired(now);
        let key = (item.domain, item.sort as u8);
        *books.retired.entry(key).or_default() += 1;
        if let Some(slot) = slot {
            books.pods.insert(slot, id);
        }
    }

    /// An item is about to be dropped by its owner.
    pub(super) fn disposed(&self, id: usize) {
        self.books().items[id].fate = Fate::Disposed;
    }

    /// An item is being dropped.
    pub(super) fn dropped(&self, id: usize) {
        self.books().dropped(id);
    }

    /// A slot has been allocated; a pod that waited in it is gone then.
    pub(super) fn allocated(&self, slot: usize) {
        let mut books = self.books();
        if let Some(id) = books.pods.remove(&slot) {
            books.dropped(id);
        }
    }

    /// Items that may be referred to: neither dropped nor about to be.
    pub(super) fn is_gone(&self, id: usize) -> bool {
        self.books().items[id].fate == Fate::Gone
    }

    /// How many were retired, and how many of those dropped.
    pub(super) fn balance(&self, domain: usize, sort: Sort) -> (u64, u64) {
        let books = self.books();
        let get =
            |of: &HashMap<(usize, u8), u64>| of.get(&(domain, sort as u8)).copied().unwrap_or(0);
        (get(&books.retired), get(&books.reclaimed))
    }

    /// Complains about items that were retired before `moment` and still wait.
    pub(super) fn expect_none_waits(&self, domain: usize, sort: Sort, moment: Moment, after: &str) {
        let mut books = self.books();
        let waits = books.items.iter().position(|item| {
            item.domain == domain
                && item.sort == sort
                && matches!(item.fate, Fate::Retired(at) if at < moment)
        });
        if let Some(id) = waits {
            books.fail(format!(
                "{sort:?} {id} of domain {domain} still waits after {after}"
            ));
        }
    }

    /// Complains about items that have not been dropped at all.
    pub(super) fn expect_all_gone(&self, domain: usize, sort: Sort) {
        let mut books = self.books();
        let left = books
            .items
            .iter()
            .position(|i| i.domain == domain && i.sort == sort && i.fate != Fate::Gone);
        if let Some(id) = left {
            let fate = books.items[id].fate;
            books.fail(format!(
                "{sort:?} {id} of domain {domain} was never dropped: {fate:?}"
            ));
        }
    }
}

impl Books {
    fn tick(&mut self) -> Moment {
        self.now += 1;
        self.now
    }

    fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    fn section(&self, domain: usize, owner: Owner) -> Option<usize> {
        self.sections
            .iter()
            .rposition(|s| s.domain == domain && s.owner == owner)
    }

    fn older(&self, domain: usize, moment: Moment) -> Option<Section> {
        let of_domain = self.sections.iter().filter(|s| s.domain == domain);
        of_domain
            .min_by_key(|s| s.since)
            .filter(|s| s.since < moment)
            .copied()
    }

    fn dropped(&mut self, id: usize) {
        self.tick();
        let Some(&Known { domain, sort, fate }) = self.items.get(id) else {
            self.fail(format!("a drop of garbage, as item {id}"));
            return;
        };
        self.items[id].fate = Fate::Gone;
        match fate {
            Fate::Disposed => {}
            Fate::Live => self.fail(format!("{sort:?} {id} was dropped and never retired")),
            Fate::Gone => self.fail(format!("{sort:?} {id} was dropped twice")),
            Fate::Retired(at) => {
                *self.reclaimed.entry((domain, sort as u8)).or_default() += 1;
                if let Some(section) = self.older(domain, at) {
                    self.fail(format!(
                        "{sort:?} {id} was retired at {at} and dropped under {section:?}"
                    ));
                }
            }
        }
    }
}
