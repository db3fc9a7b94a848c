/*
 * The clock: E1 E2 E3 X of readers, W of writers, P1 P2 P3 P4 of polls. See README.md.
 *
 * A model defines THREADS, SLOTS and OBJECTS, and includes this file. Objects begin linked; `freed` is
 * seen at once by everybody, while an unlink is a store like any other. Numbers are odd, step 2, and
 * are compared modulo 2^BITS.
 *
 * Modes:   FENCED      E3 is a full fence and P3 the scanner's own (no membarrier)
 *          BUSY_FIRST  the slot says BUSY before E1
 * Mutants: NO_BARRIER OWN_FENCE LATE_WR EARLY_SCAN STALE_IS_IDLE STALE_IS_NEW RAISE_TO_W TAG_FIRST
 *          BUSY_IS_IDLE SINGLE_CAS
 */

#ifndef BITS
#define BITS 8
#endif
#ifndef FIRST
#define FIRST 1
#endif
#ifndef MORE
#define MORE 0		/* further cells of the model */
#endif

#define MASK		((1 << BITS) - 1)
#define AHEAD(a, b)	(((a) - (b)) & MASK)		/* how far a is ahead of b */
#define LE(a, b)	(AHEAD(b, a) <= MASK / 2)
#define LT(a, b)	((a) != (b) && LE(a, b))
#define NEXT(a)		(((a) + 2) & MASK)

#define IDLE		0
#define BUSY		2

#define WR		0
#define RD		1
#define SLOT(i)		(2 + (i))
#define LINK(o)		(2 + SLOTS + (o))
#define CELL(i)		(2 + SLOTS + OBJECTS + (i))
#define CELLS		(2 + SLOTS + OBJECTS + MORE)

#include "tso.pml"

bool freed[OBJECTS];

#define CLOCK_AT_REST	mem[WR] = FIRST; mem[RD] = FIRST; mem[LINK(0)] = 1; mem[LINK(OBJECTS - 1)] = 1

/* ---- readers ---- */

#define READER		byte s; bit p

inline E1()	{ load(s, WR) }
inline E2(i)	{ store(SLOT(i), s); s = 0 }
inline X(i)	{ store(SLOT(i), IDLE) }

#ifdef FENCED
inline E3()	{ fence() }
#else
inline E3()	{ skip }	/* a compiler fence: program order, which every thread here keeps */
#endif

inline enter(i)
{
#ifdef BUSY_FIRST
	store(SLOT(i), BUSY);
	E3();
	E1();
	E2(i)
#else
	E1();
	E2(i);
	E3()
#endif
}

/* Loads the pointer; the dereference is a step of its own. */
inline find(o)	{ load(p, LINK(o)) }

inline use(o)
{
	if
	:: p -> assert(!freed[o]); p = 0
	:: else
	fi
}

inline section(i, o)
{
	enter(i);
	find(o);
	use(o);
	X(i)
}

/* ---- writers and polls ---- */

#define POLLER		byte g, w, rd0, oldest, c, todo; bool met

inline unlink(o)	{ store(LINK(o), 0) }

inline W()	{ d_step { EMPTY -> mem[WR] = NEXT(mem[WR]); g = mem[WR] } }
inline P1()	{ load(rd0, RD) }

#ifdef LATE_WR
inline P2()	{ skip }
inline late_P2()	{ load(w, WR) }
#else
inline P2()	{ load(w, WR) }
inline late_P2()	{ skip }
#endif

#if defined(NO_BARRIER)
inline P3()	{ skip }
#elif defined(OWN_FENCE) || defined(FENCED)
inline P3()	{ fence() }
#elif defined(LONE_BUFFER)
inline P3()	{ interrupt(0) }	/* `heavy`, where nobody else ever leaves a store in a buffer */
#else
inline P3()	{ heavy() }
#endif

/* One slot. An open section counts as its number, but never as one before rd. */
inline scan_slot(i)
{
	d_step {
		read_(c, SLOT(i));
		if
		:: c == IDLE
#ifdef BUSY_IS_IDLE
		:: c == BUSY
#else
		:: c == BUSY -> c = rd0; oldest = (LT(c, oldest) -> c : oldest)
#endif
		:: else ->
			if
#if defined(STALE_IS_IDLE) || defined(STALE_IS_NEW)
			:: LT(c, rd0) -> c = w
#else
			:: LT(c, rd0) -> c = rd0
#endif
			:: else
			fi;
			oldest = (LT(c, oldest) -> c : oldest)
		fi;
		c = 0
	}
}

inline scan()
{
	oldest = w;
	scan_slot(0);
#if SLOTS > 1
	scan_slot(1);
#endif
#if SLOTS > 2
	scan_slot(2);
#endif
}

#ifdef RAISE_TO_W
#define REACHED	w
#else
#define REACHED	oldest
#endif

/* The compare-and-swap loop, as the one step in which it ends. `met`: is the goal observed? */
inline P4()
{
	d_step {
		EMPTY ->
		if
		:: !LT(rd0, REACHED) -> oldest = rd0
#ifdef SINGLE_CAS
		:: LT(rd0, REACHED) && mem[RD] == rd0 -> mem[RD] = REACHED
#else
		:: LT(rd0, REACHED) && LT(mem[RD], REACHED) -> mem[RD] = REACHED
#endif
		:: else -> oldest = mem[RD]
		fi;
		met = LE(g, oldest);
		rd0 = 0;
		w = 0;
		oldest = 0
	}
}

inline scan_and_raise()
{
	P2();
#ifdef EARLY_SCAN
	scan();
	P3();
#else
	P3();
	late_P2();
	scan();
#endif
	P4()
}

inline poll()
{
	P1();
	if
	:: LE(g, rd0) -> d_step { met = true; rd0 = 0 }
	:: else -> scan_and_raise()
	fi
}

inline poll_until_met()
{
	do
	:: met -> break
	:: else -> poll()
	od
}

/* An unlink and its number. */
inline remove(o)
{
#ifdef TAG_FIRST
	W();
	unlink(o)
#else
	unlink(o);
	W()
#endif
}

inline free(o)	{ freed[o] = true; d_step { met = false; g = 0 } }

/* A writer's whole life. */
inline replace(o)
{
	remove(o);
	poll_until_met();
	free(o)
}
