/* Segments that are taken out of the directory (structures/src/hash/shrink.rs, C1-C4): one bucket beyond
 * the first, in a segment of its own. Sequentially consistent.
 *
 * Growers add the bucket and split it off, or stop in the midst of that (a panic of the caller's hasher).
 * Shrinkers merge it, wait for a grace period, and take its segment out. A lookup gets the bucket's number from the
 * geometry or from its parent's depth. Whoever looks into the bucket finds it in the directory, and its memory there.
 * Memory is reused as soon as every section has ended that was open when it was taken out.
 */
#ifndef GROWERS
#define GROWERS 2
#endif
#ifndef SHRINKERS
#define SHRINKERS 1
#endif
#ifndef READERS
#define READERS 1
#endif
#define NT (GROWERS + SHRINKERS + READERS)
#define MEM 5	/* pieces of memory, from 1 */

/* The size: 1 or 2 buckets; whether it is closing; changes. */
#define NUMBER(w) ((w) & 3)
#define CLOSING 4
#define CHANGE 8

byte size = 1;
byte geometry = 1;
byte entry;		/* of the directory: the segment's memory, or none */
bool split;		/* the first bucket is being split */
bool deep;		/* it has been: the second is initialized */

bool used[MEM];
bool retired[MEM];
byte holders[MEM];
byte inside;

inline enter() { d_step { inside = inside | (1 << t) } }
inline exit() {
	d_step {
		inside = inside & ~(1 << t);
		for (i_ : 1 .. MEM - 1) {
			if
			:: retired[i_] ->
				holders[i_] = holders[i_] & ~(1 << t);
				if
				:: holders[i_] == 0 -> retired[i_] = 0; used[i_] = 0
				:: else
				fi
			:: else
			fi
		}
		i_ = 0
	}
}

inline cas_size(from, to, ok) {
	d_step {
		if
		:: size == (from) -> size = (to) + CHANGE; ok = 1
		:: else -> ok = 0
		fi
	}
}

inline note() { d_step { size = size + CHANGE } }

/* Looks into the second bucket, whose number the thread has. */
inline look() {
	p = entry;
	assert(p != 0);
	assert(used[p]);
}

/* Ends a split that is begun. */
inline help() {
	look();
	atomic {
		if
		:: split -> assert(entry == p && used[p]); split = 0; deep = 1
		:: else
		fi
	}
}

inline close() {
	do
	:: w = size;
		if
		:: !(w & CLOSING) -> break
		:: else
		fi;
		p = entry;
		if
		:: p != 0 ->
			same = (size == w);	/* else it may be another's by now */
#ifdef NO_RECHECK
			same = 1;
#endif
			if
			:: !same
			:: same ->
				d_step {
					if
					:: entry == p ->
						entry = 0;
						assert(!deep);	/* nothing is lost */
#ifdef FREE_AT_ONCE
						used[p] = 0
#else
						assert(used[p] && !retired[p]);
						retired[p] = 1; holders[p] = inside
#endif
					:: else
					fi
				}
			fi
		:: else
		fi;
		cas_size(w, w & ~CLOSING, ok)
	od
}

proctype grower(byte t) {
	byte w, p, q, i_; bool ok, same;
	enter();
again:
	w = size;
	if
	:: w & CLOSING -> close(); goto again
	:: NUMBER(w) == 2 -> goto out
	:: else
	fi;
	if
	:: entry == 0 ->
#ifndef NO_NOTE
		cas_size(w, w, ok);
		if
		:: !ok -> goto out
		:: else -> w = w + CHANGE
		fi;
#endif
		d_step {
			q = 1;
			do
			:: q < MEM && used[q] -> q++
			:: else -> break
			od;
			assert(q < MEM);
			used[q] = 1
		}
		d_step {
			if
			:: entry == 0 -> entry = q
			:: else -> used[q] = 0
			fi
		}
	:: else
	fi;
	cas_size(w, w + 1, ok);
	if
	:: ok ->
		atomic {
			if
			:: !deep && !split -> split = 1
			:: else
			fi
		};
		if
		:: help()
		:: goto out	/* the caller's code has panicked */
		fi;
		atomic {
			if
			:: geometry < 2 -> geometry = 2
			:: else
			fi
		}
	:: else
	fi;
out:
	exit();
	p = 0; q = 0; w = 0; ok = 0; same = 0
}

inline merge() {
	do
	:: NUMBER(size) == 2 -> break	/* it is wanted again */
#ifndef NO_SPLIT
	:: split -> help()
#endif
	:: deep ->
		look();
#ifndef NO_BRACKET
		note();
#endif
		atomic {
			if
			:: deep && !split -> deep = 0
			:: else
			fi
		};
#ifndef NO_BRACKET
		note()
#endif
	:: !deep && (!split
#ifdef NO_SPLIT
		|| split
#endif
		) -> break
	od
}

inline lower() {
	if
	:: geometry > NUMBER(size) ->
#ifndef NO_BRACKET
		note();
#endif
		geometry = 1;
#ifndef NO_BRACKET
		note();
#endif
		atomic {
			if
			:: geometry < NUMBER(size) -> geometry = NUMBER(size)
			:: else
			fi
		}
	:: else
	fi
}

inline settled() {
	ok = 0;
	if
	:: deep
#ifndef NO_SPLIT
	:: split
#endif
	:: else ->
		if
		:: geometry > NUMBER(w)
		:: geometry <= NUMBER(w) -> ok = (size == w)
		fi
	fi
}

proctype shrinker(byte t) {
	byte w, p, before, i_; bool ok, same;
	enter();
	w = size;
	if
	:: w & CLOSING -> close()
	:: NUMBER(w) == 2 ->
		cas_size(w, w - 1, ok);
		if
		:: ok -> merge()
		:: else
		fi
	:: else
	fi;
	lower();
	exit();
	enter();
	w = size;
	if
	:: entry == 0 || NUMBER(w) == 2 || w & CLOSING -> goto out
	:: else
	fi;
	merge();
	w = size;
	if
	:: NUMBER(w) == 2 || w & CLOSING -> goto out
	:: else
	fi;
	settled();
	if
	:: !ok -> goto out
	:: else
	fi;
	exit();
#ifndef NO_GRACE
	d_step { before = inside };
	do
	:: before == 0 -> break
	:: else -> d_step { before = before & inside }
	od;
#endif
	enter();
#ifndef NO_SECOND_LOOK
	settled();
#endif
	if
	:: ok ->
		cas_size(w, w | CLOSING, ok);
		if
		:: ok -> close()
		:: else
		fi
	:: else
	fi;
out:
	exit();
	w = 0; p = 0; before = 0; ok = 0; same = 0
}

proctype reader(byte t) {
	byte p, i_;
	enter();
	if
	:: geometry == 2 -> look()
	:: deep -> look()
	:: split -> look()
	:: else
	fi;
	if
	:: p != 0 -> assert(used[p])
	:: else
	fi;
	exit();
	p = 0
}

/* What a late thread holds while it is in a section is covered by `look` in its later steps. */
init {
	byte i;
	atomic {
#ifdef THERE
		/* Two buckets, as growth has left them. */
		used[1] = 1; entry = 1; deep = 1; size = 2; geometry = 2;
#endif
#ifdef STOPPED
		/* A split has stopped in its midst. */
		used[1] = 1; entry = 1; split = 1; size = 2;
#endif
#ifdef BEYOND
		/* One bucket, and the segment of another. */
		used[1] = 1; entry = 1;
#endif
		for (i : 0 .. GROWERS - 1) { run grower(i) }
		for (i : 0 .. SHRINKERS - 1) { run shrinker(GROWERS + i) }
		for (i : 0 .. READERS - 1) { run reader(GROWERS + SHRINKERS + i) }
	}
}
