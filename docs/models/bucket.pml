/* The hash map's buckets: header, link, slots; lists behind the link; the split of a bucket.
 * structures/src/hash. Sequentially consistent: the orderings are loom's business.
 *
 * Bucket 0 splits once into 0 and 1; of the keys, the odd ones move. Threads below SPLITTER do operations
 * of any kind, the others split. A list is one block, with any number of entries. Blocks are reused as
 * soon as every section that could see them has ended.
 *
 * A bucket's content is a function of its header, its valid slots and the block in force, and changes
 * only by a compare-and-swap of the header. The model keeps the abstract map beside it (`map`), changed
 * at these instants, and compares what each operation finds with it at the instant it linearizes.
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
#define NB 7	/* blocks; 0 is none */

/* Header: valid 0-2 | B 3 | g 4 | depth 5 | state 6-7 (0 uninit 1 open 2 split 3 ready) | version 8.. */
#define VALID(h) ((h) & 7)
#define B 8
#define G(h) (((h) >> 4) & 1)
#define FLIP 16
#define DEPTH(h) (((h) >> 5) & 1)
#define STATE(h) (((h) >> 6) & 3)
#define VER(h) ((h) >> 8)
#define SAME(a, b) (((a) & ~B) == ((b) & ~B))
#define UNINIT 0
#define OPEN 1
#define SPLIT 2
#define READY 3
#define BUMP 256
#define TO_SPLIT(h) ((h) + BUMP + 64)
#define TO_DEEP(h) ((h) + BUMP - 64 + 32)
#define TO_OPEN(h) ((h) + BUMP - 128)
#ifdef EARLY
#define CHILD (BUMP + 64 + 32)	/* open at once */
#else
#define CHILD (BUMP + 192 + 32)	/* ready */
#endif

/* Link: block * 2 + tag. */
#define TAG(l) ((l) & 1)
#define BLOCK(l) ((l) >> 1)

short header[2];
byte link[2];
byte kw[2 * NS], vw[2 * NS];	/* the slots: key + 1, value */

byte content[NB * NK];		/* blocks: value by key, 0 is absent */
byte prev[NB];			/* the link's word that it would take the place of */
byte base[NB];			/* the header's version that it was made for */
byte set[NB], clear[NB];	/* slots */
byte outcome[NB];		/* 1 in force at some time, 2 never */
byte effect[NB], value[NB];	/* ghost: what it does to the map; key + 1 */
bool used[NB], retired[NB];
byte holders[NB];

byte map[NK];
byte inside;
byte rk[NT]; byte seen[NT];	/* a reader's key + 1; the values that it had since the reader began */
byte done_;

inline becomes(k_, v_) {
	map[k_] = v_;
	for (i_ : 0 .. NT - 1) {
		if
		:: rk[i_] == k_ + 1 -> seen[i_] = seen[i_] | (1 << (v_))
		:: else
		fi
	}
	i_ = 0
}

inline new(p_) {
	d_step {
		p_ = 1;
		do
		:: p_ < NB && used[p_] -> p_++
		:: else -> break
		od;
		assert(p_ < NB);
		used[p_] = 1; retired[p_] = 0; holders[p_] = 0;
		set[p_] = 0; clear[p_] = 0; outcome[p_] = 0; effect[p_] = 0; value[p_] = 0
	}
}

inline drop(p_) {
	used[p_] = 0; prev[p_] = 0; base[p_] = 0; retired[p_] = 0; set[p_] = 0; clear[p_] = 0;
	outcome[p_] = 0; effect[p_] = 0; value[p_] = 0; holders[p_] = 0;
	for (j_ : 0 .. NK - 1) { content[p_ * NK + j_] = 0 }
	j_ = 0
}

inline retire(p_) {
	if
	:: (p_) != 0 -> assert(used[p_] && !retired[p_]); retired[p_] = 1; holders[p_] = inside
	:: else
	fi
}

inline enter() { d_step { inside = inside | (1 << t) } }
inline exit() {
	d_step {
		inside = inside & ~(1 << t);
		for (i_ : 1 .. NB - 1) {
			if
			:: used[i_] && retired[i_] ->
				holders[i_] = holders[i_] & ~(1 << t);
				if
				:: holders[i_] == 0 -> drop(i_)
				:: else
				fi
			:: else
			fi
		}
		i_ = 0
	}
}

/* Reads bucket b under header h: value `found` of key k, slot `at` (NS: none), block in force `f` (a
 * word), the link's word l, the pending block q. Every slot word is a step. */
inline scan() {
	found = 0; at = NS; s = 0;
	do
	:: s < NS ->
		if
		:: h & (1 << s) ->
			w = kw[b * NS + s];
			if
			:: w == k + 1 -> found = vw[b * NS + s]; at = s
			:: else
			fi
		:: else
		fi;
		s++
	:: else -> break
	od;
	s = 0; w = 0;
	l = link[b];
	q = 0; f = l;
	if
	:: TAG(l) != G(h) ->
		q = BLOCK(l); assert(q == 0 || used[q]);
		f = prev[q]
	:: else
	fi;
	if
	:: at == NS && BLOCK(f) != 0 ->
		atomic { assert(used[BLOCK(f)]); found = content[BLOCK(f) * NK + k] }
	:: else
	fi
}

/* Where key k is: b and h; helper's business is left to the caller. */
inline locate() {
	if
	:: k & 1 -> if :: b = 0 :: b = 1 fi	/* an older or newer geometry */
	:: else -> b = 0
	fi;
	do
	:: h = header[b];
		if
		:: b == 1 && STATE(h) == UNINIT -> b = 0
		:: b == 1 && STATE(h) != UNINIT -> break
		:: b == 0 && (k & 1) && DEPTH(h) == 1 ->
			assert(STATE(header[1]) != UNINIT);
			b = 1
		:: b == 0 && (!(k & 1) || DEPTH(h) == 0) -> break
		fi
	od
}

/* The header moved on from version base[p]: was block p, once in the link of b, ever in force? */
inline fate(p_, yes) {
	do
	:: l = link[b];
		if
		:: BLOCK(l) != p_ -> assert(outcome[p_] != 0); yes = outcome[p_] == 1; break
		:: else ->
			x = header[b];
			if
			:: link[b] == l -> yes = TAG(l) == G(x); break
			:: else
			fi
		fi
	od
}

/* Commits block p of bucket b if the header is still at its version. won: by this very step. */
inline commit(p_) {
	won = 0;
	do
	:: x = header[b];
		if
#ifndef COMMIT_ANY
		:: VER(x) != base[p_] -> break
		:: VER(x) == base[p_] ->
#else
		:: 1 ->
#endif
			atomic {
				if
				:: header[b] == x ->
					header[b] = ((x & ~clear[p_]) | set[p_]) + BUMP;
					if :: set[p_] != 0 -> header[b] = header[b] & ~B :: else fi;
					header[b] = header[b] ^ FLIP;
					if
					:: effect[p_] != 0 -> becomes(effect[p_] - 1, value[p_])
					:: else
					fi;
					won = 1;
					retire(BLOCK(prev[p_]));
					break
				:: else
				fi
			}
		fi
	od
}

/* Replaces l, as scanned under h (rechecked), by block p; `won` tells. The fate of what leaves the link
 * is written into it first. */
inline publish(p_) {
	if
	:: BLOCK(l) != 0 -> outcome[BLOCK(l)] = (TAG(l) == G(h) -> 1 : 2)
	:: else
	fi;
	atomic {
		if
		:: link[b] == l ->
			link[b] = p_ * 2 + (1 - G(h));
			if
			:: TAG(l) != G(h) -> retire(q)
			:: else
			fi;
			won = 1
		:: else -> won = 0
		fi
	}
}

inline release() {
	do
	:: x = header[b];
		atomic {
			if
			:: header[b] == x -> assert(x & B); header[b] = x & ~B; break
			:: else
			fi
		}
	od
}

/* Helps the split of bucket 0, if any, to its end. */
inline help() {
	b = 0; h = header[0];
	if
	:: STATE(h) == SPLIT ->
		k = 1; 				/* the only key that moves */
		scan();
		if
		:: SAME(header[0], h) ->
			/* Its node is looked into: it was in the map at some time of this section. */
			assert(rk[t] != 2 || (seen[t] & (1 << found)));
			hs = h; m = at; v1 = found; ls = l; fs = f; qs = q;
			/* the child */
#ifndef FINISH_FIRST
			open();
#endif
			/* the parent */
			b = 0; h = hs; l = ls; f = fs; q = qs;
			p = 0; won = 1;
			if
			:: BLOCK(f) != 0 && !(q != 0 && base[q] == VER(h)) ->
				new(p);
				d_step {
					for (j_ : 0 .. NK - 1) {
						content[p * NK + j_] = (j_ & 1 -> 0 : content[BLOCK(f) * NK + j_])
					}
					j_ = 0;
					prev[p] = f; base[p] = VER(h)
				}
				publish(p);
				if
				:: !won -> d_step { drop(p) }
				:: else
				fi
			:: else
			fi;
			p = 0;
			do
			:: x = header[0];
				if
				:: VER(x) != VER(hs) -> break
				:: else ->
					atomic {
						if
						:: header[0] == x ->
							if
							:: m < NS -> header[0] = TO_DEEP(x & ~(1 << m))
							:: else -> header[0] = TO_DEEP(x)
							fi;
							if
							:: BLOCK(fs) != 0 ->
								assert(TAG(link[0]) != G(x));
								header[0] = header[0] ^ FLIP;
								retire(BLOCK(fs))
							:: else
							fi;
							break
						:: else
						fi
					}
				fi
			od;
#ifdef FINISH_FIRST
			open();
#endif
			hs = 0; ls = 0; fs = 0; qs = 0; v1 = 0; m = 0; found = 0
		:: else
		fi
	:: else
	fi;
	/* the child */
	do
	:: x = header[1];
		if
		:: STATE(x) != READY || DEPTH(header[0]) == 0 -> break
		:: else ->
			atomic {
				if
				:: header[1] == x -> header[1] = TO_OPEN(x); break
				:: else
				fi
			}
		fi
	od;
	skip
}

/* Makes bucket 1 ready with what moves: key 1's value v1, if not 0. */
inline open() {
	x = header[1];
	if
	:: STATE(x) != UNINIT
	:: STATE(x) == UNINIT && !(x & B) ->
		atomic {
			if
			:: header[1] == x -> header[1] = x | B; won = 1
			:: else -> won = 0
			fi
		}
		if
		:: won ->
			if
			:: v1 != 0 -> kw[NS] = 2; vw[NS] = v1
			:: else
			fi;
			atomic {
				if
				:: header[1] == (x | B) -> header[1] = CHILD + (v1 != 0 -> 1 : 0)
				:: else -> won = 0
				fi
			}
			if
			:: !won -> b = 1; release()
			:: else
			fi
		:: else -> by_block()
		fi
	:: else -> by_block()
	fi
}

/* The slots are another's, who may be gone: all that moves goes into a block. */
inline by_block() {
	if
	:: STATE(header[1]) == UNINIT ->
		new(p);
		d_step { content[p * NK + 1] = v1; prev[p] = 0; base[p] = 0 }
		atomic {
			if
			:: link[1] == 0 -> link[1] = p * 2 + 1
			:: else -> drop(p)
			fi
		}
		p = 0;
#ifdef UNBLOCK
		atomic { if :: header[1] == B -> header[1] = CHILD + FLIP :: else fi }
#else
		atomic { if :: header[1] == B -> header[1] = CHILD + FLIP + B :: else fi }
#endif
	:: else
	fi
}

proctype worker(byte t; byte ops) {
	byte b, k, s, w, at, found, l, f, q, p, kind, i_, j_, m, v1, ls, fs, qs, new_;
	short h, x, hs;
	bool won, yes;
	do
	:: ops == 0 -> break
	:: else ->
		ops--;
		enter();
		if
#if defined(READER)
		:: t == 0 -> kind = 0
		:: t != 0 -> kind = 1
		:: t != 0 -> kind = 2
#elif defined(WRITERS)
		:: kind = 1
		:: kind = 2
#else
		:: kind = 0
		:: kind = 1
		:: kind = 2
#endif
#if defined(SPLITTER)
		:: t >= SPLITTER -> kind = 3
#endif
		fi;
#if defined(SPLITTER)
		if :: t >= SPLITTER -> kind = 3 :: else fi;
#endif
		if
		:: kind == 3 ->
			d_step { rk[t] = 2; seen[t] = 1 << map[1] }
			x = header[0];
			if
			:: STATE(x) == OPEN && DEPTH(x) == 0 ->
				atomic {
					if
					:: header[0] == x -> header[0] = TO_SPLIT(x)
					:: else
					fi
				}
			:: else
			fi;
			help();
			d_step { rk[t] = 0; seen[t] = 0 }
		:: else ->
			select(k : 0 .. NK - 1);
			new_ = (kind == 1 -> t + 1 : 0);
			d_step { rk[t] = k + 1; seen[t] = 1 << map[k] }
again:
			locate();
			if
#ifdef WRITE_READY
			:: STATE(h) == SPLIT && kind != 0 -> new_ = k; help(); k = new_; new_ = (kind == 1 -> t + 1 : 0); goto again
#else
			:: STATE(h) >= SPLIT && kind != 0 -> new_ = k; help(); k = new_; new_ = (kind == 1 -> t + 1 : 0); goto again
#endif
			:: else
			fi;
			scan();
			if
#ifdef NO_RECHECK
			:: kind == 0 -> assert(seen[t] & (1 << found)); goto done
#endif
			:: !SAME(header[b], h) -> goto again
			:: else
			fi;
			if
			:: kind == 0 || (kind == 2 && found == 0) ->
				assert(seen[t] & (1 << found));
				goto done
			:: else
			fi;
			if
			:: kind == 2 && at < NS ->
				/* remove from a slot */
				do
				:: x = header[b];
					if
					:: VER(x) != VER(h) -> goto again
					:: else ->
						atomic {
							if
							:: header[b] == x ->
								assert(map[k] == found);
#ifdef NO_BUMP
								header[b] = x & ~(1 << at);
#else
								header[b] = (x & ~(1 << at)) + BUMP;
#endif
								becomes(k, 0);
								goto done
							:: else
							fi
						}
					fi
				od
			:: else
			fi;
			/* insert or update into a free slot */
			s = 0;
			do
			:: s < NS && (h & (1 << s)) -> s++
			:: else -> break
			od;
			if
			:: kind == 1 && s < NS && !(h & B) ->
				atomic {
					if
					:: header[b] == h -> header[b] = h | B
					:: else -> goto again
					fi
				}
				kw[b * NS + s] = k + 1;
				vw[b * NS + s] = new_;
				if
				:: at < NS || found == 0 ->
					do
					:: x = header[b];
						if
#ifdef COMMIT_STALE
						:: 0
#else
						:: VER(x) != VER(h) -> break
#endif
						:: else ->
							atomic {
								if
								:: header[b] == x ->
									assert(map[k] == found);
									x = (x & ~B) | (1 << s);
									if
									:: at < NS -> x = x & ~(1 << at)
									:: else
									fi;
									header[b] = x + BUMP;
									becomes(k, new_);
									goto done
								:: else
								fi
							}
						fi
					od;
					release();
					goto again
				:: else
				fi
			:: else -> s = NS
			fi;
			/* a new block; s < NS: a slot of this thread's takes the entry out of the block */
			if
			:: q != 0 && base[q] == VER(h) ->
				/* another's, which may yet be committed */
#ifndef STEAL_LIVE
				if
				:: s < NS -> release()
				:: else
				fi;
				commit(q);
				goto again
#else
				skip
#endif
			:: else
			fi;
			new(p);
			d_step {
				for (j_ : 0 .. NK - 1) {
					content[p * NK + j_] = (BLOCK(f) == 0 -> 0 : content[BLOCK(f) * NK + j_])
				}
				j_ = 0;
				content[p * NK + k] = (s < NS -> 0 : new_);
				prev[p] = f; base[p] = VER(h);
				set[p] = (s < NS -> 1 << s : 0);
				clear[p] = (at < NS -> 1 << at : 0);
				effect[p] = k + 1; value[p] = new_
			}
#ifdef BLIND
			l = link[b]; q = (TAG(l) != G(h) -> BLOCK(l) : 0);
#endif
			publish(p);
			if
			:: !won ->
				d_step { drop(p) }
				if
				:: s < NS -> release()
				:: else
				fi;
				goto again
			:: else
			fi;
			commit(p);
			if
			:: !won ->
				fate(p, yes);
				if
				:: !yes ->
					if
					:: s < NS -> release()
					:: else
					fi;
					goto again
				:: else
				fi
			:: else
			fi;
			/* an empty block goes */
			atomic {
				w = 1;
				for (j_ : 0 .. NK - 1) {
					if :: content[p * NK + j_] != 0 -> w = 0 :: else fi
				}
				j_ = 0
			}
			if
			:: w ->
				l = link[b];
				if
				:: BLOCK(l) == p ->
					outcome[p] = 1;
					atomic {
						if
						:: link[b] == l -> link[b] = TAG(l); retire(p)
						:: else
						fi
					}
				:: else
				fi
			:: else
			fi;
done:	skip;
			d_step { rk[t] = 0; seen[t] = 0; p = 0; w = 0; l = 0; f = 0; q = 0; s = 0; x = 0; h = 0; b = 0; at = 0; found = 0; k = 0; new_ = 0; won = 0; yes = 0 }
		fi;
		exit()
	od;
	done_++
}

init {
	byte i, c;
	atomic {
		header[0] = 64;
		for (i : 0 .. NT - 1) { run worker(i, OPS) }
	}
	done_ == NT;
	d_step {
		/* nothing is lost or twice, in slots or blocks */
		byte b, k, s, n, v; short h; byte l;
		for (k : 0 .. NK - 1) {
			n = 0; v = 0;
			for (b : 0 .. 1) {
				h = header[b];
				assert(STATE(h) < SPLIT);
				assert(!(h & B));
				for (s : 0 .. NS - 1) {
					if
					:: (h & (1 << s)) && kw[b * NS + s] == k + 1 -> n++; v = vw[b * NS + s]
					:: else
					fi
				}
				l = link[b];
				if
				:: TAG(l) != G(h) -> assert(STATE(h) == UNINIT || BLOCK(l) != 0); l = prev[BLOCK(l)]
				:: else
				fi;
				if
				:: BLOCK(l) != 0 && content[BLOCK(l) * NK + k] != 0 -> n++; v = content[BLOCK(l) * NK + k]
				:: else
				fi
			}
			assert(n <= 1 && v == map[k])
		}
		/* no block is lost */
		n = 0;
		for (k : 1 .. NB - 1) { if :: used[k] -> n++ :: else fi }
		for (b : 0 .. 1) {
			if
			:: BLOCK(link[b]) != 0 ->
				n--;
				if
				:: TAG(link[b]) != G(header[b]) && BLOCK(prev[BLOCK(link[b])]) != 0 -> n--
				:: else
				fi
			:: else
			fi
		}
		assert(n == 0)
	}
}
