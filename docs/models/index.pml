/* The skip map's index: how a chunk comes into it, dies, and is reclaimed. structures/src/skip, S3 to S6.
 * Sequentially consistent: the orderings are loom's business (structures/src/skip/models.rs).
 *
 * All chunks have the same low, so that at most one is linked, behind the head, which is not modelled. The
 * index is one chunk, whose revision has a place for that low; it is replaced by compare-and-swap, here
 * by its number. Chunks are reused as soon as the sections allow it that could see them; so are
 * their revisions, which go with the absorption.
 *
 * Mutants: FROZEN_READ    a reader looks into a chunk of the index that is not live
 *          NO_RECHECK     who puts a chunk into the index does not look at it again
 *          CHUNK_FIRST    the chunk is found live before the index is loaded
 *          NO_TOKEN       the link of the index is counted when it is there
 *          BOTH_UNLINK    who finds that another has taken the chunk out gives up its link as well
 *          EARLY_RETIRE   who absorbs retires the chunk, whatever its links
 */
#ifndef NT
#define NT 2	/* threads */
#endif
#ifndef OPS
#define OPS 2	/* of each */
#endif
#define NB 6	/* chunks; 0 is none */

#define LIVE 1
#define FROZEN 2

byte linked;			/* the chunk behind the head */
byte state[NB];
bool content[NB];		/* whether its revision is there */
byte links[NB];
bool used[NB], retired[NB], dropping[NB];
byte holders[NB], rev_holders[NB];
byte item;			/* the index */
byte number;
byte inside;
byte done_;

inline enter() { inside = inside | (1 << t) }
inline exit() {
	d_step {
		inside = inside & ~(1 << t);
		for (i_ : 1 .. NB - 1) {
			holders[i_] = holders[i_] & ~(1 << t);
			rev_holders[i_] = rev_holders[i_] & ~(1 << t);
			if
			:: dropping[i_] && rev_holders[i_] == 0 -> dropping[i_] = 0; content[i_] = 0
			:: else
			fi;
			if
			:: retired[i_] && holders[i_] == 0 ->
				assert(!content[i_] && links[i_] == 0);
				used[i_] = 0; retired[i_] = 0; state[i_] = 0
			:: else
			fi
		}
		i_ = 0
	}
}

inline retire(c_) {
	assert(used[c_] && !retired[c_]);
	retired[c_] = 1; holders[c_] = inside
}

/* Gives up a link. */
inline unlink(c_) {
	d_step {
		assert(links[c_] > 0);
		links[c_]--;
		if
		:: links[c_] == 0 -> retire(c_)
		:: else
		fi
	}
}

/* Chunk c, seen frozen, goes into the head. */
inline absorb() {
	atomic {
		if
		:: linked == c ->
			assert(state[c] == FROZEN);
			linked = 0; dropping[c] = 1; rev_holders[c] = inside;
			won = 1
		:: else -> won = 0
		fi
	}
	if
	:: won ->
#ifdef EARLY_RETIRE
		d_step { links[c] = 0; retire(c) }
#else
		unlink(c);
#endif
		x = c; deindex()
	:: else
	fi
}

/* Takes chunk x out of the index. */
inline deindex() {
	do
	:: atomic { a = item; n = number }
		if
		:: a != x ->
#ifdef BOTH_UNLINK
			unlink(x);
#endif
			break
		:: else
		fi;
		atomic {
			if
			:: number == n ->
				item = 0; number++;
				won = 1
			:: else -> won = 0
			fi
		}
		if
		:: won -> unlink(x); break
		:: else
		fi
	od;
	a = 0; n = 0
}

/* Gives chunk c, which was born, its place. */
inline index() {
	do
	::
#ifdef CHUNK_FIRST
		s = state[c];
#endif
		atomic { a = item; n = number }
#ifndef CHUNK_FIRST
		s = state[c];
#endif
		if
		:: s == FROZEN ->
#ifndef NO_TOKEN
			unlink(c);
#endif
			break
		:: else
		fi;
		atomic {
			if
			:: number == n ->
				item = c; x = a; number++;
				won = 1
			:: else -> won = 0
			fi
		}
		if
		:: won ->
			if
			:: x != 0 -> assert(state[x] == FROZEN); unlink(x)
			:: else
			fi;
#ifdef NO_TOKEN
			links[c]++;
#endif
#ifndef NO_RECHECK
			if
			:: state[c] == FROZEN -> x = c; deindex()
			:: else
			fi;
#endif
			break
		:: else
		fi
	od;
	a = 0; n = 0; s = 0
}

proctype worker(byte t; byte ops) {
	byte c, x, a, n, s, i_;
	bool won;
	do
	:: ops == 0 -> break
	:: else ->
		ops--;
		enter();
		if
		:: /* a split */
			atomic {
				if
				:: linked == 0 ->
					c = 1;
					do
					:: c < NB && used[c] -> c++
					:: else -> break
					od;
					assert(c < NB);
					used[c] = 1; state[c] = LIVE; content[c] = 1;
#ifdef NO_TOKEN
					links[c] = 1;
#else
					links[c] = 2;
#endif
					linked = c; won = 1
				:: else -> won = 0
				fi
			}
			if
			:: won -> index()
			:: else
			fi
		:: /* the last item is removed; or somebody meets a frozen chunk */
			c = linked;
			if
			:: c != 0 ->
				assert(used[c]);
				if
				:: state[c] == LIVE -> state[c] = FROZEN
				:: else
				fi;
				absorb()
			:: else
			fi
		:: /* a reader, by the index */
			c = item;
			if
			:: c != 0 ->
				assert(used[c]);
				s = state[c];
#ifndef FROZEN_READ
				if
				:: s == LIVE -> assert(content[c])
				:: else
				fi
#else
				assert(content[c])
#endif
			:: else
			fi;
			s = 0
		fi;
		d_step { c = 0; x = 0; won = 0 }
		exit()
	od;
	done_++
}

init {
	atomic { for (done_ : 0 .. NT - 1) { run worker(done_, OPS) } done_ = 0 }
	done_ == NT;
	/* At rest: what is linked is indexed, once, nothing else is, and the rest has been reclaimed. */
	d_step {
		assert(item == linked);
		byte k;
		for (k : 1 .. NB - 1) {
			assert(used[k] == (k == linked));
			assert(k != linked || (links[k] == 2 && state[k] == LIVE && content[k]))
		}
	}
}
