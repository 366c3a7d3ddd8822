# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Read first by every script here: strict mode, no standard input, `root` as the working directory, and one way to fail,
# so that each script holds only what it is about.

# shellcheck shell=bash
set -euo pipefail
exec </dev/null

tool=script/$(basename "$0")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# fail WHAT-AND-REMEDY: one line on standard error, status 1.
fail() {
    printf '%s: error: %s\n' "$tool" "$*" >&2
    exit 1
}

say() { printf '%s: %s\n' "$tool" "$*"; }

# Processes at once: the CPUs that this process may use, unless CAPCC_JOBS says otherwise.
jobs=${CAPCC_JOBS:-$(nproc)}

llvm_bin=/usr/lib/llvm-22/bin
