/*
 * (j) Records change hands. A thread wins a number (compare-and-swap), publishes the occupancy of its
 * record, runs a section, clears the occupancy and gives the number back; another one follows it. A
 * scan reads the occupancy, then the slot. The occupancy is stored plainly: nothing may depend on the
 * fence that a locked instruction would add.
 *
 * Mutants: OCC_EARLY    the scan reads the occupancy before its barrier
 *          OCC_LATE     the occupancy is published after the section's first load
 *          OCC_DROPPED  the occupancy is cleared before the section ends
 *          GIVEN_FIRST  the number is given back before the occupancy is cleared
 *          PLAIN_CLAIM  the number is claimed by load and store
 */
#define THREADS	3
#define SLOTS	1
#define OBJECTS	1
#define MORE	2
#define BUF	6
#define OCCUPIED CELL(0)
#define NUMBER	CELL(1)
#include "clock.pml"

proctype reader()
{
	READER;
#ifdef PLAIN_CLAIM
	load(p, NUMBER);
	store(NUMBER, 1);
#else
	swap(p, NUMBER, 1);
#endif
	if
	:: p -> goto out
	:: else
	fi;
#ifdef OCC_LATE
	enter(0);
	find(0);
	store(OCCUPIED, 1);
#else
	store(OCCUPIED, 1);
	enter(0);
	find(0);
#endif
#ifdef OCC_DROPPED
	store(OCCUPIED, 0);
	use(0);
	X(0);
#else
	use(0);
	X(0);
#endif
#ifdef GIVEN_FIRST
	store(NUMBER, 0);
	store(OCCUPIED, 0);
#else
#ifndef OCC_DROPPED
	store(OCCUPIED, 0);
#endif
	store(NUMBER, 0);
#endif
out:
	p = 0
}

inline poll_occupied()
{
	P1();
	P2();
#ifdef OCC_EARLY
	load(there, OCCUPIED);
	P3();
#else
	P3();
	load(there, OCCUPIED);
#endif
	oldest = w;
	if
	:: there -> scan_slot(0); there = 0
	:: else
	fi;
	P4()
}

proctype writer()
{
	POLLER;
	bit there;
	remove(0);
	do
	:: met -> break
	:: else -> poll_occupied()
	od;
	free(0)
}

MACHINE(CLOCK_AT_REST, run reader(); run reader(); run writer())
