/*
 * (d) Light repin: E1 and E2 again, without E3 and without X; pointers found before are given up.
 *
 * Mutants: KEEP_POINTER   a pointer survives the repin (what the repin of a nested guard would allow)
 *          THROUGH_IDLE   the slot is idle in between, still without E3 (matters with FENCED)
 */
#define THREADS	3
#define SLOTS	1
#define OBJECTS	2
#include "clock.pml"

inline repin(i)
{
#ifdef THROUGH_IDLE
	X(i);
#endif
	E1();
	E2(i)
}

proctype reader()
{
	READER;
	enter(0);
	find(0);
#ifdef KEEP_POINTER
	repin(0);
	use(0);
#else
	use(0);
	repin(0);
	find(0);
	use(0);
#endif
	find(1);
	use(1);
	X(0)
}

proctype writer(bit o)
{
	POLLER;
	replace(o)
}

MACHINE(CLOCK_AT_REST, run reader(); run writer(0); run writer(1))
