/* The hash map's buckets: splits, and merges of a bucket into the one that it was split from.
 * structures/src/hash. Sequentially consistent: the orderings are loom's business; torn reads of slots are
 * bucket.pml's, so a slot is one word here.
 *
 * Bucket c at depth d + 1, whose highest bit is d, is merged into its parent p = c without that bit. (1) c's
 * header becomes *leaving*, and all that it holds is in its list. (2) p gets what is in that list besides its
 * own, at depth d: the move linearizes. (3) c's link is emptied, and its header becomes *uninit* again, with
 * a new version. Everybody can do each step. What threads do is set by DOES0.. (a sum of the kinds below)
 * and OPS0...
 *
 * What the buckets hold, as a function of headers, valid slots and lists in force, is compared with the
 * abstract map (`map`) at every change; so is what each operation finds, at the instant it linearizes.
 *
 * To keep the number of states small:
 * - A loop around a compare-and-swap that is left only for good is one step, and so is a failed step with
 *   what is done about it: what happens between could as well have happened before.
 * - Blocks, which are immutable, are read in the same step as the link to them.
 * - Blocks are reused as soon as they are retired and nobody has a reference left (`refs`): earlier than by
 *   sections, but what nobody can compare with is as good as new. They are made as they are published.
 * - A new version is the least that nobody knows of the bucket (`held`, `base`): versions are compared for
 *   equality only. So runs differ no more by how they came to be, and those without end have a cycle.
 * - What nobody will make use of any more is cleared: slots that are not valid, what is in dead proposals.
 */
#ifndef NT
#define NT 2	/* threads */
#endif
#ifndef NK
#define NK 2	/* keys */
#endif
#ifndef NS
#define NS 1	/* slots of a bucket */
#endif
#ifndef NC
#define NC 2	/* buckets */
#endif
#ifndef PER_BUCKET
#define PER_BUCKET 5	/* blocks */
#endif
#define NB (1 + NC * PER_BUCKET)	/* 0 is none */
#ifndef START
#define START 2	/* 0: bucket 1 is not split off yet; 1: it is; 2: either; 3: more are */
#endif

/* What a thread does. */
#define READ 1
#define INSERT 2
#define REMOVE 4
#define GROW 8
#define SHRINK 16
#define WRITE (INSERT + REMOVE)
#define RESIZE (GROW + SHRINK)
#ifndef DOES0
#define DOES0 RESIZE
#endif
#ifndef DOES1
#define DOES1 RESIZE
#endif
#ifndef DOES2
#define DOES2 READ
#endif
#ifndef OPS0
#define OPS0 2
#endif
#ifndef OPS1
#define OPS1 1
#endif
#ifndef OPS2
#define OPS2 1
#endif
#define DOES(t) ((t == 0) -> (DOES0) : ((t == 1) -> (DOES1) : (DOES2)))
#define OPS(t) ((t == 0) -> OPS0 : ((t == 1) -> OPS1 : OPS2))

/* Header: valid 0-1 | B 2 | g 3 | depth 4-5 | state 6-8 | version 9-13 */
#define VALID(h) ((h) & 3)
#define B 4
#define G(h) (((h) >> 3) & 1)
#define FLIP 8
#define DEPTH(h) (((h) >> 4) & 3)
#define STATE(h) (((h) >> 6) & 7)
#define VER(h) ((h) >> 9)
#define LOW(h) ((h) & 511)	/* all but the version */
#define BUMP 512
#define SAME(a, b) (((a) & ~B) == ((b) & ~B))
#define UNINIT 0
#define OPEN 1
#define SPLIT 2
#define READY 3
#define LEAVING 4
#define AT(state, depth) ((state) << 6 | (depth) << 4)
#define LEAVES(b) (AT(LEAVING, OWN(b)) >> 4)
#define TO(h, state, depth) (((h) & ~(31 << 4)) | AT(state, depth))

/* Buckets, and the hashes of keys 0..: 0, 1, 3, 2. */
#define PARENT(b) ((b) >> 1 & (b))	/* of 1, 2, 3 */
#define OWN(b) (((b) > 1) -> 2 : 1)	/* the depth it is made with */
#define HASH(k) (((k) < 2) -> (k) : 5 - (k))
#define MOVES(k, depth) ((HASH(k) >> (depth)) & 1)
#define APART(k, b) ((((HASH(k) ^ (b)) & 1) != 0) -> 0 : ((((HASH(k) ^ (b)) & 2) != 0) -> 1 : 2))
#define TOWARDS(k, b) (HASH(k) & ((2 << APART(k, b)) - 1))

/* Link: block * 2 + tag. */
#define TAG(l) ((l) & 1)
#define BLOCK(l) ((l) >> 1)
#define IN_FORCE(l, h) ((TAG(l) != G(h)) -> prev[BLOCK(l)] : (l))

/* Slot: key + 1 | value * 8. */
#define KEY(w) ((w) & 7)
#define VALUE(w) ((w) >> 3)
#define WORD(k, v) ((v) << 3 | ((k) + 1))

short header[NC];
byte link[NC];
byte slot[NC * NS];
short held[NT * NC];		/* versions that a thread may compare with */

byte content[NB * NK];		/* blocks: value by key, 0 is absent */
byte prev[NB];			/* the link's word that it would take the place of */
byte base[NB];			/* the header's version that it is for */
#define NEVER 255		/* it cannot come into force (any more) */
byte set[NB], clear[NB];	/* slots */
byte to[NB];			/* state and depth that the header gets with it, >> 4; 0: stay */
byte outcome[NB];		/* 1 in force at some time, 2 never */
#define ASKED 3			/* the maker will ask */
byte effect[NB], value[NB];	/* ghost: what it does to the map; key + 1 */
bool used[NB], retired[NB];
int refs[NT];			/* blocks that a thread may read, or find again in a link */

byte map[NK];
byte rk[NT]; byte seen[NT];	/* key + 1 of an operation; the values that it had since it began */
byte done_;

hidden byte i_, j_, k_, o_, n_, v_, l_;	/* within one step */
hidden short h_, g_;
hidden int r_, in_links_;
hidden byte changed_;
hidden mtype next_;

inline becomes(key, val_) {
	map[key] = val_;
	for (i_ : 0 .. NT - 1) {
		if
		:: rk[i_] == key + 1 -> seen[i_] = seen[i_] | (1 << (val_))
		:: else
		fi
	}
}

/* What holds after every change of a header. */
inline agree() {
	for (o_ : 1 .. NC - 1) {
		h_ = header[o_];
		n_ = DEPTH(header[PARENT(o_)]);
		if
		:: STATE(h_) == UNINIT ->
			assert(DEPTH(h_) == 0 && VALID(h_) == 0 && n_ < OWN(o_));
			assert(BLOCK(IN_FORCE(link[o_], h_)) == 0)
		:: STATE(h_) == READY ->
			assert(DEPTH(h_) == OWN(o_));
			assert(n_ >= OWN(o_) || n_ == OWN(o_) - 1 && STATE(header[PARENT(o_)]) == SPLIT)
		:: STATE(h_) == LEAVING ->
			assert(DEPTH(h_) == OWN(o_) && VALID(h_) == 0);
			assert(n_ != OWN(o_) - 1 || STATE(header[PARENT(o_)]) != SPLIT)
		:: else ->
			assert(DEPTH(h_) >= OWN(o_) && n_ >= OWN(o_))
		fi
	}
	for (k_ : 0 .. NK - 1) {
		o_ = 0;
		do
		:: APART(k_, o_) < DEPTH(header[o_]) -> o_ = TOWARDS(k_, o_)
		:: else -> break
		od;
		h_ = header[o_];
		n_ = 0; v_ = 0;
		for (i_ : 0 .. NS - 1) {
			if
			:: (h_ & (1 << i_)) && KEY(slot[o_ * NS + i_]) == k_ + 1 -> n_++; v_ = VALUE(slot[o_ * NS + i_])
			:: else
			fi
		}
		assert(TAG(link[o_]) == G(h_) || BLOCK(link[o_]) != 0);
		l_ = IN_FORCE(link[o_], h_);
		if
		:: BLOCK(l_) != 0 && content[BLOCK(l_) * NK + k_] != 0 ->
			assert(used[BLOCK(l_)] && !retired[BLOCK(l_)]);
			n_++; v_ = content[BLOCK(l_) * NK + k_]
		:: else
		fi;
		assert(n_ <= 1 && v_ == map[k_])
	}
	n_ = 0
}

inline new(b_, p_) {
	p_ = 1 + (b_) * PER_BUCKET;
	do
	:: p_ < NB && used[p_] -> p_++
	:: else -> break
	od;
	assert(p_ <= ((b_) + 1) * PER_BUCKET);
	used[p_] = 1
}

inline wipe(p_) {
	for (j_ : 0 .. NK - 1) { content[(p_) * NK + j_] = 0 }
	j_ = 0
}

/* It is in force or dead. */
inline settled(p_) {
	base[p_] = NEVER; set[p_] = 0; clear[p_] = 0; to[p_] = 0; effect[p_] = 0; value[p_] = 0
}

inline drop(p_) {
	settled(p_);
	base[p_] = 0; used[p_] = 0; prev[p_] = 0; retired[p_] = 0; outcome[p_] = 0
}

inline retire(p_) {
	if
	:: (p_) != 0 ->
		assert(used[p_] && !retired[p_]);
		retired[p_] = 1; prev[p_] = 0;
		wipe(p_)
	:: else
	fi
}

/* Blocks are retired once, when no link leads to them, and used again when nobody has them any more. */
inline collect() {
	r_ = 0; in_links_ = 0;
	for (i_ : 0 .. NT - 1) { r_ = r_ | refs[i_] }
	for (o_ : 0 .. NC - 1) {
		in_links_ = in_links_ | (1 << BLOCK(link[o_]));
		if
		:: TAG(link[o_]) != G(header[o_]) -> in_links_ = in_links_ | (1 << BLOCK(prev[BLOCK(link[o_])]))
		:: else
		fi
	}
	for (i_ : 1 .. NB - 1) {
		if
		:: used[i_] ->
			assert(retired[i_] != ((in_links_ & (1 << i_)) != 0));
			if
			:: retired[i_] && !(r_ & (1 << i_)) -> drop(i_)
			:: else
			fi
		:: else -> assert(!(in_links_ & (1 << i_)))
		fi
	}
	i_ = 0
}

inline keep(p_) { refs[t] = (refs[t] | 1 << (p_)) & ~1 }

/* A proposal in the link of bucket b_ that is not for its header is dead. */
inline bury(b_) {
	l_ = link[b_];
	if
	:: TAG(l_) != G(header[b_]) && base[BLOCK(l_)] != VER(header[b_]) && base[BLOCK(l_)] != NEVER ->
		settled(BLOCK(l_)); wipe(BLOCK(l_))
	:: else
	fi
}

/* Gives bucket b_ the header y, with a new version. */
inline become(b_, y) {
	h_ = 1 << VER(header[b_]);
	for (i_ : 0 .. NT - 1) { h_ = h_ | held[i_ * NC + b_] }
	for (i_ : 1 .. NB - 1) {
		if
		:: used[i_] && base[i_] != NEVER -> h_ = h_ | (1 << base[i_])
		:: else
		fi
	}
	n_ = 1;
	do
	:: h_ & (1 << n_) -> n_++
	:: else -> break
	od;
	v_ = n_;
	assert(v_ < 15);	/* the model's own limit */
	header[b_] = LOW(y) | n_ * BUMP;
	bury(b_);
	for (i_ : 0 .. NS - 1) {
		if
		:: !(header[b_] & (B | 1 << i_)) -> slot[(b_) * NS + i_] = 0
		:: else
		fi
	}
	changed_ = 1
}

inline let_go() {
	for (i_ : 0 .. NC - 1) { held[t * NC + i_] = 0 }
	refs[t] = 0;
	changed_ = 1
}

/* Any version will do that nobody else knows. */
inline rename() {
	for (o_ : 0 .. NC - 1) {
		h_ = 0;
		for (i_ : 0 .. NT - 1) { h_ = h_ | held[i_ * NC + o_] }
		if
		:: h_ == 0 ->
			/* any version will do */
			l_ = link[o_];
			if
			:: TAG(l_) != G(header[o_]) && base[BLOCK(l_)] != NEVER -> base[BLOCK(l_)] = 1
			:: else
			fi;
			header[o_] = LOW(header[o_]) | BUMP
		:: else
		fi
	}
	o_ = 0
}

/* Loads a header, whose version is compared with. */
inline load(b_, h_to) {
	h_to = header[b_];
	held[t * NC + (b_)] = held[t * NC + (b_)] | (1 << VER(h_to))
}

/* won: the header was x_, and is y_ now. */
inline change(b_, x_, y_) {
	won = header[b_] == x_;
	if
	:: won -> become(b_, y_)
	:: else
	fi
}

/* Takes the right to fill, of bucket b_ under x_. */
inline begin_filling(b_, x_) {
	won = header[b_] == x_;
	if
	:: won -> header[b_] = x_ | B
	:: else
	fi
}

/* Gives it back. */
inline release(b_) {
	assert(header[b_] & B);
	header[b_] = header[b_] & ~B;
	for (i_ : 0 .. NS - 1) {
		if
		:: !(header[b_] & (1 << i_)) -> slot[(b_) * NS + i_] = 0
		:: else
		fi
	}
	i_ = 0
}

/* Under hh: the link's word lw, the block in force f (a word), a proposal that may yet be committed q; and
 * what the list in force holds besides, into val. */
inline read_link(b_, hh, lw) {
	lw = link[b_];
	assert(BLOCK(lw) == 0 || used[BLOCK(lw)]);
	keep(BLOCK(lw));
	f = lw; q = 0;
	if
	:: TAG(lw) != G(hh) ->
		f = prev[BLOCK(lw)];	/* null is in force, by a later header */
		q = ((BLOCK(lw) != 0 && base[BLOCK(lw)] == VER(hh)) -> BLOCK(lw) : 0)
	:: else
	fi;
	if
	:: BLOCK(f) != 0 ->
		assert(used[BLOCK(f)]);
		keep(BLOCK(f));
		for (j_ : 0 .. NK - 1) {
			if
			:: content[BLOCK(f) * NK + j_] != 0 -> val[j_] = content[BLOCK(f) * NK + j_]
			:: else
			fi
		}
	:: else
	fi
}

/* Commits block p_ in the link of bucket b_ if the header is still at its version. won: by this very step. */
inline commit(b_, p_) {
	won = VER(header[b_]) == base[p_];
	if
	:: won ->
		assert(BLOCK(link[b_]) == p_);
		g_ = header[b_] & ~clear[p_];
		if
		:: set[p_] != 0 -> assert(g_ & B); g_ = (g_ | set[p_]) & ~B
		:: else
		fi;
		if
		:: to[p_] != 0 -> g_ = (g_ & ~(31 << 4)) | (to[p_] << 4)
		:: else
		fi;
		if
		:: effect[p_] != 0 -> becomes(effect[p_] - 1, value[p_])
		:: else
		fi;
		retire(BLOCK(prev[p_]));
		prev[p_] = 0;
		settled(p_);
		become(b_, g_ ^ FLIP)
	:: else
	fi
}

/* Replaces `from`, the link of bucket b_ under header hh, by block p_ (0: by nothing). What became of the
 * block that leaves is written into it first. */
inline publish(b_, hh, from, p_) {
	won = link[b_] == from;
	if
	:: won ->
		if
		:: outcome[BLOCK(from)] == ASKED -> outcome[BLOCK(from)] = ((TAG(from) == G(hh)) -> 1 : 2)
		:: else
		fi;
		assert(TAG(from) == G(header[b_]) || base[BLOCK(from)] == NEVER);	/* not live */
		link[b_] = (p_) * 2 + ((p_ != 0) -> 1 - G(hh) : G(hh));
		if
		:: TAG(from) != G(hh) -> retire(BLOCK(from))
		:: else
		fi;
		keep(p_);
		bury(b_)
	:: else
	fi
}

#define MOVING(j) (val[j] != 0 && MOVES(j, DEPTH(h)))
/* what is in the list and stays */
#define STAY(j) val[j] = ((MOVES(j, DEPTH(h)) || (at & (1 << j))) -> 0 : val[j])
#if NK == 2
#define SOME_MOVE (MOVING(0) || MOVING(1))
#define FORGET val[0] = 0; val[1] = 0
#define NOTHING (val[0] == 0 && val[1] == 0)
#else
#define SOME_MOVE (MOVING(0) || MOVING(1) || MOVING(2))
#define FORGET val[0] = 0; val[1] = 0; val[2] = 0
#define NOTHING (val[0] == 0 && val[1] == 0 && val[2] == 0)
#endif

mtype = {
	IDLE,
	LOCATE, SCAN, LINK, PARENTS, RECHECK, CLEAR, FILL, STORE, VALIDATE,
	PENDING, PROPOSE, RELEASE, COMMIT, FATE, FATE_HEADER, FATE_LINK, CLEAR_AWAY,
	GROW_GOAL, GROW_PARENT, GROW_CHILD, GROW_SPLIT,
	HELP, OPENS, OPENING, ALL_SLOTS, ALL_LINK, ALL_RECHECK,
	CHILD, CHILD_PARENT, CHILD_READY, CHILD_FILL, CHILD_STORE, CHILD_VALIDATE,
	CHILD_LINK, CHILD_RECHECK, CHILD_OTHERS, CHILD_PROPOSE, CHILD_COMMIT, CHILD_RELEASE, FINISH,
	SHRINK_GOAL, SHRINK_LEAVE, LEAVE, LEAVE_LINK, LEAVE_RECHECK, LEAVE_INTO, LEAVE_RECHECK_INTO,
	CLEAN, CLEAN_RECHECK, CLEAN_LINK, CLEAN_HEADER,
	/* within a step */
	IN_FORCE, NEVER_IN_FORCE, PROPOSED, CHILD_DONE, AGAIN, GO, END
}

inline forget() {
	c = 0; s = 0; w = 0; at = 0; found = 0; l = 0; lc = 0; f = 0; q = 0; p = 0; m = 0; own = 0; filled = 0;
	set_ = 0; to_ = 0; does = 0; of_child = 0; h = 0; x = 0; won = 0; FORGET
}

inline begin() { b = ((kind < GROW) -> guess : goal); pc = ((kind < GROW) -> LOCATE : ((kind == GROW) -> GROW_GOAL : SHRINK_GOAL)) }

/* What a step ends with, see there. */
#define again() pc = AGAIN
#define end() pc = END
#define go(b_, pc_) b = b_; next_ = pc_; pc = GO
#define proposed() pc = PROPOSED
#define finish() pc = CHILD_DONE
#define in_force() pc = IN_FORCE
#define never_in_force() pc = NEVER_IN_FORCE

inline put_in_list() {
	val[k] = (own -> 0 : put);
	set_ = (own -> 1 << s : 0);
	m = ((at < NS) -> 1 << at : 0);
	does = 1;
	pc = ((q != 0) -> PENDING : PROPOSE)
}

proctype worker(byte t) {
	byte ops = OPS(t);
	mtype pc = IDLE;
	byte kind, k, goal, guess, put;
	byte b, c, s, w, at, found, l, lc, f, q, p, m, own, filled, set_, to_, does, of_child;
	byte val[NK];
	short h, x;
	bool won, begun;	/* begun: its own split or merge of `goal` */
	do
	:: pc == IDLE && ops == 0 -> break
	:: atomic {
		pc == IDLE && ops != 0 ->
		ops--;
		if
		:: DOES(t) & READ -> kind = READ
		:: DOES(t) & INSERT -> kind = INSERT
		:: DOES(t) & REMOVE -> kind = REMOVE
		:: DOES(t) & GROW -> kind = GROW
		:: DOES(t) & SHRINK -> kind = SHRINK
		fi;
		if
		:: kind < GROW ->
			select(k : 0 .. NK - 1);
			put = ((kind == INSERT) -> 1 + t + NT * (ops & 1) : 0);
			/* by an older or newer geometry */
			if
			:: guess = 0
			:: HASH(k) & 1 -> guess = 1
			:: NC > 2 && HASH(k) > 1 -> guess = HASH(k)
			fi;
			rk[t] = k + 1; seen[t] = 1 << map[k]
		:: kind >= GROW && NC == 2 -> goal = 1
		:: kind >= GROW && NC > 2 -> select(goal : 1 .. NC - 1)
		fi;
		begin()
	   }
	/* One step, with what is local before the next. */
	:: atomic {
	if
	:: d_step { pc == LOCATE ->
		load(b, h);
		if
		:: STATE(h) == UNINIT -> go(PARENT(b), LOCATE)
		:: STATE(h) != UNINIT && APART(k, b) < DEPTH(h) -> go(TOWARDS(k, b), LOCATE)
		:: else ->
			at = NS;
			pc = (VALID(h) -> SCAN : LINK);
			if
			:: STATE(h) != OPEN && kind != READ -> go(b, HELP)
#ifdef PARENT_FIRST
			:: STATE(h) == LEAVING && kind == READ -> pc = PARENTS
#endif
			:: else
			fi
		fi
	}
	:: d_step { pc == SCAN ->
		w = slot[b * NS + s];
		if
		:: (h & (1 << s)) && KEY(w) == k + 1 -> found = VALUE(w); at = s
		:: else
		fi;
		w = 0; s++;
		if
		:: s == NS -> s = 0; pc = LINK
		:: else
		fi
	}
	:: d_step { pc == LINK ->
		read_link(b, h, l);
		pc = ((STATE(h) == LEAVING) -> PARENTS : RECHECK);
#if defined(READ_BLIND) || defined(PARENT_FIRST)
		pc = RECHECK
#endif
#ifdef LOOK_EARLY
		assert(!SAME(header[b], h) || val[k] == 0 || (seen[t] & (1 << val[k])))
#endif
	}
	:: d_step { pc == PARENTS ->
		if
		:: DEPTH(header[PARENT(b)]) < DEPTH(h) -> go(PARENT(b), LOCATE)
#ifdef PARENT_FIRST
		:: else -> pc = LINK
#else
		:: else -> pc = RECHECK
#endif
		fi
	}
	:: d_step { pc == RECHECK ->
		if
		:: at == NS -> found = val[k]
		:: else
		fi;
		s = (((h & 1) && NS > 1) -> 1 : 0);	/* a free slot, if there is one */
		if
		:: !SAME(header[b], h) -> again()
		:: else ->
			/* Only now is it looked into: it was in the map at some time of this section. */
			if
			:: kind == READ || (kind == REMOVE && found == 0) -> assert(seen[t] & (1 << found)); end()
			:: kind == REMOVE && found != 0 && at < NS -> s = 0; pc = CLEAR
			:: kind == INSERT && !(h & (1 << s)) && !(h & B) -> pc = FILL
			:: else -> put_in_list()
			fi
		fi
	}
	:: d_step { pc == CLEAR ->
		if
		:: VER(header[b]) == VER(h) ->
			assert(map[k] == found);
			becomes(k, 0);
			become(b, header[b] & ~(1 << at));
			end()
		:: else -> again()
		fi
	}
	:: d_step { pc == FILL ->
		begin_filling(b, h);
		if
		:: won -> won = 0; pc = STORE
		:: else -> again()
		fi
	}
	:: d_step { pc == STORE ->
		slot[b * NS + s] = WORD(k, put);
		if
		:: at < NS || found == 0 -> pc = VALIDATE
		:: else -> own = 1; put_in_list()	/* from the list into the slot */
		fi
	}
	:: d_step { pc == VALIDATE ->
		if
		:: VER(header[b]) == VER(h) ->
			assert(map[k] == found);
			becomes(k, put);
			become(b, (h | (1 << s)) & ~((at < NS) -> 1 << at : 0));
			end()
		:: else -> release(b); again()
		fi
	}
	/* Another's proposal, which may yet be committed. */
	:: d_step { pc == PENDING ->
		if
		:: own -> release(b); own = 0
		:: else -> commit(b, q); again()
		fi
	}
	/* Puts a list of val into b's link, under h. */
	:: d_step { pc == PROPOSE ->
		new(b, p);
		for (j_ : 0 .. NK - 1) { content[p * NK + j_] = val[j_] }
		prev[p] = f; base[p] = VER(h);
		set[p] = set_; clear[p] = m; to[p] = to_;
		effect[p] = (does -> k + 1 : 0); value[p] = (does -> put : 0);
		outcome[p] = ASKED;
		publish(b, h, l, p);
		if
		:: won -> changed_ = 1; f = 0; q = 0; m = 0; set_ = 0; at = 0; found = 0; s = 0; won = 0; pc = COMMIT
		:: else ->
			drop(p); wipe(p); p = 0;
			if
			:: own -> pc = RELEASE
			:: else -> again()
			fi
		fi
	}
	:: d_step { pc == RELEASE -> release(b); again() }
	:: d_step { pc == COMMIT ->
		commit(b, p);
		if
		:: won -> won = 0; in_force()
		:: else -> pc = FATE
		fi
	}
	/* Block p was in the link, and the header has moved on: was it ever in force? */
	:: d_step { pc == FATE ->
		l = link[(of_child -> c : b)];
		if
		:: BLOCK(l) == p -> pc = FATE_HEADER
		:: else ->
			assert(outcome[p] == 1 || outcome[p] == 2);
			if
			:: outcome[p] == 1 -> in_force()
			:: else -> never_in_force()
			fi
		fi
	}
	:: d_step { pc == FATE_HEADER -> w = G(header[(of_child -> c : b)]); pc = FATE_LINK }
	:: d_step { pc == FATE_LINK ->
		if
		:: link[(of_child -> c : b)] != l -> w = 0; pc = FATE
		:: link[(of_child -> c : b)] == l && TAG(l) == w -> in_force()
		:: else -> never_in_force()
		fi
	}
	/* An empty list goes. */
	:: d_step { pc == CLEAR_AWAY ->
		l = link[b];
		if
		:: BLOCK(l) == p -> link[b] = TAG(l); retire(p); changed_ = 1
		:: else
		fi;
		proposed()
	}
	/* Splits buckets until `goal` is there, or has been. It begins no more than one split of it: who does so
	 * again whenever it is not there could go on for ever beside somebody who merges it. */
	:: d_step { pc == GROW_GOAL ->
		x = header[goal];
		if
		:: STATE(x) == OPEN || STATE(x) == SPLIT || (begun && STATE(x) == LEAVING) -> end()
		:: STATE(x) == READY || (!begun && STATE(x) == LEAVING) -> go(goal, HELP)
		:: else -> x = 0; c = goal; b = PARENT(goal); pc = GROW_PARENT
		fi
	}
	:: d_step { pc == GROW_PARENT ->
		/* for c */
		load(b, h);
		if
		:: STATE(h) == UNINIT -> c = b; b = PARENT(b)
		:: else ->
			if
			:: begun && DEPTH(h) < OWN(goal) && STATE(h) != SPLIT -> end()
			:: !(begun && STATE(h) != SPLIT) && DEPTH(h) < OWN(c) && STATE(h) != OPEN -> go(b, HELP)
			:: !begun && DEPTH(h) < OWN(c) && STATE(h) == OPEN ->
				c = b | (1 << DEPTH(h));
				pc = GROW_CHILD;
#ifdef GROW_BLIND
				pc = GROW_SPLIT
#endif
			:: else -> again()
			fi
		fi
	}
	:: d_step { pc == GROW_CHILD ->
		if
#ifdef CLEAN_EARLY
		:: STATE(header[c]) == LEAVING -> load(c, x); h = 0; pc = CLEAN
#else
		:: STATE(header[c]) == LEAVING -> go(c, HELP)	/* the parent's depth is looked at again */
#endif
		:: STATE(header[c]) == UNINIT -> pc = GROW_SPLIT
		:: else -> again()
		fi
	}
	:: d_step { pc == GROW_SPLIT ->
		change(b, h, TO(h, SPLIT, DEPTH(h)));
		begun = won && c == goal;
		again()
	}
	/* A step of what keeps bucket b from being open. */
	:: d_step { pc == HELP ->
		load(b, h);
		if
		:: STATE(h) == READY -> pc = OPENS
		:: STATE(h) == LEAVING -> pc = LEAVE
		:: STATE(h) == SPLIT -> pc = (VALID(h) -> ALL_SLOTS : ALL_LINK)
		:: else -> again()
		fi
	}
	:: d_step { pc == OPENS ->
		load(PARENT(b), x);
		if
		:: DEPTH(x) >= DEPTH(h) -> x = 0; pc = OPENING
		:: else ->
			if
			:: STATE(x) == SPLIT -> b = PARENT(b); h = x; x = 0; pc = (VALID(h) -> ALL_SLOTS : ALL_LINK)
			:: else -> again()
			fi
		fi
	}
	:: d_step { pc == OPENING ->
#ifdef OPEN_LATE
		h = ((STATE(header[b]) == READY) -> header[b] : h);
#endif
		change(b, h, TO(h, OPEN, DEPTH(h)));
		again()
	}
	/* All that bucket b holds: val. Keys in slots: at; slots of what moves at this depth: m. */
	:: d_step { pc == ALL_SLOTS ->
		w = slot[b * NS + s];
		if
		:: (h & (1 << s)) && KEY(w) != 0 ->
			val[KEY(w) - 1] = VALUE(w);
			at = at | (1 << (KEY(w) - 1));
			m = m | (MOVES(KEY(w) - 1, DEPTH(h)) << s)
		:: else
		fi;
		w = 0; s++;
		if
		:: s == NS -> s = 0; pc = ALL_LINK
		:: else
		fi
	}
	:: d_step { pc == ALL_LINK -> read_link(b, h, l); pc = ALL_RECHECK }
	:: d_step { pc == ALL_RECHECK ->
		if
		:: !SAME(header[b], h) -> again()
		:: SAME(header[b], h) && STATE(h) == SPLIT ->
			/* Items are looked into. */
			for (j_ : 0 .. NK - 1) { assert(val[j_] == 0 || val[j_] == map[j_]) }
			c = b | (1 << DEPTH(h)); pc = CHILD
		:: else ->
			assert(STATE(h) == OPEN);
			/* everything goes into a list */
			at = 0; m = VALID(h); to_ = LEAVES(b);
			if
			:: VALID(h) == 0 && BLOCK(f) == 0 -> pc = SHRINK_LEAVE
			:: (VALID(h) != 0 || BLOCK(f) != 0) && q != 0 -> pc = PENDING
			:: else -> pc = PROPOSE
			fi
		fi
	}
	/* Makes bucket c ready with what moves out of bucket b, split by h. */
	:: d_step { pc == CHILD ->
		load(c, x);
		if
		:: STATE(x) == UNINIT -> pc = CHILD_PARENT
		:: else -> finish()
		fi
	}
	:: d_step { pc == CHILD_PARENT ->
		if
#ifndef PREPARE_BLIND
		:: !SAME(header[b], h) -> again()
#endif
		:: else -> pc = ((x & B) -> CHILD_LINK : (SOME_MOVE -> CHILD_FILL : CHILD_READY))
		fi
	}
	:: d_step { pc == CHILD_READY ->
		change(c, x, TO(x, READY, DEPTH(h) + 1));
		if
		:: won -> finish()
		:: else -> again()
		fi
	}
	:: d_step { pc == CHILD_FILL ->
		begin_filling(c, x);
		if
		:: won -> won = 0; own = 1; pc = CHILD_STORE
		:: else -> again()
		fi
	}
	:: d_step { pc == CHILD_STORE ->
		/* filled: keys for which there are slots */
		s = 0; w = 0;
		for (j_ : 0 .. NK - 1) {
			if
			:: MOVING(j_) && s < NS ->
				slot[c * NS + s] = WORD(j_, val[j_]);
				filled = filled | (1 << j_); s++
			:: MOVING(j_) && s == NS -> w = 1
			:: else
			fi
		}
		pc = (w -> CHILD_LINK : CHILD_VALIDATE);
		w = 0
	}
	:: d_step { pc == CHILD_VALIDATE ->
		if
		:: header[c] == (x | B) -> become(c, TO(x, READY, DEPTH(h) + 1) | ((1 << s) - 1))
		:: else -> release(c)
		fi;
		finish()
	}
	/* What is in no slot goes into a list; if another's came first, all of it. */
	:: d_step { pc == CHILD_LINK -> lc = link[c]; keep(BLOCK(lc)); pc = CHILD_RECHECK }
	:: d_step { pc == CHILD_RECHECK ->
		if
		:: !SAME(header[c], x) ->
			lc = 0;
			if
			:: own -> pc = CHILD_RELEASE
			:: else -> finish()
			fi
#ifdef USE_DEAD
		:: SAME(header[c], x) && BLOCK(lc) != 0 ->
#else
		:: SAME(header[c], x) && BLOCK(lc) != 0 && base[BLOCK(lc)] == VER(x) ->
#endif
			pc = CHILD_OTHERS
		:: else -> pc = CHILD_PROPOSE
		fi
	}
	:: d_step { pc == CHILD_OTHERS ->
#ifdef USE_DEAD
		if
		:: SAME(header[c], x) -> base[BLOCK(lc)] = VER(x); to[BLOCK(lc)] = AT(READY, DEPTH(h) + 1) >> 4
		:: else
		fi;
#endif
		commit(c, BLOCK(lc));
		lc = 0;
		if
		:: own -> pc = CHILD_RELEASE
		:: else -> finish()
		fi
	}
	:: d_step { pc == CHILD_PROPOSE ->
		new(c, p);
		for (j_ : 0 .. NK - 1) {
			content[p * NK + j_] = ((MOVING(j_) && !(filled & (1 << j_))) -> val[j_] : 0)
		}
		prev[p] = G(x); base[p] = VER(x);
		set[p] = (own -> (1 << s) - 1 : 0);
		to[p] = AT(READY, DEPTH(h) + 1) >> 4;
		outcome[p] = (own -> ASKED : 0);
		publish(c, x, lc, p);
		lc = 0;
		if
		:: won -> won = 0; changed_ = 1; pc = CHILD_COMMIT
		:: else -> drop(p); wipe(p); p = 0; pc = CHILD_LINK
		fi
	}
	:: d_step { pc == CHILD_COMMIT ->
		commit(c, p);
		if
		:: won || !own -> outcome[p] = 0; finish()
		:: else -> of_child = 1; s = 0; pc = FATE
		fi
	}
	:: d_step { pc == CHILD_RELEASE -> release(c); finish() }
	:: d_step { pc == FINISH ->
		if
		:: VER(header[b]) == VER(h) -> become(b, TO(header[b] & ~m, OPEN, DEPTH(h) + 1))
		:: else
		fi;
		again()
	}
	/* Merges bucket b, deeper ones first. */
	:: d_step { pc == SHRINK_GOAL ->
		load(b, h);
		if
		:: b == goal && kind == SHRINK && (STATE(h) == UNINIT || begun && STATE(h) != LEAVING) -> end()
		:: !(b == goal && kind == SHRINK) && STATE(h) == UNINIT -> again()
		:: else ->
			if
#ifndef LEAVE_DEEPER
			:: STATE(h) == OPEN && DEPTH(h) > OWN(b) -> go(b | (1 << (DEPTH(h) - 1)), SHRINK_GOAL)
#endif
			:: STATE(h) != OPEN -> go(b, HELP)
			:: else -> pc = (VALID(h) -> ALL_SLOTS : ALL_LINK)
			fi
		fi
	}
	:: d_step { pc == SHRINK_LEAVE ->
		change(b, h, TO(h, LEAVING, OWN(b)));
		begun = begun || won && kind == SHRINK && b == goal;
		again()
	}
	/* Bucket b is leaving, by h. */
	:: d_step { pc == LEAVE ->
		c = b; x = h;
		b = PARENT(c);
		load(b, h);
#ifdef CLEAN_BLIND
		h = 0;
#endif
		if
		:: DEPTH(h) < DEPTH(x) -> h = 0; pc = CLEAN
		:: DEPTH(h) >= DEPTH(x) && (STATE(h) == SPLIT || STATE(h) == READY) -> go(b, HELP)
#ifndef INTO_DEEPER
		:: DEPTH(h) > DEPTH(x) && STATE(h) == OPEN -> go(b | (1 << (DEPTH(h) - 1)), SHRINK_GOAL)
#endif
		:: else -> assert(STATE(h) == OPEN); pc = LEAVE_LINK
		fi
	}
	:: d_step { pc == LEAVE_LINK ->
		read_link(c, x, l);
		pc = LEAVE_RECHECK;
#ifdef MERGE_BLIND
		pc = LEAVE_INTO
#endif
	}
	:: d_step { pc == LEAVE_RECHECK ->
		if
		:: SAME(header[c], x) -> pc = LEAVE_INTO
		:: else -> again()
		fi
	}
	:: d_step { pc == LEAVE_INTO -> x = 0; read_link(b, h, l); pc = LEAVE_RECHECK_INTO }
	:: d_step { pc == LEAVE_RECHECK_INTO ->
		to_ = AT(OPEN, OWN(c) - 1) >> 4;
		c = 0;
		if
		:: SAME(header[b], h) -> pc = ((q != 0) -> PENDING : PROPOSE)
		:: else -> again()
		fi
	}
	/* Its parent has all of it. */
	:: d_step { pc == CLEAN ->
		read_link(c, x, l);
		FORGET;
		pc = CLEAN_RECHECK;
#ifdef UNINIT_FIRST
		pc = CLEAN_HEADER
#endif
	}
	:: d_step { pc == CLEAN_RECHECK ->
		if
#ifndef CLEAN_STALE
		:: !SAME(header[c], x) -> again()
#endif
		:: else -> pc = ((BLOCK(f) == 0) -> CLEAN_HEADER : CLEAN_LINK)
		fi
	}
	:: d_step { pc == CLEAN_LINK ->
		publish(c, x, l, 0);
		if
		:: won -> retire(BLOCK(f)); changed_ = 1
		:: else
		fi;
		l = 0; f = 0; q = 0; won = 0;
		pc = CLEAN
	}
	:: d_step { pc == CLEAN_HEADER ->
		if
		:: SAME(header[c], x) ->
#if defined(VERSION_ZERO)
			header[c] = header[c] & (B | FLIP);
			changed_ = 1
#elif defined(FILLING_LOST)
			become(c, header[c] & FLIP)
#elif defined(PARITY_LOST)
			become(c, header[c] & B)
#else
			become(c, header[c] & (B | FLIP))
#endif
		:: else
		fi;
		again()
	}
	fi;
	d_step {
	/* What is left of the step is local. */
	if
	/* Block p has been in force at some time, or has not. */
	:: pc == IN_FORCE ->
		outcome[p] = 0; w = 0;
		pc = (of_child -> CHILD_DONE : (NOTHING -> CLEAR_AWAY : PROPOSED))
	:: pc == NEVER_IN_FORCE ->
		outcome[p] = 0; w = 0;
		pc = (of_child -> CHILD_RELEASE : AGAIN);
		if
		:: own && !of_child -> release(b)
		:: else
		fi
	:: else
	fi;
	if
	:: pc == PROPOSED ->
		begun = begun || kind == SHRINK && b == goal && to_ == LEAVES(b);
		pc = (does -> END : AGAIN)
	/* The parent is next, without what moves. */
	:: pc == CHILD_DONE ->
		filled = 0; s = 0; own = 0; p = 0; lc = 0; w = 0; won = 0; x = 0; of_child = 0;
		if
		:: BLOCK(f) == 0 -> pc = FINISH
		:: BLOCK(f) != 0 && q != 0 -> pc = PENDING
		:: else ->
			STAY(0); STAY(1);
#if NK > 2
			STAY(2);
#endif
			to_ = AT(OPEN, DEPTH(h) + 1) >> 4;
			pc = PROPOSE
		fi
	:: else
	fi;
	if
	:: pc == END || pc == AGAIN || pc == GO ->
		forget();
		if
		:: pc == AGAIN -> begin()
		:: pc == GO -> pc = next_
		:: else ->
			kind = 0; k = 0; goal = 0; guess = 0; put = 0; begun = 0; b = 0; pc = IDLE;
			rk[t] = 0; seen[t] = 0
		fi;
		next_ = 0;
#ifdef BEGIN_AGAIN
		begun = 0;
#endif
		let_go()
	:: else
	fi;
	if
	:: changed_ -> collect(); rename(); agree(); changed_ = 0
	:: else
	fi;
	i_ = 0
	}
	}
	od;
	done_++
}

/* Key k in a bucket: in no slot or list, in a slot, in a list. */
inline put_in(b_, key) {
	if
	:: true
	:: (header[b_] & 1) == 0 -> header[b_] = header[b_] | 1; slot[b_ * NS] = WORD(key, 7); map[key] = 7
	:: true ->
		if
		:: BLOCK(link[b_]) == 0 -> new(b_, p); settled(p); link[b_] = p * 2
		:: else -> p = BLOCK(link[b_])
		fi;
		content[p * NK + key] = 7; map[key] = 7
	fi;
	p = 0
}

#define IS_OPEN(b_, depth) header[b_] = AT(OPEN, depth)

init {
	byte t, b, p;
	atomic {
		if
#if START == 0 || START == 2
		:: IS_OPEN(0, 0); b = 0
#endif
#if START == 1 || START == 2
		:: IS_OPEN(0, 1); IS_OPEN(1, 1); b = 1
#endif
#if START == 3
		:: IS_OPEN(0, 2); IS_OPEN(1, 2); IS_OPEN(2, 2); IS_OPEN(3, 2); b = 3
		:: IS_OPEN(0, 2); IS_OPEN(1, 1); IS_OPEN(2, 2); b = 1
		:: IS_OPEN(0, 1); IS_OPEN(1, 2); IS_OPEN(3, 2); b = 3
#endif
		fi;
		put_in(0, 0);
		put_in(((b > 0) -> 1 : 0), 1);
#if NK > 2
		put_in(b, 2);
#endif
		d_step { collect(); agree() }
		for (t : 0 .. NT - 1) { run worker(t) }
		t = 0; b = 0
	}
	done_ == NT;
	d_step {
		collect();	/* no block is lost */
		agree();
		for (t : 0 .. NC - 1) {
			assert(!(header[t] & B) && STATE(header[t]) != SPLIT)
		}
	}
}
