/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Operations for which code generation calls libraries on its own. */
#include <math.h>
#include <stdio.h>

static volatile double a = 7.5, b = 2;
static volatile __float128 q = 1;

__attribute__((noinline)) static long double rest(long double x, long double y) { return __builtin_fmodl(x, y); }

__attribute__((noinline)) static void add(void) { q += q; }

int main(void) {
    add();
    printf("%g %Lg %g\n", __builtin_fmod(a, b), rest(a, b), (double)q);
    return 0;
}
