/*
 * The machine: memory, and a FIFO store buffer per thread (x86-TSO).
 *
 * - A load takes the newest store to its cell from the thread's own buffer, else memory.
 * - A store enters the buffer; the machine moves the oldest store of any buffer to memory at any time.
 * - A fence waits until the own buffer is empty; a locked read-modify-write does too, and is atomic.
 * - `heavy` is membarrier(PRIVATE_EXPEDITED): a fence, an interrupt to every other thread in any order,
 *   each of which empties that thread's buffer at that instant, and a fence. Everybody runs in between.
 *
 * A buffer that overflows is an error of the model, so that every result is one for unbounded buffers;
 * save where threads are ENDLESS.
 *
 * A model defines THREADS and CELLS, includes this file, and ends with MACHINE(memory, threads).
 * Threads have the pids 1, 2, … in the order in which they are run; pid 0 is the machine.
 */

#ifndef BUF
#define BUF 4
#endif

typedef Buffer {
	byte n;
	byte cell[BUF];
	byte val[BUF]
};

byte mem[CELLS];
Buffer buf[THREADS];
hidden byte i_;		/* scratch of single steps */

#define me	(_pid - 1)
#define EMPTY	(buf[me].n == 0)
#ifdef ENDLESS
#define ROOM	(buf[me].n < BUF)		/* threads without end: a store waits for room */
#else
#define ROOM	assert(buf[me].n < BUF)
#endif

/* ---- parts of a step ---- */

inline read_(r, a)
{
	i_ = buf[me].n;
	do
	:: i_ > 0 && buf[me].cell[i_ - 1] != (a) -> i_--
	:: else -> break
	od;
	if
	:: i_ > 0 -> r = buf[me].val[i_ - 1]
	:: else -> r = mem[a]
	fi;
	i_ = 0
}

inline drain_(t)
{
	mem[buf[t].cell[0]] = buf[t].val[0];
	i_ = 1;
	do
	:: i_ < buf[t].n ->
		buf[t].cell[i_ - 1] = buf[t].cell[i_];
		buf[t].val[i_ - 1] = buf[t].val[i_];
		i_++
	:: else -> break
	od;
	buf[t].n--;
	buf[t].cell[buf[t].n] = 0;
	buf[t].val[buf[t].n] = 0;
	i_ = 0
}

/* ---- steps ---- */

inline load(r, a)	{ d_step { read_(r, a) } }

inline store(a, v)
{
	d_step {
		ROOM;
		buf[me].cell[buf[me].n] = (a);
		buf[me].val[buf[me].n] = (v);
		buf[me].n++
	}
}

inline fence()		{ EMPTY }
inline add(r, a, d)	{ d_step { EMPTY -> mem[a] = mem[a] + (d); r = mem[a] } }	/* r: the new value */
inline swap(r, a, v)	{ d_step { EMPTY -> r = mem[a]; mem[a] = (v) } }		/* r: the old value */

inline interrupt(t)
{
	d_step {
		do
		:: buf[t].n > 0 -> drain_(t)
		:: else -> break
		od
	}
}

#define UNTOLD(t)	(THREADS > t && (todo & (1 << t)))

/* `todo` is a local byte of the caller: who has not been interrupted yet. */
inline heavy()
{
	d_step { EMPTY -> todo = ((1 << THREADS) - 1) & ~(1 << me) };
	do
	:: atomic { UNTOLD(0) -> interrupt(0); todo = todo & ~1 }
	:: atomic { UNTOLD(1) -> interrupt(1 % THREADS); todo = todo & ~2 }
	:: atomic { UNTOLD(2) -> interrupt(2 % THREADS); todo = todo & ~4 }
	:: atomic { UNTOLD(3) -> interrupt(3 % THREADS); todo = todo & ~8 }
	:: todo == 0 -> break
	od;
	fence()
}

#define FULL(t)		(THREADS > t && buf[t % THREADS].n > 0)

#define MACHINE(memory, threads)				\
init {								\
	atomic { memory; threads };				\
end:	do							\
	:: d_step { FULL(0) -> drain_(0) }			\
	:: d_step { FULL(1) -> drain_(1 % THREADS) }		\
	:: d_step { FULL(2) -> drain_(2 % THREADS) }		\
	:: d_step { FULL(3) -> drain_(3 % THREADS) }		\
	od							\
}
