/*
 * (i) A sequence so narrow that it wraps all the time: 4 bits, eight numbers. Readers enter busy first.
 * The writer advances and scans as often as it likes before it removes the object, and a second thread
 * does nothing else: any number of advances fit between any two steps of anybody. The hands stay at most
 * MAX_DELTA apart, checked before W.
 *
 * Scans exclude each other, and wr is loaded under the lock: a scanner that is suspended in mid-scan stops
 * rd, and with it, by the bound, wr.
 *
 * ENDLESS_READER: the reader has section after section, not one.
 * BOTH_ADVANCE: the second thread advances too.
 * SHARE_NEXT: at the bound the writer does not wait, but shares the number of the next W (f).
 * EXPIRES: a goal that lies more than one number ahead of wr counts as observed: its lap is over.
 * RD_FIRST: P1 comes before the lock.
 * TAG_IS_W: the writer passes its barrier right after W, and its polls take the number as w, if wr has
 *     reached it and is not half a wrap past it.
 * CHECK_C1: rd never passes wr.
 * Mutants: E1_FIRST     enter as on a wide sequence
 *          BUSY_IS_IDLE the scan passes over a busy slot
 *          NO_BOUND     no maximum delta
 *          WR_FIRST     P1 and P2 come before the lock
 *          UNLOCKED     scans run side by side
 *          SINGLE_CAS   UNLOCKED, with one compare-and-swap from the rd of P1 instead of the loop
 *          FUTURE_IS_MET EXPIRES, already with a goal one number ahead
 *          OLD_TAG      TAG_IS_W, without a look at wr
 */
#define THREADS	3
#define LONE_BUFFER	/* the reader's; the writer fences its one store, an unlink */
#define OBJECTS	1
#define SLOTS	1
#define MORE	1
#define BITS	4
#define FIRST	11
#define BUF	3
#ifdef ENDLESS_READER
#define ENDLESS
#endif
#ifndef E1_FIRST
#define BUSY_FIRST
#endif
#ifdef SINGLE_CAS
#define UNLOCKED
#endif
#define LOCK	CELL(0)
#include "clock.pml"

#define MAX_DELTA 4

proctype reader()
{
	READER;
#ifdef ENDLESS_READER
	do
	:: section(0, 0)
	od
#else
	section(0, 0)
#endif
}

/* W, if the hands are not too far apart; else g stays 0. */
inline bounded_W()
{
#ifdef NO_BOUND
	W()
#else
	load(rd0, RD);
	load(w, WR);
	if
	:: AHEAD(w, rd0) < MAX_DELTA -> d_step { rd0 = 0; w = 0 }; W()
	:: else -> d_step { rd0 = 0; w = 0 }
	fi
#endif
}

/* `refused` is local: somebody else scans. */
inline lock()
{
#if defined(RD_FIRST) || defined(WR_FIRST)
	P1();
#endif
#ifdef WR_FIRST
	P2();
#endif
#ifdef UNLOCKED
	skip;
#else
	swap(refused, LOCK, 1);
#endif
#if !defined(RD_FIRST) && !defined(WR_FIRST)
	if
	:: refused
	:: else -> P1()
	fi
#endif
}

inline unlock()
{
#ifdef CHECK_C1
	assert(AHEAD(mem[WR], mem[RD]) <= MAX_DELTA + 2);	/* two may check the bound together */
#endif
#ifndef UNLOCKED
	if
	:: refused
	:: else -> swap(refused, LOCK, 0)
	fi;
#endif
	d_step { refused = false; rd0 = 0; w = 0 }
}

inline scan_locked()
{
#ifndef WR_FIRST
	P2();
#endif
	P3();
	scan();
	P4()
}

#ifdef FUTURE_IS_MET
#define OVER(wr)	LT(wr, g)
#else
#define OVER(wr)	LT(NEXT(wr), g)
#endif

/* For nobody's goal. */
inline scan_alone()
{
	lock();
	if
	:: refused
	:: else -> scan_locked(); met = false
	fi;
	unlock()
}

inline poll_alone()
{
	lock();
	if
	:: refused
	:: else ->
		if
		:: LE(g, rd0) -> met = true
#ifdef TAG_IS_W
#ifndef OLD_TAG
		:: else ->
			P2();
			if
			:: LE(g, w) -> w = g; scan(); P4()
			:: else
			fi
#else
		:: else -> w = g; scan(); P4()
#endif
#else
		:: else -> scan_locked()
#endif
		fi
	fi;
	unlock()
}

proctype writer()
{
	POLLER;
	bool refused;
	do
	:: bounded_W(); g = 0
	:: scan_alone()
	:: break
	od;
	unlink(0);
	fence();
	do
	:: g != 0 -> break
	:: else ->
		bounded_W();
		if
		:: g != 0
#ifdef SHARE_NEXT
		:: else -> load(g, WR); g = NEXT(g)
#else
		:: else -> scan_alone()
#endif
		fi
	od;
#ifdef TAG_IS_W
	P3();
#endif
	do
	:: met -> break
	:: else ->
		poll_alone();
#ifdef EXPIRES
		load(w, WR);
		d_step { met = met || OVER(w); w = 0 }
#endif
	od;
	free(0)
}

proctype second()
{
	POLLER;
	bool refused;
	do
#ifdef BOTH_ADVANCE
	:: bounded_W(); g = 0
#endif
	:: scan_alone()
	od
}

MACHINE(CLOCK_AT_REST, run reader(); run writer(); run second())
