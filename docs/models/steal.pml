/*
 * (h) A thread's cache: its owner enters without a fence, a thief with a heavy barrier.
 *
 * Owner: busy = 1; look at steal: if it is clear, use the contents; busy = 0. Three times.
 * Thief: steal: 0 -> 1 by compare-and-swap; heavy barrier; look at busy: if it is clear, take the
 * contents; steal = 0. Two thieves.
 * Checked: never two inside; nothing is taken twice or lost, so each sees what the last one wrote.
 *
 * Mutants: OWN_FENCE    the thief passes its own fence only
 *          OWNER_LATE   the owner looks at steal before it sets busy
 *          THIEF_BLIND  the thief does not look at busy
 *          PLAIN_ASK    the thief asks by load and store
 *          EARLY_CLEAR  the owner clears busy before its last store to the contents
 */
#define THREADS	3
#define CELLS	3
#define BUF	9
#include "tso.pml"

#define BUSY	0
#define STEAL	1
#define ITEMS	2

byte inside, put, taken, gone;

inline come()	{ inside++; assert(inside == 1) }
inline leave()	{ inside-- }

inline operation()
{
#ifdef OWNER_LATE
	load(t, STEAL);
	store(BUSY, 1);
#else
	store(BUSY, 1);
	load(t, STEAL);
#endif
	if
	:: t -> t = 0
	:: else ->
		come();
		load(n, ITEMS);
#ifdef EARLY_CLEAR
		store(BUSY, 0);
#endif
		store(ITEMS, n + 1);
		n = 0;
		put++;
		leave()
	fi;
#ifndef EARLY_CLEAR
	store(BUSY, 0)
#endif
}

proctype owner()
{
	byte n;
	bit t;
	operation();
	operation();
	operation();
	fence();
	gone++
}

proctype thief()
{
	byte n, todo;
	bit t;
#ifdef PLAIN_ASK
	load(t, STEAL);
	store(STEAL, 1);
#else
	swap(t, STEAL, 1);	/* a compare-and-swap 0 -> 1 that fails leaves 1, as this does */
#endif
	if
	:: t -> goto out
	:: else
	fi;
#ifdef OWN_FENCE
	fence();
#else
	heavy();
#endif
#ifndef THIEF_BLIND
	load(t, BUSY);
#endif
	if
	:: t
	:: else ->
		come();
		load(n, ITEMS);
		store(ITEMS, 0);
		taken = taken + n;
		n = 0;
		leave()
	fi;
	store(STEAL, 0);
out:
	t = 0;
	fence();
	d_step { gone++; assert(gone < 3 || put == taken + mem[ITEMS]) }
}

MACHINE(skip, run owner(); run thief(); run thief())
