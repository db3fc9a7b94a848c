/*
 * (k) Another thread's partial bucket is sealed: the owner unlinks and pushes into its cache, without
 * any fence; a thief seizes the cache, numbers what it finds (W), polls and frees.
 *
 * Mutants: PUSH_FIRST   the owner pushes before it unlinks
 *          NUMBER_FIRST the thief takes the number before it has seized the cache
 *          NO_BARRIER   (clock.pml) of the poll
 */
#define THREADS	3
#define SLOTS	1
#define OBJECTS	1
#define MORE	3
#define BUF	5
#include "clock.pml"

#define AT_WORK	CELL(0)
#define STEAL	CELL(1)
#define ITEM	CELL(2)

proctype reader()
{
	READER;
	section(0, 0);
	section(0, 0)
}

proctype owner()
{
	bit t;
#ifndef PUSH_FIRST
	unlink(0);
#endif
	store(AT_WORK, 1);
	load(t, STEAL);
	if
	:: t -> t = 0
	:: else -> store(ITEM, 1)
	fi;
	store(AT_WORK, 0);
#ifdef PUSH_FIRST
	unlink(0)
#endif
}

proctype thief()
{
	POLLER;
	bit t;
#ifdef NUMBER_FIRST
	W();
#endif
	swap(t, STEAL, 1);
	heavy();
	load(t, AT_WORK);
	if
	:: t -> t = 0; goto out
	:: else
	fi;
	load(t, ITEM);
	if
	:: t -> t = 0; store(ITEM, 0)
	:: else -> goto out
	fi;
#ifndef NUMBER_FIRST
	W();
#endif
	poll_until_met();
	free(0);
out:
	skip
}

MACHINE(CLOCK_AT_REST, run reader(); run owner(); run thief())
