# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes a server in layers: a request comes in by one of two ways, goes through three layers of pointers to functions, and ends in one of
# OPERATIONS that wait. Small numbers above the layers and small numbers below them must not make up for one another. With the name of a
# graph, looks there for what the program says of itself.

import json
import sys

OPERATIONS = 48


def write():
    cases = "\n".join(f"    case {i}:\n        usleep(1);\n        counted[{i}]++;\n        return {7 * i + 1};" for i in range(OPERATIONS))
    print(f"""#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define APART __attribute__((noinline)) static
static struct {{
    int (*next)(int);
}} first, second, third;
static volatile int counted[{OPERATIONS}]; // so that no two calls of usleep become one

APART int handle(int op)
{{
    switch (op) {{
{cases}
    }}
    return 0;
}}

APART int through_third(int op) {{ return third.next(op) + 3; }}
APART int through_second(int op) {{ return second.next(op) + 2; }}
APART int pass(int op) {{ return first.next(op) + 1; }}
APART int from_http(int op) {{ return pass(op) * 3; }}
APART int from_admin(int op) {{ return pass(op) * 5; }}

static void *serve(void *arg)
{{
    int sum = 0;
    for (int i = 0; i < {OPERATIONS}; i++)
        sum += from_http(i);
    for (int i = 0; i < {OPERATIONS}; i++)
        sum += from_admin(i);
    *(int *)arg = sum;
    return NULL;
}}

int main(void)
{{
    int sum;
    first.next = through_second;
    second.next = through_third;
    third.next = handle;
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, &sum) || pthread_join(thread, NULL))
        return 1;
    printf("%d\\n", sum);
    return 0;
}}""")


def check(file):
    with open(file, encoding="utf-8") as f:
        nodes = json.load(f)["nodes"]
    got = {}
    for n in nodes:
        names = [c["function"] for c in n["chain"]]
        if n.get("call") == "usleep":
            assert n["exact"] and n["count"] == 1, n
            assert names == ["serve", names[1], "pass", "through_second", "through_third", "handle"], names
            got.setdefault(names[1], set()).add(n["chain"][-1]["at"])
    sizes = {name: len(places) for name, places in got.items()}
    if sizes != {"from_http": OPERATIONS, "from_admin": OPERATIONS}:
        sys.exit(f"not so: {OPERATIONS} places by each way: {sizes}")


if len(sys.argv) == 1:
    write()
else:
    check(sys.argv[1])
