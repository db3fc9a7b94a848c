#!/usr/bin/env bash
# Checks every model exhaustively, and that every mutant of it is caught.
#   run.sh                    everything, on all processors (JOBS=n to limit; LONG=1 for what takes minutes)
#   run.sh NAME …             the models with these names
#   run.sh -t NAME [FLAG …]   one run, and the steps that lead to its error if there is one
# Exits with 1 if a model fails or a mutant is not caught, with 2 if spin or gcc is missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)

# model [variant …] [! mutant …]: the variant passes by itself; each mutant added to it is caught.
table() {
	cat <<-'END'
	litmus ! LATE_STORE SB SB_ONE_FENCE SB_FORWARD
	litmus SB FENCES
	litmus SB HEAVY
	litmus SB HEAVY FORWARD
	litmus SB FENCES FORWARD
	section ! NO_BARRIER OWN_FENCE EARLY_SCAN TAG_FIRST RAISE_TO_W
	section FENCED ! TAG_FIRST
	writers ! NO_BARRIER OWN_FENCE EARLY_SCAN LATE_WR RAISE_TO_W TAG_FIRST STALE_IS_IDLE
	writers FENCED ! RAISE_TO_W STALE_IS_IDLE
	stale ! STALE_IS_IDLE STALE_IS_NEW LATE_WR OWN_FENCE
	stale FENCED ! STALE_IS_IDLE
	repin ! KEEP_POINTER OWN_FENCE
	repin FENCED ! KEEP_POINTER THROUGH_IDLE
	combine ! TICKET_FIRST TICKET_BEFORE_W WR_AFTER_TICKET SERVED_BY_SAME CALLER_LATE DONE_EARLY REFUSED_COUNTS
	combine TAG_IS_W ! TICKET_FIRST TICKET_BEFORE_W SERVED_BY_SAME CALLER_LATE DONE_EARLY REFUSED_COUNTS FRESH_W
	combine TWO_CALLERS
	combine TWO_CALLERS TAG_IS_W
	deferred ! NO_FENCE TAG_IS_WR FUTURE_IS_MET OWN_FENCE
	deferred FENCED ! NO_FENCE
	deferred LAZY ! NO_FENCE TAG_IS_WR FUTURE_IS_MET TRUST_TICK
	deferred LAZY FENCED
	wake ! OWN_FENCE NO_RESCAN FLAG_LATE FENCED
	wake FENCED EXIT_SWAP
	waiters ! ANY_FLAG HINT_IS_MINE
	steal ! OWN_FENCE OWNER_LATE THIEF_BLIND PLAIN_ASK EARLY_CLEAR
	seal ! PUSH_FIRST NUMBER_FIRST NO_BARRIER
	claim ! OCC_EARLY OCC_LATE OCC_DROPPED GIVEN_FIRST PLAIN_CLAIM
	claim FENCED
	narrow ! E1_FIRST BUSY_IS_IDLE NO_BOUND WR_FIRST UNLOCKED SINGLE_CAS
	narrow ENDLESS_READER CHECK_C1
	narrow RD_FIRST
	narrow SHARE_NEXT
	narrow EXPIRES SHARE_NEXT ! FUTURE_IS_MET
	narrow EXPIRES SHARE_NEXT BOTH_ADVANCE
	narrow BOTH_ADVANCE CHECK_C1
	narrow BOTH_ADVANCE CHECK_C1 TAG_IS_W ! OLD_TAG
	bucket OPS=2 COLLAPSE ! NO_RECHECK NO_BUMP COMMIT_STALE COMMIT_ANY STEAL_LIVE BLIND
	index OPS=4 ! FROZEN_READ NO_RECHECK CHUNK_FIRST NO_TOKEN BOTH_UNLINK EARLY_RETIRE
	index LONG NT=3 OPS=2 COLLAPSE
	bucket OPS=1 NT=3 SPLITTER=1 ! UNBLOCK
	bucket OPS=2 SPLITTER=1 ! FINISH_FIRST EARLY WRITE_READY
	close THERE ! NO_GRACE
	close BEYOND ! NO_NOTE NO_RECHECK FREE_AT_ONCE
	close STOPPED GROWERS=1 ! NO_SPLIT
	close BEYOND SHRINKERS=2 GROWERS=1 READERS=0 ! NO_SECOND_LOOK
	close BEYOND SHRINKERS=2 GROWERS=1 COLLAPSE ! NO_BRACKET
	merge OPS0=3 ! GROW_BLIND PREPARE_BLIND MERGE_BLIND CLEAN_BLIND CLEAN_EARLY UNINIT_FIRST OPEN_LATE VERSION_ZERO
	merge OPS0=3 NK=3 START=0 ! USE_DEAD CLEAN_STALE
	merge DOES1=READ+WRITE ! READ_BLIND PARENT_FIRST FILLING_LOST PARITY_LOST
	merge DOES0=SHRINK OPS0=1 DOES1=READ+REMOVE OPS1=2 ! LOOK_EARLY
	merge DOES0=SHRINK OPS0=1 DOES1=GROW NT=3
	merge NC=4 NK=3 START=3 DOES0=SHRINK DOES1=READ
	merge NC=4 NK=3 START=3 OPS0=1 DOES1=SHRINK COLLAPSE ! LEAVE_DEEPER INTO_DEEPER
	merge NP ! BEGIN_AGAIN
	grow NP ! EMPTY_COPY
	END
}

# A line a run: what is expected, the model, flags; a mutant is the last flag.
runs() {
	table | while read -r model rest; do
		[ $# -eq 0 ] || case " $* " in *" $model "*) ;; *) continue ;; esac
		case $rest in LONG*) [ -n "${LONG-}" ] || continue ;; esac
		rest=${rest#LONG}
		variant=${rest%%!*}
		echo pass "$model" $variant
		case $rest in *!*) for mutant in ${rest#*!}; do echo catch "$model" $variant "$mutant"; done ;; esac
	done
}

# What a mutant must be caught by; an overflowing buffer, say, would not count.
symptom() {
	case "$*" in
	wake* | waiters*) echo 'invalid end state' ;;
	litmus*) echo 'assertion violated .*(seen|flag)' ;;
	steal*) echo 'assertion violated .*(inside|put)' ;;
	*OLD_TAG) echo 'assertion violated .*mem\[0\]-mem\[1\]' ;;
	bucket*UNBLOCK) echo 'assertion violated .x&8' ;;
	bucket*FINISH_FIRST) echo 'assertion violated .*header' ;;
	index*) echo 'assertion violated .*(content|item|state|used|links)' ;;
	bucket*) echo 'assertion violated .*(map|seen|retired)' ;;
	close*) echo 'assertion violated .*(p!=0|used|deep)' ;;
	merge*BEGIN_AGAIN | grow*) echo 'non-progress cycle' ;;
	merge*) echo 'assertion violated .*(map|seen|retired|base|header|h_|n_)' ;;
	*) echo 'assertion violated .*freed' ;;
	esac
}

dir=
in_temporary_directory() {
	dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 1
}

# optimization, model, flags
check() {
	local level=$1 model=$2 search=-DSAFETY cycles=
	shift 2
	# NP: no run is without end, either.
	case " $* " in *' NP '*) search=-DNP cycles=-l ;; esac
	spin -a "${@/#/-D}" "$here/$model.pml" >log 2>&1 &&
		gcc -w "$level" $(grep -ow COLLAPSE <<<"$*" | sed 's/^/-D/') $search -DMEMLIM=6000 -o pan pan.c >>log 2>&1 &&
		./pan $cycles -m"${depth:-2000000}" >>log 2>&1
}

one() {
	local want=$1 mutant states what verdict
	shift
	in_temporary_directory
	if [ "$want" = pass ]; then check -O2 "$@"; else check -O0 "$@"; fi
	what=$(grep -m1 '^pan:1:' log)
	if [ "$want" = pass ]; then
		states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log)
		if ! grep -q 'errors: 0$' log || grep -qE '^error:|^pan: (reached|out)' log; then
			verdict="FAILED: ${what:-$(tail -n 3 log)}"
		elif sed -n '/^unreached/,$p' log | grep -q 'freed\['; then
			verdict="FAILED: an object is never freed"
		else
			verdict="ok, $states states, $(sed -n 's/^pan: elapsed time \([0-9.]*\).*/\1/p' log) s"
		fi
		echo "$*: $verdict"
	else
		if grep -qE "$(symptom "$@")" <<<"$what"; then
			verdict=caught
		else
			verdict="NOT CAUGHT: ${what:-$(tail -n 3 log)}"
		fi
		mutant=${!#}
		set -- "${@:1:$#-1}"
		echo "$*: mutant $mutant $verdict"
	fi
	case $verdict in ok* | caught) ;; *) exit 1 ;; esac
}

steps() {
	local model=$1 depth
	in_temporary_directory
	for depth in 50 100 200 2000000; do	# short ones first
		check -O2 "$@"
		! grep -q '^pan:1:' log || break
	done
	grep -E '^pan:1:|errors:|states, stored|rror' log
	shift
	[ ! -f "$model.pml.trail" ] || spin -k "$model.pml.trail" -p "${@/#/-D}" "$here/$model.pml" |
		grep -vE '\[i_|i_ =|\(i_|sub-sequence|\[(DO|IF|else|break|\(1\)|\.\(goto\))\]|goto :b'
}

for tool in spin gcc; do
	command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install spin gcc" >&2; exit 2; }
done
case ${1-} in
--one) shift; one "$@" ;;
-t) shift; steps "$@" ;;
*) runs "$@" | xargs -P "${JOBS:-$(nproc)}" -L 1 "$0" --one || exit 1 ;;
esac
