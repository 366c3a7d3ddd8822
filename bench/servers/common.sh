# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Read first by each recipe here, which says how Debian's sources of one server are built by their own build system with a given
# compiler (`build COMPILER NAME`, in a copy of the sources) and how the tests that come with them are run (`suite NAME`, which
# prints a line for each test, `RESULT WHAT`). Nothing is patched. From that: the command line of all recipes, and the one test that
# they are for, that under capcc the server's own tests end as they do in a build by clang, one by one.
#
#   bench/servers/NAME build [native|capcc]     (both if none is named); prints where the build is
#   bench/servers/NAME built [native|capcc]     the same, but makes only what is not there or too old
#   bench/servers/NAME test                     builds what is not there or too old, runs the server's own tests in both, compares; TAP
#
# CAPCC_BUILD is the build tree (build/release). Builds are kept under build/programs; `build` makes them anew.

# shellcheck shell=bash disable=SC2034
: "${CAPCC_BUILD:=$(dirname "${BASH_SOURCE[0]}")/../../build/release}"
[[ -x $CAPCC_BUILD/bin/capcc ]] || { echo "bench/servers: error: $CAPCC_BUILD: no bin/capcc there; run script/build, or set CAPCC_BUILD" >&2; exit 1; }
. "$(dirname "${BASH_SOURCE[0]}")/../../test/programs/common.sh"

compiler() { if [[ $1 == capcc ]]; then printf '%s' "$capcc"; else printf '%s' "$clang"; fi; } # native|capcc

# make_build native|capcc: a new build in $work/KIND, whose output is in $work/KIND.log. In a shell of its own: in this one set -e is off
# wherever a caller looks at the status, subshells and all, and a step that fails would be followed by the next.
make_build() {
    rm -f "$work/$1.built"
    CAPCC_BUILD=$CAPCC_BUILD "$root/bench/servers/$script" compile "$1" >"$work/$1.log" 2>&1 || {
        tail -n 30 "$work/$1.log" >&2
        echo "bench/servers/$script: error: $1: does not build (above, and in $work/$1.log)" >&2
        return 1
    }
    : >"$work/$1.built"
}

# Ours is made anew where a part of capcc is newer.
have_build() {
    local part
    [[ -e $work/$1.built ]] || { make_build "$1"; return; }
    [[ $1 == capcc ]] || return 0
    for part in "$capcc" "$CAPCC_BUILD"/lib/capcc/*; do
        [[ ! $part -nt $work/$1.built ]] || { make_build "$1"; return; }
    done
}

run_suite() { # native|capcc: into $work/KIND.results, sorted by test
    suite "$1" >"$work/$1.unsorted" && sort -k 2 "$work/$1.unsorted" >"$work/$1.results" && [[ -s $work/$1.results ]]
}

same_results() { diff "$work/native.results" "$work/capcc.results"; }

# more_checks may be defined by a recipe: tests of its own, after the comparison.
more_checks() { :; }

run_test() {
    local kind
    for kind in native capcc; do need "builds, $kind" have_build "$kind" || exit 1; done
    for kind in native capcc; do need "its own tests run, $kind" run_suite "$kind" || exit 1; done
    check "its own tests end the same ($(wc -l <"$work/native.results"))" same_results
    more_checks
    finish
}

usage() {
    echo "usage: bench/servers/$script build|built [native|capcc] | test" >&2
    exit 2
}

# recipe ARGUMENT...: the last line of each recipe.
recipe() {
    local kind make=make_build
    case "${1-}" in
    build | built)
        [[ $1 == build ]] || make=have_build
        for kind in ${2:-native capcc}; do
            [[ $kind == native || $kind == capcc ]] || usage
            $make "$kind" || exit 1
            echo "${work#"$root"/}/$kind"
        done
        ;;
    compile) build "$(compiler "$2")" "$2" ;; # make_build
    test) run_test ;;
    *) usage ;;
    esac
}
