/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The time as requests see it: a second count and the text of the Date header, both refreshed by the main thread's tick. A
 * request reads two words and makes no call, so time limits and dates cost it nothing.
 */
#ifndef KNOT_TICKER_H
#define KNOT_TICKER_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

/* "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n": the last header of every response, and the end of its head. */
#define DATE_END_LEN 39

/* Seconds for which a text that ticker_date_end returned keeps its bytes; no response head may take longer to send. */
#define DATE_END_LIFETIME 255

extern _Atomic uint32_t ticker_seconds;
extern const char *_Atomic ticker_date;

/* Seconds since the start, at most one tick old; starts at 1, so that 0 can mean never. Does not block. */
static inline uint32_t ticker_now(void) { return atomic_load_explicit(&ticker_seconds, memory_order_relaxed); }

/* DATE_END_LEN bytes (RFC 9110, 6.6.1), good for DATE_END_LIFETIME seconds. Does not block. */
static inline const char *ticker_date_end(void) { return atomic_load_explicit(&ticker_date, memory_order_acquire); }

/* Brings both up to date. Only the main thread calls it, once before the first request and then at each tick. Does not block. */
void ticker_update(void);

/* Writes `when` as RFC 9110's IMF-fixdate, 29 characters and a NUL. Does not block. */
void ticker_http_date(time_t when, char out[30]);

#endif
