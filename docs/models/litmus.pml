/*
 * The machine itself: what it must allow and what it must forbid.
 *
 * Default: message passing; the second thread sees the flag and then the data.
 * SB: store buffering; never both threads miss the other's store, if ...
 *     FENCES  both fence, or HEAVY  the first does nothing and the second passes a heavy barrier.
 *     FORWARD: each loads its own store in between, and sees it.
 * Mutants: LATE_STORE     message passing with the stores swapped
 *          SB             alone: both may miss; so also with
 *          SB_ONE_FENCE   a fence of one thread
 *          SB_FORWARD     loads of the own store
 */
#ifdef SB_ONE_FENCE
#define SB
#define ONE_FENCE
#endif
#ifdef SB_FORWARD
#define SB
#define FORWARD
#endif

#define THREADS	2
#define CELLS	2
#include "tso.pml"

byte seen[2];
byte over;

inline finish(r)	{ d_step { seen[me] = r; over++ } }

#ifdef SB
proctype first()
{
	byte r, own;
	store(0, 1);
#ifdef FENCES
	fence();
#endif
#ifdef FORWARD
	load(own, 0);
	assert(own == 1);
#endif
	load(r, 1);
	finish(r)
}

proctype second()
{
	byte r, own, todo;
	store(1, 1);
#ifdef HEAVY
	heavy();
#endif
#if defined(FENCES) || defined(ONE_FENCE)
	fence();
#endif
#ifdef FORWARD
	load(own, 1);
	assert(own == 1);
#endif
	load(r, 0);
	finish(r);
	if
	:: over == 2 -> assert(seen[0] || seen[1])
	fi
}
#else
proctype first()
{
	byte todo;
#ifdef LATE_STORE
	store(1, 1);
	store(0, 1)
#else
	store(0, 1);
	store(1, 1)
#endif
}

proctype second()
{
	byte flag, data, todo;
	load(flag, 1);
	load(data, 0);
	assert(!flag || data)
}
#endif

MACHINE(skip, run first(); run second())
