//! What the models play.

use super::history::Op::{
    self, Above, Below, Cut, First, Get, Insert, Last, Longest, PopFirst, PopLast, Remove,
};

/// Entries at first, removals of some of them, and what the threads do.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static [u8]],
    pub(super) gone: &'static [&'static [u8]],
    /// Others, by threads that have stopped before they looked after nodes.
    pub(super) left: &'static [&'static [u8]],
    pub(super) threads: &'static [&'static [Op]],
    pub(super) is_strict: bool,
    pub(super) bound: usize,
}

const STRICT: Scenario = Scenario {
    name: "",
    keys: &[],
    gone: &[],
    left: &[],
    threads: &[],
    is_strict: true,
    bound: 3,
};

const WEAK: Scenario = Scenario {
    is_strict: false,
    ..STRICT
};

/// More is the same than a node notes of it, and the last byte tells them apart.
const LONG: &[&[u8]] = &[
    &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
];
/// Another byte before that.
const OTHER: &[u8] = &[1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

/// Nodes have room for 2, 3, 3, 4 and all 5 children, and are made with room for one more than they have at first:
/// those of two children are an `N11`, of three an `N48`, and there is no `N25`.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "insert and insert: two come into an empty map",
        threads: &[&[Insert(&[1], 1), Get(&[2])], &[Insert(&[2], 2), Get(&[1])]],
        ..STRICT
    },
    Scenario {
        name: "insert, replace and remove: one key",
        keys: &[&[1]],
        threads: &[
            &[Insert(&[1], 1), Remove(&[1])],
            &[Insert(&[1], 2), Get(&[1])],
        ],
        ..STRICT
    },
    Scenario {
        name: "insert and insert: a byte is claimed twice",
        keys: &[&[1], &[2, 1]],
        threads: &[&[Insert(&[3], 1)], &[Insert(&[3, 1], 2), Get(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "expand and remove: one entry",
        keys: &[&[1, 1]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1, 1])],
            &[Remove(&[1, 1]), Insert(&[1, 1], 2)],
        ],
        ..STRICT
    },
    Scenario {
        name: "expand and replace: one entry",
        keys: &[&[1]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1])],
            &[Insert(&[1], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "expand and expand: one entry",
        keys: &[&[1, 1]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[2])],
            &[Insert(&[2], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "split and insert: a node comes above another, below which a key comes",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1, 1, 3])],
            &[Insert(&[1, 1, 3], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "split and replace: a node comes above another, in which an entry is replaced",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[1, 1, 1])],
            &[Insert(&[1, 1, 1], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "split and remove: a node comes above another, which loses a key",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[2], 1), Get(&[1, 1, 1])],
            &[Remove(&[1, 1, 1]), Get(&[2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "split and split: two nodes come above another",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[
            &[Insert(&[1, 2], 1), Get(&[2])],
            &[Insert(&[2], 2), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "copy and insert: a node grows, into which a key comes",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1), Get(&[4])], &[Insert(&[4], 2), Get(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "copy and replace: a node grows, in which an entry is replaced",
        keys: &[&[1], &[2]],
        threads: &[
            &[Insert(&[3], 1), Insert(&[4], 1)],
            &[Insert(&[1], 2), Get(&[4])],
        ],
        ..STRICT
    },
    Scenario {
        name: "copy and remove: a node grows, of which entries go",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[Insert(&[4], 1), Get(&[1])], &[Remove(&[1]), Remove(&[2])]],
        ..STRICT
    },
    Scenario {
        name: "copy and copy: a node grows, and one below it",
        keys: &[&[1, 1], &[1, 2], &[1, 4], &[2], &[3]],
        threads: &[
            &[Insert(&[4], 1), Get(&[1, 3])],
            &[Insert(&[1, 3], 2), Get(&[4])],
        ],
        ..STRICT
    },
    Scenario {
        name: "copy and split: a node grows, above which another one comes",
        keys: &[&[1, 1], &[1, 2], &[1, 3]],
        threads: &[
            &[Insert(&[1, 4], 1), Get(&[2])],
            &[Insert(&[2], 2), Get(&[1, 4])],
        ],
        ..STRICT
    },
    Scenario {
        name: "copy and collapse: a node grows, and that above it goes",
        keys: &[&[1, 1], &[1, 2], &[1, 3], &[2]],
        threads: &[
            &[Insert(&[1, 4], 1), Get(&[2])],
            &[Remove(&[2]), Get(&[1, 4])],
        ],
        ..STRICT
    },
    Scenario {
        name: "an indexed node grows, in which a key comes",
        keys: &[&[0], &[1], &[2]],
        gone: &[&[2]],
        threads: &[
            &[Insert(&[3], 1), Insert(&[4], 1)],
            &[Insert(&[2], 2), Get(&[3])],
        ],
        ..STRICT
    },
    Scenario {
        name: "in a full node keys come and go",
        keys: &[&[0], &[1], &[2], &[3], &[4]],
        gone: &[&[1], &[2], &[3]],
        threads: &[&[Remove(&[0]), Get(&[4])], &[Remove(&[4]), Insert(&[1], 1)]],
        ..STRICT
    },
    Scenario {
        name: "collapse and insert: a node goes, into which a key comes",
        keys: &[&[1], &[2]],
        threads: &[&[Remove(&[1]), Get(&[3])], &[Insert(&[3], 1), Get(&[2])]],
        ..STRICT
    },
    Scenario {
        name: "collapse and replace: a node goes, whose other entry is replaced",
        keys: &[&[1], &[2]],
        threads: &[
            &[Remove(&[1]), Insert(&[1], 1)],
            &[Insert(&[2], 2), Get(&[1])],
        ],
        ..STRICT
    },
    Scenario {
        name: "collapse and split: a node goes, above which another one comes",
        keys: &[&[1, 1], &[1, 2]],
        threads: &[
            &[Remove(&[1, 1]), Get(&[2])],
            &[Insert(&[2], 1), Get(&[1, 2])],
        ],
        ..STRICT
    },
    Scenario {
        name: "collapse and collapse: a node above another one, both of which go",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[
            &[Remove(&[1, 1]), Get(&[1, 2])],
            &[Remove(&[2]), Get(&[1, 1])],
        ],
        ..STRICT
    },
    Scenario {
        name: "prune: the last two of a node go",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[
            &[Remove(&[1, 1]), Get(&[2])],
            &[Remove(&[1, 2]), Insert(&[1, 3], 1)],
        ],
        ..STRICT
    },
    Scenario {
        name: "prune: the last two of the map go",
        keys: &[&[1], &[2]],
        threads: &[&[Remove(&[1]), Get(&[2])], &[Remove(&[2]), Get(&[1])]],
        ..STRICT
    },
    Scenario {
        name: "keys that are prefixes of each other",
        keys: &[&[], &[1]],
        threads: &[
            &[Insert(&[1, 1], 1), Remove(&[])],
            &[Remove(&[1]), Get(&[1, 1])],
        ],
        ..STRICT
    },
    Scenario {
        name: "what is skipped is compared",
        keys: LONG,
        threads: &[
            &[Insert(OTHER, 1), Get(LONG[1])],
            &[Remove(LONG[0]), Get(OTHER)],
        ],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "what is skipped is told by nobody, as removers have stopped",
        keys: LONG,
        left: LONG,
        threads: &[
            &[Insert(OTHER, 1), Get(LONG[1])],
            &[Insert(LONG[1], 1), Get(OTHER)],
        ],
        ..STRICT
    },
    Scenario {
        name: "first: keys come before it",
        keys: &[&[1], &[2], &[3], &[4]],
        gone: &[&[1], &[2]],
        threads: &[&[First], &[Insert(&[1], 1), Insert(&[2], 2)]],
        ..STRICT
    },
    Scenario {
        name: "first: bytes are claimed before it",
        keys: &[&[3], &[4]],
        threads: &[&[First], &[Insert(&[1], 1), Remove(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "last: nodes come and go",
        keys: &[&[1, 1], &[3, 1]],
        threads: &[&[Last], &[Insert(&[3, 2], 1), Remove(&[3, 1])]],
        ..STRICT
    },
    Scenario {
        name: "the next: it goes when another has come",
        keys: &[&[1], &[3, 1], &[3, 3]],
        threads: &[&[Above(&[1])], &[Insert(&[2], 1), Remove(&[3, 1])]],
        ..STRICT
    },
    Scenario {
        name: "the last before: it goes when another has come",
        keys: &[&[], &[3]],
        threads: &[&[Below(&[3])], &[Insert(&[2], 1), Remove(&[])]],
        ..STRICT
    },
    Scenario {
        name: "longest match: it goes when another has come",
        keys: &[&[], &[1], &[2]],
        threads: &[
            &[Longest(&[1, 1, 1])],
            &[Insert(&[1, 1], 1), Remove(&[1]), Remove(&[])],
        ],
        ..STRICT
    },
    Scenario {
        name: "longest match: what is skipped is compared",
        keys: LONG,
        threads: &[&[Longest(LONG[0]), Longest(OTHER)], &[Insert(OTHER, 1)]],
        bound: 2,
        ..STRICT
    },
    Scenario {
        name: "pop and insert: before what may go",
        keys: &[&[3], &[4]],
        threads: &[&[PopFirst], &[Insert(&[1], 1), Get(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "pop and replace",
        keys: &[&[1]],
        threads: &[&[PopFirst, Get(&[1])], &[Insert(&[1], 1), Get(&[1])]],
        ..STRICT
    },
    Scenario {
        name: "pop and remove",
        keys: &[&[1], &[2]],
        threads: &[&[PopFirst, Get(&[2])], &[Remove(&[1]), First]],
        ..STRICT
    },
    Scenario {
        name: "pop and pop, from one side",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[PopFirst], &[PopFirst]],
        ..STRICT
    },
    Scenario {
        name: "pop and pop, from both sides",
        keys: &[&[1]],
        threads: &[&[PopFirst], &[PopLast]],
        ..STRICT
    },
    Scenario {
        name: "pop and copy: the node grows",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[PopLast], &[Insert(&[0], 1), Get(&[3])]],
        ..STRICT
    },
    Scenario {
        name: "pop and expand: the entry is divided",
        keys: &[&[1, 1]],
        threads: &[&[PopFirst], &[Insert(&[1, 2], 1), Get(&[1, 1])]],
        ..STRICT
    },
    Scenario {
        name: "pop and collapse: the node of what may go goes",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[&[PopFirst], &[Remove(&[1, 2]), Get(&[1, 1])]],
        ..STRICT
    },
    Scenario {
        name: "cut and insert",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[&[Cut(&[1])], &[Insert(&[1, 3], 1), Get(&[1, 1])]],
        ..STRICT
    },
    Scenario {
        name: "cut and remove",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[&[Cut(&[1]), Get(&[2])], &[Remove(&[1, 1]), Get(&[1, 2])]],
        ..STRICT
    },
    Scenario {
        name: "cut and replace: of everything",
        keys: &[&[1, 1], &[1, 2]],
        threads: &[&[Cut(&[])], &[Insert(&[1, 1], 1), Get(&[1, 2])]],
        ..STRICT
    },
    Scenario {
        name: "cut and split: a node comes above what goes",
        keys: &[&[1, 1, 1], &[1, 1, 2]],
        threads: &[&[Cut(&[1])], &[Insert(&[1, 2], 1), Insert(&[2], 2)]],
        ..STRICT
    },
    Scenario {
        name: "cut and copy: a node grows which goes",
        keys: &[&[1, 1], &[1, 2], &[1, 3], &[2]],
        threads: &[&[Cut(&[1])], &[Insert(&[1, 4], 1), Get(&[1, 1])]],
        ..STRICT
    },
    Scenario {
        name: "cut and copy: a node grows of which some go",
        keys: &[&[1, 1], &[1, 2], &[2], &[3]],
        threads: &[&[Cut(&[1])], &[Insert(&[4], 1), Insert(&[1, 3], 2)]],
        ..STRICT
    },
    Scenario {
        name: "cut and cut: one within the other",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[&[Cut(&[])], &[Cut(&[1]), Get(&[2])]],
        ..STRICT
    },
    Scenario {
        name: "cut and pop",
        keys: &[&[1, 1], &[1, 2], &[2]],
        threads: &[&[Cut(&[1])], &[PopFirst]],
        ..STRICT
    },
    Scenario {
        name: "three threads",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1)], &[Remove(&[1])], &[Get(&[3]), Get(&[1])]],
        ..STRICT
    },
    Scenario {
        name: "publication",
        keys: &[&[1]],
        threads: &[
            &[Insert(&[2], 1), Insert(&[2, 1], 2)],
            &[Get(&[2]), Get(&[2, 1])],
        ],
        ..WEAK
    },
    Scenario {
        name: "publication of what has grown",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[Insert(&[4], 1)], &[Insert(&[1, 1], 2), Get(&[4])]],
        ..WEAK
    },
    Scenario {
        name: "publication of frozen slots",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[Insert(&[1], 1)], &[Insert(&[4], 2)], &[Get(&[1])]],
        ..WEAK
    },
    Scenario {
        name: "two removals, one of which has to look after the node",
        keys: &[&[1], &[2], &[3]],
        threads: &[&[Remove(&[1])], &[Remove(&[2])]],
        ..WEAK
    },
    Scenario {
        name: "claims and copies",
        keys: &[&[1], &[2]],
        threads: &[&[Insert(&[3], 1), Get(&[3])], &[Insert(&[4], 2), Get(&[4])]],
        ..WEAK
    },
    Scenario {
        name: "publication of what is met in order",
        keys: &[&[2]],
        threads: &[
            &[Insert(&[1], 1), Insert(&[1, 1], 2)],
            &[First, Above(&[1])],
        ],
        ..WEAK
    },
    Scenario {
        name: "publication of what may go",
        keys: &[&[2], &[3]],
        threads: &[&[PopFirst], &[Insert(&[1], 1)], &[Get(&[2])]],
        bound: 2,
        ..WEAK
    },
    Scenario {
        name: "reclamation of what goes at once",
        keys: &[&[1, 1], &[1, 2]],
        threads: &[&[Cut(&[])], &[Insert(&[1, 3], 1), Get(&[1, 1])]],
        ..WEAK
    },
    Scenario {
        name: "reclamation",
        keys: &[&[1], &[2, 1], &[2, 2]],
        threads: &[
            &[Remove(&[2, 1]), Remove(&[1])],
            &[Get(&[2, 2]), Get(&[2, 1])],
        ],
        ..WEAK
    },
];
