#!/usr/bin/env bash
# Installs what the checks need beyond rustup's stable and nightly: Debian packages, and cargo tools.
#
#   scripts/setup.sh ci      for .ci/run
#   scripts/setup.sh long    for scripts/long.sh as well
#
# Installs only what is missing; does nothing, quickly, when all is there. Needs root for packages.
set -euo pipefail

ci_packages=(
    gcc libc6-dev
    rustc-web cargo-web rust-web-src            # a matched compiler and source of std, for build-std
    spin                                        # the protocol models
    gcc-i686-linux-gnu libc6-dev-i386-cross     # 32 bits, run natively
    g++                                         # libFuzzer's own sources
)
long_packages=(
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    gcc-s390x-linux-gnu libc6-dev-s390x-cross
    qemu-user-static
    llvm-22                                     # llvm-cov and llvm-profdata of the compiler's version
    valgrind
)

packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# tool NAME: a cargo subcommand, built once.
tool() {
    command -v "$1" >/dev/null || cargo install --quiet --locked "$1"
}

# Debian's compiler comes without the sanitizers' runtimes; stable's serve it.
runtimes() {
    local triple lib
    triple=$(rustc -vV | sed -n 's/^host: //p')
    lib=lib/rustlib/$triple/lib
    for sanitizer in asan lsan tsan; do
        local runtime=librustc-stable_rt.$sanitizer.a
        [ -e "/usr/$lib/$runtime" ] || cp "$(rustc +stable --print sysroot)/$lib/$runtime" "/usr/$lib/"
    done
}

case ${1:-ci} in
ci)
    packages "${ci_packages[@]}"
    tool cargo-fuzz
    ;;
long)
    packages "${ci_packages[@]}" "${long_packages[@]}"
    tool cargo-llvm-cov
    tool cargo-fuzz
    ;;
*)
    echo "usage: $0 [ci|long]" >&2
    exit 2
    ;;
esac
runtimes
