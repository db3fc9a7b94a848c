/*
 * (e) Barriers shared by tickets.
 *
 * The poller:  P2 (w); fence; n = started; only if done > n is a barrier of somebody else's its P3.
 * The caller:  t = ++started; fence; membarrier; done = max(done, t).
 * With TAG_IS_W the number that W returned is itself the w, and n is taken right after W.
 * A second writer trusts rd only. TWO_CALLERS: in its stead a second caller;
 * a call each, and one section of the reader.
 *
 * Mutants: TICKET_FIRST    n is taken before the unlink and W
 *          TICKET_BEFORE_W n is taken after the unlink, before W
 *          WR_AFTER_TICKET w is loaded when the ticket has been served
 *          SERVED_BY_SAME  done >= n will do
 *          CALLER_LATE     the caller takes its number when the barrier has begun
 *          DONE_EARLY      the caller raises done before the barrier has completed
 *          REFUSED_COUNTS  a call that the kernel refused raises done
 *          FRESH_W         TAG_IS_W's ticket, with w loaded at the poll
 */
#define THREADS	4
#define SLOTS	1
#define OBJECTS	2
#define MORE	2
#define STARTED	CELL(0)
#define DONE	CELL(1)
#include "clock.pml"

proctype reader()
{
	READER;
	enter(0);
	find(0);
	use(0);
	find(1);
	use(1);
	X(0);
#ifndef TWO_CALLERS
	section(0, 0)
#endif
}

inline ticket()	{ load(n, STARTED) }

#ifdef SERVED_BY_SAME
#define SERVED	(c >= n)
#else
#define SERVED	(c > n)
#endif

/* Waits for a barrier that serves the ticket; rd may do as well. */
proctype poller()
{
	POLLER;
	byte n;
#ifdef TICKET_FIRST
	ticket();
#endif
	unlink(0);
#ifdef TICKET_BEFORE_W
	ticket();
#endif
	W();
#ifdef TAG_IS_W
#if !defined(TICKET_FIRST) && !defined(TICKET_BEFORE_W)
	ticket();
#endif
	P1();
	w = g;
#else
	P1();
#ifndef WR_AFTER_TICKET
	load(w, WR);		/* P2 */
#endif
	fence();
#if !defined(TICKET_FIRST) && !defined(TICKET_BEFORE_W)
	ticket();
#endif
#endif
again:
	load(c, DONE);
	if
	:: SERVED
	:: else -> goto again
	fi;
	n = 0;
	c = 0;
#if defined(WR_AFTER_TICKET) || defined(FRESH_W)
	load(w, WR);
#endif
	scan();
	P4();
	poll_until_met();	/* by itself, should the shared one not have done */
	free(0)
}

#ifndef TWO_CALLERS
proctype other()
{
	POLLER;
	remove(1);
	do
	:: LE(g, rd0) -> break
	:: else -> P1()
	od;
	rd0 = 0;
	free(1)
}
#endif

inline call()
{
#ifdef CALLER_LATE
	fence();
	interrupt(0);
	add(t, STARTED, 1);
	interrupt(1);
	interrupt(2);
#else
	add(t, STARTED, 1);
#ifdef DONE_EARLY
	d_step { EMPTY -> mem[DONE] = (mem[DONE] < t -> t : mem[DONE]) };
#endif
#ifndef REFUSED_COUNTS
	heavy();
#endif
#endif
	d_step { EMPTY -> mem[DONE] = (mem[DONE] < t -> t : mem[DONE]); t = 0 }
}

proctype caller()
{
	byte t, todo;
#ifndef TWO_CALLERS
	call();
#endif
	if
	:: add(t, STARTED, 1); t = 0	/* refused: done stays */
	:: skip
	fi;
	call()
}

#ifdef TWO_CALLERS
MACHINE(CLOCK_AT_REST, run reader(); run poller(); run caller(); run caller())
#else
MACHINE(CLOCK_AT_REST, run reader(); run poller(); run other(); run caller())
#endif
