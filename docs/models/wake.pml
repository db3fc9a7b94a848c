/*
 * (g) Sleeping until a section ends. Exit stores the slot (X), then looks at the flag. The waiter sets
 * the flag, passes a heavy barrier, looks at the slot again, and sleeps. A lost wake-up is a deadlock.
 *
 * EXIT_SWAP: with FENCED, X is a swap.
 * Mutants: OWN_FENCE  the waiter passes its own fence only
 *          NO_RESCAN  sleeps without the second look
 *          FLAG_LATE  sets the flag after the barrier
 *          FENCED without EXIT_SWAP: why sleeps are timed there
 */
#define THREADS	2
#define CELLS	2
#include "tso.pml"

#define SLOT	0
#define FLAG	1

bool token;	/* of the parked thread */

inline exit_section()
{
#ifdef EXIT_SWAP
	swap(f, SLOT, 0);
#else
	store(SLOT, 0);		/* X */
#endif
	load(f, FLAG);
	if
	:: f -> swap(f, FLAG, 0); f = 0; token = true
	:: else
	fi
}

inline enter()
{
	store(SLOT, 1);
#ifdef FENCED
	fence()
#endif
}

proctype reader()
{
	byte f;
	enter();
	exit_section();
	enter();
	exit_section()
}

inline barrier()
{
#if defined(OWN_FENCE) || defined(FENCED)
	fence()
#else
	heavy()
#endif
}

proctype waiter()
{
	byte c, todo;
	do
	:: barrier();
		load(c, SLOT);
		if
		:: c == 0 -> break
		:: else
		fi;
#ifdef FLAG_LATE
		barrier();
		store(FLAG, 1);
#else
		store(FLAG, 1);
		barrier();
#endif
#ifndef NO_RESCAN
		load(c, SLOT);
		if
		:: c == 0 -> break
		:: else
		fi;
#endif
		token -> token = false
	od
}

MACHINE(skip, run reader(); run waiter())
