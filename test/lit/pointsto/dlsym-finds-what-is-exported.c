// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %plain-clang -O2 -S -emit-llvm %s -o %t/m.ll
// RUN: %opt -load-pass-plugin=%pass -passes=capriccio-pointsto-print -disable-output %t/m.ll 2>&1 | FileCheck %s
// RUN: %capcc -O2 -rdynamic -fcapriccio-icalls=pointsto -fcapriccio-check-icalls %s -o %t/checked -ldl && %t/checked | FileCheck --check-prefix=PRINTED %s
// REQUIRES: capcc
// A program that looks its own functions up by name gets those that it exports, of the call's type, though it gave none to code outside.
// CHECK: {{^}}call_found: shown; external yes
// PRINTED: 3
#include <dlfcn.h>
#include <stdio.h>

typedef int function(int);
__attribute__((noinline)) int shown(int x) { return x + 1; }
__attribute__((noinline)) void of_another_type(long *x) { *x = 1; }
static __attribute__((noinline)) int hidden(int x) { return x + 2; }
function *const volatile table[] = {shown, hidden};
void (*const volatile other[])(long *) = {of_another_type};

static __attribute__((noinline)) int call_found(void *program) {
    function *f = (function *)dlsym(program, "shown");
    return f ? f(2) + 1 - 1 : 0;
}

int main(void) {
    printf("%d\n", call_found(dlopen(NULL, RTLD_NOW)));
    return table[0](0) + table[1](0) == 3 && other[0] ? 0 : 1;
}
