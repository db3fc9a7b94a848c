/*
 * (c) The stale record: a third thread's scan carries rd past a reader that stands between E1 and E2.
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

proctype writer()
{
	POLLER;
	replace(0)
}

/* Advances for something of its own, and polls. */
proctype third()
{
	POLLER;
	W();
	poll();
	g = 0; met = false
}

MACHINE(CLOCK_AT_REST, run reader(); run writer(); run third())
