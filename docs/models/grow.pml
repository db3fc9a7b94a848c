/* Growth of a radix trie's node (structures/src/radix/change.rs). Sequentially consistent.
 *
 * A node has one free place. Who inserts claims it for a byte, and puts the entry there after that; who finds it claimed
 * for another byte freezes the node, makes a larger copy, and puts that into the node's place. What is claimed, and
 * empty, is not copied. The copy has room for one more than it has.
 *
 * NP: no run is without end. Then a copy has to carry its maker's own entry: with EMPTY_COPY each of two threads claims
 * the new place, and loses it to the copy of the other, for ever.
 */
#define NT 3

byte claimed;		/* of the node that is there: for whom, or nobody */
bool frozen;
byte version;		/* which node it is; it goes round */
byte entries;		/* whose are there */

active [NT] proctype inserter()
{
	byte me = _pid + 1;
	byte v, c;
	bool ok;
	do
	:: (entries >> me) & 1 -> break
	:: else ->
		d_step { v = version; c = claimed }
		if
		:: c == 0 && !frozen ->
			d_step { if :: claimed == 0 && v == version -> claimed = me :: else fi }
		:: c == me && !frozen ->
			/* Its slot changes unless it has been frozen. */
			d_step { if :: v == version && !frozen -> entries = entries | (1 << me) :: else fi }
		:: else ->
			d_step { if :: v == version -> frozen = 1 :: else fi }
#ifdef NP
			skip;
#endif
			d_step {
				if
				:: v == version && frozen ->
					/* The other's entry, if it came before the node was frozen, is copied. */
#ifndef EMPTY_COPY
					entries = entries | (1 << me);
#endif
					claimed = 0; frozen = 0;
					version = (version + 1) % 4
				:: else
				fi
			}
		fi
	od
	assert((entries >> me) & 1);
}
