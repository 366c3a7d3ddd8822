/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A library by another compiler between a program and a shared object, both of capcc's.
 */
#include "module.h"

#include <stdio.h>

long between(module_callback *f, int depth, void *arg) {
    char text[3000];
    snprintf(text, sizeof text, "%d", depth);
    return f(depth, arg) + (text[0] == '4') * 10;
}
