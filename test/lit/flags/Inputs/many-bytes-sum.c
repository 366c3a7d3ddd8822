// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "many-bytes.h"
#include <stdarg.h>
int sum(int count, ...) {
    va_list list;
    va_start(list, count);
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += va_arg(list, struct bytes).at[BYTES - 1];
    va_end(list);
    return sum;
}
