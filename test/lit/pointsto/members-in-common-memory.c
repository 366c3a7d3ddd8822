// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %plain-clang -O2 -S -emit-llvm %s -o %t/m.ll
// RUN: %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %t/m.ll 2>&1 | FileCheck %s
// REQUIRES: capcc
// Code outside has pointers to all of this memory, and hands them back: so no object is told apart. What a member holds is what the
// module puts into that member of such a structure: by an initialiser, by an assignment, with a whole structure by memcpy. What it puts
// somewhere through a pointer to a member may be in any. Functions of other members stay out, constant tables among them.
// CHECK-DAG: {{^}}call_open: open_changed open_copied open_table open_through_pointer; external yes
// CHECK-DAG: {{^}}call_close: close_copied close_table open_through_pointer; external yes
// CHECK-DAG: {{^}}call_other: open_through_pointer other_open; external yes
// CHECK-DAG: {{^}}call_padded: open_through_pointer padded_run; external yes
#include <string.h>

struct ops { int version; int (*open)(int); int (*close)(int); };
struct other { float weight; int (*open)(int); };
struct padded { char kind; long size; int (*run)(int); int (*stop)(int); };

#define FUNCTION(name, n) static __attribute__((noinline)) int name(int x) { return x * n; }
FUNCTION(open_table, 2)
FUNCTION(close_table, 3)
FUNCTION(open_copied, 4)
FUNCTION(close_copied, 5)
FUNCTION(open_changed, 6)
FUNCTION(open_through_pointer, 7)
FUNCTION(other_open, 8)
FUNCTION(padded_run, 9)
FUNCTION(padded_stop, 10)

static const struct ops table = {1, open_table, close_table};
static struct ops copied = {1, open_copied, close_copied};
static const struct other other = {1, other_open};
static const struct padded padded = {1, 2, padded_run, padded_stop};
void give(const void *);
void *get(void);

static __attribute__((noinline)) int call_open(struct ops *o) { return o->open(1) + 1; }
static __attribute__((noinline)) int call_close(struct ops *o) { return o->close(1) + 1; }
static __attribute__((noinline)) int call_other(struct other *o) { return o->open(1) + 1; }
static __attribute__((noinline)) int call_padded(struct padded *p) { return p->run(1) + 1; }
static __attribute__((noinline)) void put(int (**where)(int)) { *where = open_through_pointer; }

int main(void) {
    struct ops *o = get();
    give(&table);
    give(&copied);
    give(&other);
    give(&padded);
    memcpy(o, get(), sizeof *o);
    ((struct ops *)get())->open = open_changed;
    put(&o->open);
    return call_open(get()) + call_close(get()) + call_other(get()) + call_padded(get()) + ((struct padded *)get())->stop(1);
}
