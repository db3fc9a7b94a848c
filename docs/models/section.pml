/*
 * (a) A reader of two sections against a writer.
 */
#define THREADS	2
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

MACHINE(CLOCK_AT_REST, run reader(); run writer())
