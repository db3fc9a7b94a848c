/*
 * (f) A deferred number: wr + 2, read after a full fence, without an advance. A third thread advances,
 * scans and raises rd; the readers are light.
 *
 * LAZY: the same number, but only polls move wr, up to their goal, and the poller's barrier is limited in
 * rate: a poll that is not due answers false. The third thread's poll is due.
 *
 * Mutants: NO_FENCE     the number is read with the unlink in the store buffer (a release fence)
 *          TAG_IS_WR    the number is wr, not wr + 2
 *          FUTURE_IS_MET   a goal above wr counts as observed
 *          TRUST_TICK   LAZY: a poll that is not due scans without a barrier
 */
#define THREADS	3
#define SLOTS	1
#define OBJECTS	1
#include "clock.pml"

proctype reader()
{
	READER;
	section(0, 0);
	section(0, 0)
}

/* The number of the next advance. */
inline next_goal()
{
#ifndef NO_FENCE
	fence();
#endif
	load(g, WR);
#ifndef TAG_IS_WR
	g = NEXT(g)
#endif
}

/* Moves wr up to the goal, if nothing has moved it since. */
inline reach()
{
	load(w, WR);
	if
	:: NEXT(w) == g -> d_step { EMPTY -> mem[WR] = NEXT(mem[WR]) }
	:: else
	fi;
	w = 0
}

inline poll_deferred()
{
	P1();
	if
	:: LE(g, rd0) -> met = true; rd0 = 0
	:: else ->
#ifdef LAZY
		if
		:: reach(); P2(); P3()		/* due */
#ifdef TRUST_TICK
		:: reach(); P2()		/* not due */
#else
		:: w = rd0			/* not due: less than the goal */
#endif
		fi;
#else
		P2();
#endif
		if
		:: LT(w, g) ->
#ifdef FUTURE_IS_MET
			met = true;
#endif
			w = 0; rd0 = 0
		:: else ->
#ifndef LAZY
			P3();
#endif
			scan();
			P4()
		fi
	fi
}

proctype writer()
{
	POLLER;
	unlink(0);
	next_goal();
	do
	:: met -> break
	:: else -> poll_deferred()
	od;
	free(0)
}

proctype third()
{
	POLLER;
#ifdef LAZY
	load(g, WR);
	g = NEXT(g);
	reach();
#else
	W();
#endif
	poll();
	g = 0; met = false
}

MACHINE(CLOCK_AT_REST, run reader(); run writer(); run third())
