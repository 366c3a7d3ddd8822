/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread that ticks until it is told to stop: while another waits its count goes on, unless the worker stands still.
 */
#ifndef CAPR_TEST_TICKER_H
#define CAPR_TEST_TICKER_H

#include <unistd.h>

static volatile int ticks, stop;

static void *ticker(void *unused) {
    while (!stop) {
        usleep(1000);
        ticks++;
    }
    return unused;
}

#endif
