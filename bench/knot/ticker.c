/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Refreshes the second count and the Date text. The texts lie in a ring of 256 slots, one per second, so that a slot which a
 * slow response still sends stays as it is for DATE_END_LIFETIME seconds, without a lock or a count.
 */
#include "ticker.h"

#include <stdio.h>
#include <string.h>

_Atomic uint32_t ticker_seconds;
const char *_Atomic ticker_date;

static char ring[DATE_END_LIFETIME + 1][DATE_END_LEN + 1];

void ticker_http_date(time_t when, char out[30]) {
    /* The format has four digits for the year. A file may claim any time. */
    static const time_t year_10000 = 253402300800;
    struct tm tm;
    when = when < 0 ? 0 : when >= year_10000 ? year_10000 - 1 : when;
    gmtime_r(&when, &tm);
    strftime(out, 30, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

void ticker_update(void) {
    static time_t start;
    struct timespec mono;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    if (!start) start = mono.tv_sec - 1;
    uint32_t seconds = (uint32_t)(mono.tv_sec - start);
    if (seconds == ticker_now()) return;

    char text[30];
    char *slot = ring[seconds % (DATE_END_LIFETIME + 1)];
    ticker_http_date(time(NULL), text);
    snprintf(slot, DATE_END_LEN + 1, "Date: %s\r\n\r\n", text);
    atomic_store_explicit(&ticker_date, slot, memory_order_release);
    atomic_store_explicit(&ticker_seconds, seconds, memory_order_relaxed);
}
