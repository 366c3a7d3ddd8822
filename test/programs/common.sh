# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Read first by each script here: fetches a Debian source package without touching this machine's apt (its own lists, its
# own cache, sources derived from those that are configured), and reports checks as TAP lines. Needs CAPCC_BUILD, a build
# tree; LONG=1 asks for the checks that take minutes. Everything is kept under build/programs, so a second run is quick.

# shellcheck shell=bash disable=SC2034
set -euo pipefail
exec </dev/null

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
script=$(basename "$0")
capcc=$(cd "${CAPCC_BUILD:?names the build tree, build/release}" && pwd)/bin/capcc
clang=/usr/lib/llvm-22/bin/clang
store=$root/build/programs
work=$store/$(basename "$CAPCC_BUILD")/$script
jobs=${CAPCC_JOBS:-$(nproc)}
modes=(normal always guard)
mkdir -p "$store" "$work"

# skip WHY: counts the whole script as one skipped test.
skip() {
    printf 'ok %s # SKIP %s\n' "$script" "$1"
    exit 0
}

failures=0

# need NAME COMMAND...: one test, whose output is shown only when it fails; then its status is 1, for `need ... || continue`.
# Runs in a subshell, where a function may change directory. set -e means nothing to it there: join steps with &&.
need() {
    local name=$script:\ $1 log=$work/check.log
    shift
    if ("$@") >"$log" 2>&1; then
        printf 'ok %s\n' "$name"
        return
    fi
    printf 'not ok %s\n' "$name"
    tail -n 30 "$log" | sed 's/^/# /'
    failures=$((failures + 1))
    return 1
}

# check NAME COMMAND...: the same for a test on which nothing else depends: goes on after a failure, too.
check() { need "$@" || :; }

# finish: the last line of each script.
finish() { ((failures == 0)); }

# in_mode MODE COMMAND...: runs it as the runtime's MODE says (normal, always, guard).
in_mode() {
    local mode=$1
    shift
    if [[ $mode == normal ]]; then timeout 300 "$@"; else CAPRICCIO_STACK=$mode timeout 300 "$@"; fi
}

# same_in_mode MODE EXPECTED COMMAND...: its output and status are those of the native build, kept in the file EXPECTED.
same_in_mode() {
    local mode=$1 expected=$2
    shift 2
    in_mode "$mode" "$@" >"$work/output" 2>&1 || return
    diff "$expected" "$work/output"
}

# Rewrites the machine's own package sources as source-package sources, those of its Debian release only: an archive of
# somebody else's has none of these packages, and may not answer.
private_sources() {
    local codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    [[ -n $codename ]] || return 1
    mkdir -p "$1"
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        awk -v suite="^$codename(-|/|\$)" '$1 == "deb" { s = 2; if ($2 ~ /^\[/) { while ($s !~ /\]$/) s++; s++ }
            if ($(s + 1) ~ suite) { $1 = "deb-src"; print } }' >"$1/own.list"
    awk -v suite="(^|[ \t])$codename(-|/|[ \t]|\$)" 'BEGIN { RS = ""; ORS = "\n\n" }
        { wanted = 0; n = split($0, lines, "\n"); stanza = ""
          for (i = 1; i <= n; i++) {
              if (lines[i] ~ /^#/) continue
              if (lines[i] ~ /^Suites:/) wanted = (lines[i] ~ suite)
              if (lines[i] ~ /^Types:/) lines[i] = "Types: deb-src"
              stanza = stanza lines[i] "\n" }
          if (wanted) print stanza }' /etc/apt/sources.list.d/*.sources /dev/null 2>/dev/null >"$1/own.sources" || true
    [[ -s $1/own.list || -s $1/own.sources ]]
}

# fetch PACKAGE: unpacks the sources that Debian packages, as their authors released them, and sets `source` to its directory. Skips the script
# when no archive can be reached; an archive that answers and a package that does not unpack are failures. One script at a time: apt's own
# lock turns the second away.
fetch() {
    local package=$1 place=$store/src/$1 apt=$store/apt options lock
    source=$place/tree
    [[ -d $source ]] && return
    exec {lock}>"$store/lock"
    flock "$lock"
    [[ -d $source ]] || fetch_alone || { exec {lock}>&- && return 1; }
    exec {lock}>&-
}

fetch_alone() { # as fetch, with its variables
    rm -rf "$place"
    mkdir -p "$place" "$apt"/{lists/partial,cache/archives/partial}
    private_sources "$apt/sources" || skip "no package sources of this Debian release in /etc/apt"
    options=(-q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources" -o "Dir::State::lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=30)
    ((EUID != 0)) || options+=(-o APT::Sandbox::User=root)
    if ! compgen -G "$apt/lists/*Sources*" >/dev/null && ! timeout 300 apt-get "${options[@]}" update >"$apt/log" 2>&1; then
        skip "the package archive cannot be reached: $(tail -n 1 "$apt/log")"
    fi
    # A mirror may list a security update that it does not hold: then the release's own version will do.
    (cd "$place" && timeout 300 apt-get "${options[@]}" source --download-only "$package" >"$apt/log" 2>&1) ||
        (cd "$place" && timeout 300 apt-get "${options[@]}" source --download-only "$package/$(. /etc/os-release && echo "$VERSION_CODENAME")" >"$apt/log" 2>&1) ||
        skip "$package: source package not fetched: $(tail -n 1 "$apt/log")"
    (cd "$place" && dpkg-source --no-check --skip-patches -x ./*.dsc tree.partial >"$apt/log" 2>&1) || {
        tail -n 5 "$apt/log" >&2
        return 1
    }
    mv "$place/tree.partial" "$source"
}

# Flags that move a program's main to a thread with default attributes, and the object that then has to be linked with it.
# The main thread has its kernel stack to start with: there hardly anything links.
on_thread=-Dmain=program_main
on_thread_object() { # COMPILER: makes $work/on-thread.o
    "$1" -O2 -pthread -c "$here/inputs/main-on-thread.c" -o "$work/on-thread.o"
}

# enter_copy NAME: goes to a new copy of `source`, to build in.
enter_copy() {
    rm -rf "${work:?}/$1" && cp -a "$source" "$work/$1" && cd "$work/$1"
}
