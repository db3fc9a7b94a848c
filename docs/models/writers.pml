/*
 * (b) A reader of two objects, two writers that poll: what one finds out (rd), the other trusts.
 */
#define THREADS	3
#define SLOTS	1
#define OBJECTS	2
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
	section(0, 1)
}

proctype writer(bit o)
{
	POLLER;
	replace(o)
}

MACHINE(CLOCK_AT_REST, run reader(); run writer(0); run writer(1))
