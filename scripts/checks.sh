# The checks that .ci/run and long.sh share; to be sourced from the repository's root.
#
# Some leave out what takes long and is the least likely to find anything there: with LONG=1 they do not.
#
# Each kind of build has a target folder of its own, so that their flags do not evict each other's
# artifacts. The toolchains: rustup's stable, which sanitizes with RUSTC_BOOTSTRAP, std excepted;
# Debian's, whose source of std can be built (`with_std`); rustup's nightly, for libFuzzer.

target=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')
tested=(-p smr-core -p structures -p fuzz)
export CARGO_INCREMENTAL=0 CARGO_TERM_PROGRESS_WHEN=never
# Checks measure nothing: no link-time optimization, which takes longer than the tests. Nobody debugs them, either:
# a panic says where it was. What is optimized knows its lines, for the sanitizers' reports.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_RELEASE_DEBUG=line-tables-only

# beside COMMAND OTHER: at the same time, for what has one thread. What the other says comes afterwards.
beside() {
    local log other status=0
    log=$(mktemp)
    $2 >"$log" 2>&1 &
    other=$!
    $1 || status=$?
    wait "$other" || status=$?
    cat "$log"
    rm "$log"
    return $status
}

# loom PREEMPTIONS: every model, and every mutant that must fail. Within a program they take turns.
loom() {
    export LOOM_MAX_PREEMPTIONS=$1
    beside "modelled smr-core --lib --test loom" "modelled structures --lib models"
}

modelled() {
    RUSTFLAGS="--cfg smr_loom" cargo test --profile checked --target-dir "$target/loom" -p "$@"
}

# The same with a narrow clock, on which sections enter busy first: the scenarios that it bears on.
loom_narrow() {
    LOOM_MAX_PREEMPTIONS=$1 RUSTFLAGS="--cfg smr_loom --cfg smr_narrow" \
        cargo test --profile checked --target-dir "$target/loom-narrow" -p smr-core --test loom -- \
        the_narrow_clock_holds "${@:2}"
}

# A thread suspended at every step of every operation: the others must get on.
suspension() {
    RUSTFLAGS="--cfg smr_steps" \
        cargo test --profile checked --target-dir "$target/steps" -p smr-core -p structures \
            --test lock_freedom --test interleaving
}

# A narrow clock that starts near its end: wrap, the maximum delta and expired goals all the time. Programs take longer
# to optimize than to run.
narrow() {
    RUSTFLAGS="--cfg smr_narrow" \
        cargo test --profile checked --target-dir "$target/narrow" -p smr-core --lib --tests &&
        RUSTFLAGS="--cfg smr_narrow" cargo test --target-dir "$target/narrow" -p fuzz --lib --tests
}

# every_test_but NAMES: as arguments for cargo, one a line; NAMES are a sed alternative.
every_test_but() {
    ls {smr-core,structures,fuzz}/tests/*.rs structures/tests/*/main.rs |
        sed "s|/main\\.rs\$||; s|.*/||; s|\\.rs\$||; /^\\($1\\)\$/d; s|^|--test=|"
}

# if_short NAME...: more of such an alternative, unless all is to be done.
if_short() { [ -n "${LONG-}" ] || printf '\\|%s' "$@"; }

# Fencing readers, chosen as a user would who turns membarrier off. The build is that of the tests. Without those that
# compare a map's answers in one thread.
without_membarrier() {
    local tests
    mapfile -t tests < <(every_test_but "loom$(if_short boxed_answers boxed_api hashed maps ordered prefixes serde ordered_answers)")
    SMR_CORE_MEMBARRIER=0 cargo test --workspace --lib "${tests[@]}"
}

# asan [ARGS]: AddressSanitizer and LeakSanitizer. The tests of faults and forks lose memory by design. Answers
# of maps, of thirty kinds of keys, take longer to build than all others together.
asan() {
    local tests
    mapfile -t tests < <(every_test_but "faults\\|fork\\|loom$(if_short boxed_answers boxed_api hashed ordered_answers)")
    leaks=1 asan_on --lib "${tests[@]}" "$@"
    leaks=0 asan_on --test=faults --test=fork "$@"
}

asan_on() {
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address --cfg smr_yield" \
        ASAN_OPTIONS=detect_leaks=$leaks:detect_stack_use_after_return=1 \
        cargo test --profile checked --target-dir "$target/asan" --target "$host" \
        "${tested[@]}" "$@"
}

# with_std TARGET ARGS: cargo with Debian's compiler, std built along. Both must be Debian's.
with_std() {
    PATH=/usr/bin:$PATH RUSTC_BOOTSTRAP=1 \
        cargo -Zbuild-std "$2" --target "$1" "${@:3}"
}

# ThreadSanitizer; std is built along, or its precompiled parts would give false reports. It refuses
# threads in the child of a fork.
tsan() {
    RUSTFLAGS="-Zsanitizer=thread" TSAN_OPTIONS=halt_on_error=1 \
        with_std "$host" test --profile checked --target-dir "$target/tsan" -p smr-core \
        --lib --test barriers --test leftovers --test owned --test pages --test reclaim --test spans --test stress "$@"
    RUSTFLAGS="-Zsanitizer=thread" TSAN_OPTIONS=halt_on_error=1 \
        with_std "$host" test --profile checked --target-dir "$target/tsan" -p structures \
        --test inline --test boxed --test boxed_drops --test boxed_guards --test hostile \
        --test reentrant --test regressions --test ordered_threads "$@"
}

# 32 bits, natively: the loader's path is that of the cross compiler's C library. Without the slowest tests, and those
# of answers, which have nothing to do with the width of words.
i686() {
    local lib=/usr/i686-linux-gnu/lib tests skipped=()
    mapfile -t tests < <(every_test_but "loom$(if_short boxed_answers boxed_api boxed_panics churn \
        hashed hostile rayon serde shrinking ordered_answers)")
    [ -n "${LONG-}" ] || skipped=(--skip costs:: --skip panics:: --skip panicking_orders::)
    CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc \
        RUSTFLAGS="-Clink-arg=-Wl,--dynamic-linker=$lib/ld-linux.so.2 -Clink-arg=-Wl,-rpath=$lib" \
        with_std i686-unknown-linux-gnu test --target-dir "$target/i686" \
        "${tested[@]}" --lib "${tests[@]}" -- "${skipped[@]}"
}

# emulated TARGET QEMU [ARGS]: another architecture. qemu shows width and endianness, not weak memory.
# The tests of faults start themselves anew, which takes a kernel that knows the emulator.
emulated() {
    local triple=$1 cross=${1/-unknown/} name=${1//-/_} tests
    mapfile -t tests < <(every_test_but 'faults\|loom')
    env "CARGO_TARGET_${name^^}_LINKER=$cross-gcc" \
        "CARGO_TARGET_${name^^}_RUNNER=$2 -L /usr/$cross" \
        "PATH=/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 \
        cargo -Zbuild-std test --profile checked --target "$triple" --target-dir "$target/${triple%%-*}" \
        "${tested[@]}" --lib "${tests[@]}" "${@:3}"
}

# fuzz TARGET SECONDS: libFuzzer with AddressSanitizer, from the regressions and the local corpus.
fuzz() {
    mkdir -p "fuzz/corpus/$1"
    cargo +nightly fuzz run --fuzz-dir fuzz --features libfuzzer \
        --target-dir "$target/fuzz" "$1" "fuzz/corpus/$1" "fuzz/regressions/$1" \
        -- -max_total_time="$2" -max_len=512 -timeout=20 -print_final_stats=1
}

# The protocols on paper, store buffers included.
models() {
    bash docs/models/run.sh
}
