#!/usr/bin/env bash
# The checks that take too long for .ci/run.
#
#   scripts/long.sh                 all of them, one after the other: some four hours
#   scripts/long.sh PART...         loom asan tsan fencing fuzz pairs churn models memcheck i686 aarch64 s390x coverage
#
# MINUTES is how long each part that can go on for ever does (30; fuzz: 10 a target). A part that
# fails does not keep the others from running; the exit status tells.
set -uo pipefail
cd "$(dirname "$0")/.."
all=(loom asan tsan fencing fuzz pairs churn models memcheck i686 aarch64 s390x coverage)
parts=("$@")
[ $# -gt 0 ] || parts=("${all[@]}")
for part in "${parts[@]}"; do
    if [[ " ${all[*]} " != *" $part "* ]]; then
        echo "no part $part: ${all[*]}" >&2
        exit 2
    fi
done
bash scripts/setup.sh long || exit
. scripts/checks.sh
stress=${MINUTES:-30}
# Nothing is left out.
export LONG=1

# for_minutes COMMAND...: again and again, each time with other random programs.
for_minutes() {
    local end=$((SECONDS + stress * 60)) round=0
    while [ $SECONDS -lt $end ]; do
        FUZZ_SEED=$((round * 1000003 + 17)) FUZZ_PROGRAMS=20000 "$@" || return
        round=$((round + 1))
    done
    echo "$round rounds"
}

part_loom() {
    # More preemptions, each level as far as time allows; 124 is the time limit's.
    local preemptions status
    for preemptions in 4 5; do
        LOOM_MAX_PREEMPTIONS=$preemptions RUSTFLAGS="--cfg smr_loom" \
            timeout $((stress * 60)) cargo test --release --target-dir "$target/loom" \
            -p smr-core --lib --test loom
        status=$?
        [ $status -eq 124 ] && echo "loom, $preemptions preemptions: not finished" && return
        [ $status -eq 0 ] || return $status
    done
}

part_asan() { for_minutes asan; }

part_tsan() { for_minutes tsan -- --test-threads=2; }

# Readers that fence, all tests.
part_fencing() { without_membarrier; }

part_fuzz() {
    local file
    for file in fuzz/fuzz_targets/*.rs; do
        fuzz "$(basename "$file" .rs)" $((${MINUTES:-10} * 60)) || return
    done
}

# Two operations on a table, stopped at every pair of their steps.
part_pairs() { STEPS=all suspension; }

# Entries come and go at constant size; memory must stay.
part_churn() {
    CHURN=100000000 cargo test --release --target-dir "$target/churn" -p structures --test churn -- --nocapture
}

# Valgrind sees into the precompiled std, where AddressSanitizer does not.
part_memcheck() {
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind -q --fair-sched=yes --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --error-exitcode=9" FUZZ_PROGRAMS=200 CARGO_PROFILE_DEV_DEBUG=line-tables-only \
        cargo test --target-dir "$target/memcheck" --target x86_64-unknown-linux-gnu \
        -p smr-core -p fuzz --test reclaim --test clock
}

part_models() { models; }

part_i686() { i686; }

part_aarch64() { emulated aarch64-unknown-linux-gnu qemu-aarch64-static; }

# Big-endian.
part_s390x() { emulated s390x-unknown-linux-gnu qemu-s390x-static; }

part_coverage() {
    LLVM_COV=/usr/bin/llvm-cov-22 LLVM_PROFDATA=/usr/bin/llvm-profdata-22 \
        cargo llvm-cov test "${tested[@]}" --lib --tests --lcov --output-path "$target/coverage.lcov" &&
        LLVM_COV=/usr/bin/llvm-cov-22 LLVM_PROFDATA=/usr/bin/llvm-profdata-22 \
            cargo llvm-cov report --summary-only
}

failed=()
for part in "${parts[@]}"; do
    printf '\n=== %s\n' "$part"
    from=$SECONDS
    "part_$part" || failed+=("$part")
    printf -- '--- %s: %d s\n' "$part" $((SECONDS - from))
done
if [ ${#failed[@]} -gt 0 ]; then
    printf '\nFAILED: %s\n' "${failed[*]}"
    exit 1
fi
printf '\nall passed\n'
