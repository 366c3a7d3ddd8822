// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "many-bytes.h"
int call_back(int (*callee)(int, ...), struct bytes b) {
    char deep[DEEP];
    __asm__ volatile("" : : "r"(deep) : "memory");
    int result = callee(2, b, 1, b, 7);
    __asm__ volatile("" : : "r"(deep) : "memory");
    return result;
}
