// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %plain-clang -O2 -S -emit-llvm %s -o %t/m.ll
// RUN: %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %t/m.ll 2>&1 | FileCheck %s
// REQUIRES: capcc
// Code outside may call what it was handed, return it, pass it to a function of the module that it calls, or write it where it was given a
// pointer to: one function as an argument, another in a table. Where its type is not that of the call, it is not meant.
// CHECK-DAG: {{^}}call_returned: handed in_table; external yes
// CHECK-DAG: {{^}}callback: handed in_table; external yes
// CHECK-DAG: {{^}}call_written: handed in_table; external yes
struct table { long n; int (*f)(int); };
typedef int function(int);

static __attribute__((noinline)) int handed(int x) { return x; }
static __attribute__((noinline)) int in_table(int x) { return x + 1; }
static int state;
static __attribute__((noinline)) void other_type(void) { state++; }
static const struct table table = {1, in_table};
void give(const void *);
void give_function(function *, void (*)(void));
function *get(void);
void fill(function **);
void register_callback(int (*)(function *));

static __attribute__((noinline)) int callback(function *f) { return f(1) + 1; }
static __attribute__((noinline)) int call_returned(void) { return get()(1) + 1; }
static __attribute__((noinline)) int call_written(void) {
    function *f;
    fill(&f);
    return f(2) + 1;
}

int main(void) {
    give(&table);
    give_function(handed, other_type);
    register_callback(callback);
    return call_returned() + call_written();
}
