# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes a program whose requests pass through STAGES functions. Each calls the next in one of three places, or, which never happens, any through a
# pointer: whoever knows the functions on the stack alone has to try 3^STAGES ways, and more. With the name of a graph and `exact`,
# looks there for the calls of each chain; with `bounded`, for an honest answer.

import json
import sys

STAGES, REQUESTS = 12, 200


def write():
    print("""#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

typedef int stage(unsigned how);
extern stage *volatile stages[];
static volatile unsigned counted[4];

__attribute__((noinline)) static int last(unsigned how)
{
    usleep(1);
    counted[0]++;
    return (int)how;
}
""")
    for i in range(STAGES - 1, -1, -1):
        to = f"stage{i + 1}" if i + 1 < STAGES else "last"
        print(f"""__attribute__((noinline)) static int stage{i}(unsigned how)
{{
    if (how == 99999999)
        return stages[how % {STAGES}](0) + 1;
    switch (how % 3) {{
    case 0:
        counted[3] ^= 3;
        return {to}(how / 3) + 1;
    case 1:
        return {to}(how / 3) * 3;
    default:
        counted[2] += how;
        return {to}(how / 3) ^ 5;
    }}
}}
""")
    print(f"""stage *volatile stages[] = {{{', '.join(f'stage{i}' for i in range(STAGES))}}};

static void *serve(void *arg)
{{
    unsigned how = 7;
    for (int i = 0; i < {REQUESTS}; i++) {{
        how = how * 1103515245 + 12345;
        counted[1] += (unsigned)stages[0](how >> 8);
    }}
    return arg;
}}

int main(void)
{{
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, NULL) || pthread_join(thread, NULL))
        return 1;
    puts("done");
    return 0;
}}""")


def ways():
    """The calls of each request, by the lines that they stand in: the same arithmetic as the program's."""
    how, seen = 7, {}
    for _ in range(REQUESTS):
        how = (how * 1103515245 + 12345) % 2**32
        rest, way = how >> 8, []
        for _ in range(STAGES):
            way.append(rest % 3)
            rest //= 3
        seen[tuple(way)] = seen.get(tuple(way), 0) + 1
    return seen


def check(file, exact):
    with open(file, encoding="utf-8") as f:
        nodes = [n for n in json.load(f)["nodes"] if n["chain"] and n["chain"][-1]["function"] == "last"]
    if not exact:
        for n in nodes:
            names = [c["function"] for c in n["chain"]]
            assert names == ["serve"] + [f"stage{i}" for i in range(STAGES)] + ["last"], names
        assert sum(n["count"] for n in nodes) == REQUESTS
        return
    got = {}
    for n in nodes:
        assert n["exact"], n
        lines = [int(c["at"].split(":")[-1]) for c in n["chain"]]
        # Each stage's calls of the next are three lines, two and three apart.
        got[tuple(lines[1:-1])] = n["count"]
    kinds = [sorted({way[i] for way in got}) for i in range(STAGES)]
    got = {tuple(kinds[i].index(line) for i, line in enumerate(way)): count for way, count in got.items()}
    if got != ways():
        sys.exit(f"not so: {set(got.items()) ^ set(ways().items())}")


if len(sys.argv) == 1:
    write()
else:
    check(sys.argv[1], sys.argv[2] == "exact")
