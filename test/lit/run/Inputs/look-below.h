/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Whatever still writes to the frames of a wait that was left shows in the frames that come next.
 */
#ifndef LOOK_BELOW_H
#define LOOK_BELOW_H

#include <assert.h>
#include <unistd.h>

static __attribute__((noinline)) void look_below(void) {
    volatile unsigned char bytes[3000];
    for (int i = 0; i < 3000; i++) bytes[i] = 0x5a;
    usleep(100);
    for (int i = 0; i < 3000; i++) assert(bytes[i] == 0x5a);
}

#endif
