/*
 * (g2) Two waiters, two readers, one list of sleepers, and the hint: which record blocked the latest
 * scan. A poll looks at the hinted record first, without a barrier, and may only fail by it.
 *
 * A waiter flags the hinted record, passes a heavy barrier, and polls again. It may sleep only if the
 * record that it has flagged itself still blocks, as it sees after its barrier; else it asks again.
 *
 * Mutants: ANY_FLAG      it sleeps if the hinted record is flagged, by whomever
 *          HINT_IS_MINE  it sleeps if the hint names the record that it has flagged
 */
#define THREADS	4
#define CELLS	5
#define BUF	2
#include "tso.pml"

#define SLOT(r)	(r)
#define FLAG(r)	(2 + (r))
#define HINT	4		/* 0: none; r + 1 */

bool listed[2];
bool token[2];

inline wake_all()
{
	d_step {
		EMPTY ->
		token[0] = token[0] || listed[0];
		token[1] = token[1] || listed[1];
		listed[0] = false;
		listed[1] = false
	}
}

/* A section that is open from the start. */
proctype reader(bit r)
{
	byte f;
	store(SLOT(r), 0);	/* X */
	load(f, FLAG(r));
	if
	:: f -> swap(f, FLAG(r), 0); f = 0; wake_all()
	:: else
	fi
}

inline poll()
{
	blocked = false;
	load(h, HINT);
	if
	:: h != 0 -> load(c, SLOT(h - 1)); blocked = c
	:: else
	fi;
	if
	:: !blocked ->
		heavy();
		h = 0;
		load(c, SLOT(0));
		if :: c -> h = 1 :: else fi;
		load(c, SLOT(1));
		if :: c -> h = 2 :: else fi;
		store(HINT, h);
		blocked = (h != 0)
	:: else
	fi;
	h = 0; c = 0
}

proctype waiter(bit i)
{
	byte h, c, mine, todo;
	bool blocked;
again:
	poll();
	if
	:: !blocked -> goto out
	:: else
	fi;
	d_step { EMPTY -> listed[i] = true };
	load(mine, HINT);
	if
	:: mine != 0 -> swap(c, FLAG(mine - 1), 1); c = 0
	:: else
	fi;
	heavy();
	poll();
	if
	:: !blocked -> goto out
	:: else
	fi;
#if defined(ANY_FLAG) || defined(HINT_IS_MINE)
	load(h, HINT);
#endif
#if defined(ANY_FLAG)
	if
	:: h != 0 -> load(c, FLAG(h - 1))
	:: else
	fi;
#elif defined(HINT_IS_MINE)
	c = (h != 0 && h == mine);
#else
	if
	:: mine != 0 -> load(c, SLOT(mine - 1))
	:: else
	fi;
#endif
	d_step { h = 0; mine = 0; blocked = false };
	if
	:: c -> c = 0; token[i] -> token[i] = false
	:: else
	fi;
	goto again;
out:
	h = 0; mine = 0
}

MACHINE(mem[SLOT(0)] = 1; mem[SLOT(1)] = 1, run reader(0); run reader(1); run waiter(0); run waiter(1))
