/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The sleep family and giving way: a thread that sleeps parks with a deadline. A handler that ran makes the main thread ready
 * earlier: EINTR and the rest of the time. All are cancellation points but sched_yield. Inside a signal handler, and on kernel
 * threads that are no workers, the kernel thread sleeps.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "wait.h"

#define SECOND 1000000000ull
#define SLOW_PATH __attribute__((noinline))

/* `seconds` and `ns` from now; CAPR_FOREVER where ns since boot would not fit 64 bits (584 years). */
static uint64_t deadline_in(uint64_t seconds, uint64_t ns) {
    if (seconds > UINT64_MAX / SECOND - 1) return CAPR_FOREVER;
    uint64_t deadline;
    return __builtin_add_overflow(capr__now(), seconds * SECOND + ns, &deadline) ? CAPR_FOREVER : deadline;
}

/* Returns 0 at the deadline, or EINTR. */
static int sleep_until(uint64_t deadline) {
    struct capr_thread *self = capr__self();
    capr__signals_wait_begin(self, &capr__wait_interruptible);
    int error = capr__park_point(deadline);
    self->wait_data = NULL;
    capr__cancel_point();
    return error == ETIMEDOUT ? 0 : EINTR;
}

static uint64_t left_until(uint64_t deadline) {
    uint64_t now = capr__now();
    return now < deadline ? deadline - now : 0;
}

/* Waits for a clock that counts processor time: it stands still while nobody runs, so that only polling finds its end. */
static SLOW_PATH int sleep_by_cpu(clockid_t clock, const struct timespec *until) {
    for (unsigned round = 1;;) {
        struct timespec now;
        if (clock_gettime(clock, &now) != 0) return errno;
        if (now.tv_sec > until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec)) return 0;
        capr__poll_wait(&round, CAPR_FOREVER, 1);
        capr__cancel_point();
    }
}

/* An absolute time of any clock that runs evenly becomes a distance from now. */
static SLOW_PATH int sleep_by(clockid_t clock, int flags, const struct timespec *t, struct timespec *rest) {
    struct timespec now = { 0, 0 };
    int absolute = flags & TIMER_ABSTIME;
    if (clock_gettime(clock, &now) != 0) return EINVAL;
    if (clock == CLOCK_PROCESS_CPUTIME_ID || clock < 0) {
        struct timespec until = *t;
        if (!absolute) {
            until.tv_sec += now.tv_sec;
            until.tv_nsec += now.tv_nsec;
            if (until.tv_nsec >= (long)SECOND) {
                until.tv_nsec -= (long)SECOND;
                until.tv_sec++;
            }
        }
        return sleep_by_cpu(clock, &until);
    }
    uint64_t deadline;
    if (absolute) {
        if (t->tv_sec < now.tv_sec || (t->tv_sec == now.tv_sec && t->tv_nsec <= now.tv_nsec)) {
            capr__yield();
            return 0;
        }
        uint64_t seconds = (uint64_t)t->tv_sec - (uint64_t)now.tv_sec;
        int borrow = t->tv_nsec < now.tv_nsec;
        deadline = deadline_in(seconds - (uint64_t)borrow, (uint64_t)(t->tv_nsec - now.tv_nsec + borrow * (long)SECOND));
    } else {
        deadline = deadline_in((uint64_t)t->tv_sec, (uint64_t)t->tv_nsec);
    }
    int error = sleep_until(deadline);
    if (error && rest && !absolute) {
        uint64_t left = left_until(deadline);
        rest->tv_sec = (time_t)(left / SECOND);
        rest->tv_nsec = (long)(left % SECOND);
    }
    return error;
}

/* POSIX clock_nanosleep. Returns 0; EINTR with the rest in *rest if the time was relative; EINVAL for nanoseconds outside
 * [0, 10^9), a negative time, or a clock that cannot be slept by. Changes of CLOCK_REALTIME during the sleep are not
 * followed. Blocks; a cancellation point. */
CAPR_INTERPOSE int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *rest) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (CAPR_UNLIKELY(!capr__may_switch())) return syscall(SYS_clock_nanosleep, clock, flags, t, rest) == 0 ? 0 : errno;
    if (t->tv_nsec < 0 || t->tv_nsec >= (long)SECOND || t->tv_sec < 0 || clock == CLOCK_THREAD_CPUTIME_ID) return EINVAL;
    return sleep_by(clock, flags, t, rest);
}

/* POSIX nanosleep. Returns 0, or -1 with EINTR or EINVAL as above. Blocks; a cancellation point. */
CAPR_INTERPOSE int nanosleep(const struct timespec *t, struct timespec *rest) {
    CAPR_MONITOR;
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, t, rest);
    if (CAPR_LIKELY(error == 0)) return 0;
    errno = error;
    return -1;
}

/* POSIX usleep: microseconds, any number. Returns 0, or -1 with EINTR. Blocks; a cancellation point. */
CAPR_INTERPOSE int usleep(useconds_t us) {
    CAPR_MONITOR;
    struct timespec t = { us / 1000000, (long)(us % 1000000) * 1000 };
    return nanosleep(&t, NULL);
}

/* POSIX sleep. Returns 0, or the whole seconds left when interrupted, as glibc does. Blocks; a cancellation
 * point. */
CAPR_INTERPOSE unsigned sleep(unsigned seconds) {
    CAPR_MONITOR;
    struct timespec t = { seconds, 0 };
    if (CAPR_LIKELY(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == 0)) return 0;
    errno = EINTR;
    return (unsigned)t.tv_sec;
}

/* POSIX sched_yield. Returns 0. Lets every other ready thread run once. Not a cancellation point, but where asynchronous
 * cancelability takes effect. */
CAPR_INTERPOSE int sched_yield(void) {
    if (CAPR_UNLIKELY(!capr__may_switch())) return (int)syscall(SYS_sched_yield);
    struct capr_thread *self = capr__self();
    capr__yield();
    if (capr__cancel_async_due(self)) capr__cancel_self();
    return 0;
}

CAPR_INTERPOSE void thrd_yield(void) { sched_yield(); }

/* C11 thrd_sleep. Returns 0; -1 when interrupted, with the rest in *rest; -2 for other errors. Blocks. */
CAPR_INTERPOSE int thrd_sleep(const struct timespec *t, struct timespec *rest) {
    CAPR_MONITOR;
    int error = clock_nanosleep(CLOCK_REALTIME, 0, t, rest);
    return error == 0 ? 0 : error == EINTR ? -1 : -2;
}
