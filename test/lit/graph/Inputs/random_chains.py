# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Random programs: functions that call each other directly, in mutual recursion, through tables and chosen pointers, as their last action and not,
# out of qsort, setjmp, cleanup handlers, pthread_once and signal handlers; all of them wait here and there. Each is built at -O0 and -O2 and run with
# CAPRICCIO_GRAPH_CHECK=1, which unwinds the stack at every block and ends the program where it is not what the word stands for.
#
#   random_chains.py CAPCC DIRECTORY SEED...    with CAPCC_LONG=1, from 1 to 40
#   random_chains.py SEED                       the program of one

import os
import random
import subprocess
import sys

HEAD = """#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef long function(long depth, long x);
static __thread int waits, calls, comparing;
static __thread long compared;

static long wait_a_little(int how)
{
    if (waits-- < 0)
        return 0;
    switch (how) {
    case 0:
        usleep(1);
        break;
    case 1:
        poll(0, 0, 1);
        break;
    default:
        sched_yield();
    }
    return how;
}
"""

FOOT = """
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void at_once(void)
{
    wait_a_little(0);
    wait_a_little(2);
}

static void destructor(void *value)
{
    f1(2, (long)value & 1);
    wait_a_little(0);
}

static void cleanup(void *value)
{
    f3(2, (long)value);
    wait_a_little(0);
}

static void handler(int number)
{
    (void)number;
    if (waits > 0)
        sched_yield();
}

static int compare(const void *a, const void *b)
{
    if (comparing < 3 && compared > 0) {
        long depth = compared;
        comparing++;
        wait_a_little(1);
        f0(depth - 2, 3);
        compared = depth;
    }
    return *(const int *)a - *(const int *)b;
}
"""

MAIN = """
static void *thread(void *arg)
{
    long n = (long)arg, sum = 0;
    waits = 400;
    calls = 20000;
    pthread_setspecific(key, (char *)arg + 1);
    for (int i = 0; i < 6 && waits > 0; i++)
        sum += first[(n * 7 + i * 3) % (sizeof first / sizeof *first)](5 + (n + i) % 5, n + i);
    return (void *)sum;
}

int main(void)
{
    pthread_t threads[12];
    waits = 100;
    calls = 20000;
    signal(SIGUSR1, handler);
    pthread_key_create(&key, destructor);
    for (long i = 0; i < 12; i++)
        pthread_create(&threads[i], NULL, thread, (void *)i);
    f0(6, 1);
    f4(6, 2);
    for (int i = 0; i < 12; i++)
        pthread_join(threads[i], NULL);
    puts("done");
    return 0;
}"""


def program(seed):
    r = random.Random(seed)
    names = [f"f{i}" for i in range(r.randint(6, 25))]
    kinds = [r.choice(["", "static ", "__attribute__((noinline)) ", "static __attribute__((noinline)) "]) for _ in names]

    def table():
        return ", ".join(r.sample(names, r.randint(2, 5)))

    def statement(nested):
        to, what = r.choice(names), r.randrange(20)
        inner = statement(nested + 1) if nested < 2 else f"x += {to}(depth - 1, 1);"
        return {
            0: f"x += wait_a_little({r.randrange(3)});",
            1: "sched_yield();",
            2: "x += local[(x & 7) == 0](depth - 1, x + 1);",
            3: "x += shared[(unsigned long)x % (sizeof shared / sizeof *shared)](depth - 1, x * 3 + 1);",
            4: f"if (x & {1 << r.randint(0, 4)}) {{ {inner} }} else {{ x += {to}(depth - 1, x); }}",
            5: f"for (int i = 0; i < {r.randint(1, 3)}; i++) {{ {inner} x += i; }}",
            6: f"{{ function *chosen = x & 2 ? {to} : {r.choice(names)}; x += chosen(depth - 1, x ^ 5); }}",
            7: "{ int a[] = {5, 3, 1, 9, 2}; long was = compared; compared = depth; comparing = 0; qsort(a, 5, sizeof *a, compare); compared = was; x += a[0]; }",
            8: f"{{ jmp_buf there; if (!setjmp(there)) {{ {to}(depth - 2, 3); longjmp(there, 1); }} sched_yield(); }}",
            9: f"pthread_cleanup_push(cleanup, (void *)3); x += {to}(depth - 1, x + 2); pthread_cleanup_pop(1);",
            10: f"if (x & 3) return {to}(depth - 1, x + 1);",
            11: "if (x & 3) return local[x & 1](depth - 1, x + 5);",
            12: "pthread_once(&once, at_once);",
            13: "if (waits > 0) pthread_kill(pthread_self(), SIGUSR1);",
        }.get(what, f"x += {to}(depth - 1, x + {r.randrange(10)});")

    text = [HEAD] + [f"{k}long {n}(long, long);" for n, k in zip(names, kinds)]
    text += [f"static function *local[] = {{{table()}}};", f"function *shared[] = {{{table()}}};"]
    text += [f"static function *first[] = {{{', '.join(names)}}};", FOOT]
    for name, kind in zip(names, kinds):
        body = "\n    ".join(statement(0) for _ in range(r.randint(1, 5)))
        text.append(f"""{kind}long {name}(long depth, long x)
{{
    if (depth <= 0 || waits < 0 || calls-- < 0)
        return wait_a_little({r.randrange(3)});
    x &= 0xffff;
    {body}
    return x;
}}
""")
    return "\n".join(text + [MAIN]) + "\n"


def run(capcc, directory, seed):
    source, built = (os.path.join(directory, name) for name in (f"{seed}.c", str(seed)))
    with open(source, "w", encoding="utf-8") as f:
        f.write(program(seed))
    failed = 0
    for level in "-O0", "-O2":
        subprocess.run([capcc, level, "-g", "-w", source, "-o", built], check=True, timeout=300)
        done = subprocess.run([built], env=dict(os.environ, CAPRICCIO_GRAPH_CHECK="1"), capture_output=True, text=True, timeout=300)
        if done.returncode or done.stdout != "done\n":
            failed += 1
            print(f"seed {seed} {level}: status {done.returncode}: {done.stderr.strip()}", flush=True)
    return failed


if len(sys.argv) == 2:
    print(program(int(sys.argv[1])), end="")
else:
    seeds = range(1, 41) if os.environ.get("CAPCC_LONG") else map(int, sys.argv[3:])
    sys.exit(sum(run(sys.argv[1], sys.argv[2], seed) for seed in seeds) != 0)
