/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Run by CMake's try_run: prints one line and ends with a status of its own.
 */
#include <stdio.h>

int main(void) {
    puts("forty-two");
    return 42;
}
