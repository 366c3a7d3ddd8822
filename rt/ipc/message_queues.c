/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * System V messages and semaphores, POSIX message queues: each call is first made in a form that does not wait, and where it
 * would, the waiting form runs on a kernel thread of its own, so that the kernel keeps its queues by age and priority as
 * natively. Signal handlers end these waits whatever SA_RESTART says, but for POSIX queues. Fat code.
 */
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <time.h>

#include "../io/poll.h"
#include "../pool/pool.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"

static __attribute__((noinline)) long wait_for(struct capr_job *job, void *how, int point) {
    long r = capr__pool_run_endless(job, how, point);
    if (r == -EINTR && point) capr__cancel_point();
    return r;
}

/* msgsnd(2), msgrcv(2). Block, unless IPC_NOWAIT. Cancellation points. */
CAPR_INTERPOSE int msgsnd(int queue, const void *message, size_t n, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    int wait = !(flags & IPC_NOWAIT) && capr__may_switch();
    long r;
    do {
        r = CAPR_OUTSIDE(capr__sys4(SYS_msgsnd, queue, (long)message, (long)n, wait ? flags | IPC_NOWAIT : flags));
        if (r == -EAGAIN && wait) {
            struct capr_job job = {.number = SYS_msgsnd, .arg = {queue, (long)message, (long)n, flags}};
            r = wait_for(&job, &capr__wait_interruptible, 1);
        }
    } while (r == CAPR_POOL_NOBODY);
    return (int)capr__result(r);
}

CAPR_INTERPOSE ssize_t msgrcv(int queue, void *message, size_t n, long type, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    int wait = !(flags & IPC_NOWAIT) && capr__may_switch();
    long r;
    do {
        r = CAPR_OUTSIDE(capr__sys6(SYS_msgrcv, queue, (long)message, (long)n, type, wait ? flags | IPC_NOWAIT : flags, 0));
        if (r == -ENOMSG && wait) {
            struct capr_job job = {.number = SYS_msgrcv, .arg = {queue, (long)message, (long)n, type, flags}};
            r = wait_for(&job, &capr__wait_interruptible, 1);
        }
    } while (r == CAPR_POOL_NOBODY);
    return capr__result(r);
}

/* Without waiting. The kernel says EINTR also for a signal of the runtime's, before it looks. */
static long semaphores_now(int set, struct sembuf *operations, size_t count) {
    const struct timespec zero = {0, 0};
    long r;
    do r = CAPR_OUTSIDE(capr__sys4(SYS_semtimedop, set, (long)operations, (long)count, (long)&zero));
    while (r == -EINTR);
    return r;
}

/* semop(2), semtimedop(2). Block, unless all operations have IPC_NOWAIT. */
CAPR_INTERPOSE int semtimedop(int set, struct sembuf *operations, size_t count, const struct timespec *timeout) {
    CAPR_MONITOR;
    struct timespec rest;
    capr__turn_look();
    if (timeout && timeout->tv_sec == 0 && timeout->tv_nsec == 0) return (int)capr__result(semaphores_now(set, operations, count));
    if (!capr__may_switch())
        return (int)capr__result(CAPR_OUTSIDE(capr__sys4(SYS_semtimedop, set, (long)operations, (long)count, (long)timeout)));
    if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec > 999999999)) return (int)capr__result(-EINVAL);
    long r = semaphores_now(set, operations, count);
    size_t waiting = 0;
    for (size_t i = 0; r == -EAGAIN && i < count; i++) waiting += !(operations[i].sem_flg & IPC_NOWAIT);
    if (r != -EAGAIN || !waiting) return (int)capr__result(r);
    uint64_t deadline = CAPR_FOREVER;
    if (timeout && capr__poll_deadline(timeout, &deadline)) return (int)capr__result(-EINVAL);
    /* It would wait, or one of several has IPC_NOWAIT: the call itself knows. */
    struct capr_job job = {.number = SYS_semtimedop, .arg = {set, (long)operations, (long)count, (long)timeout}};
    while ((r = wait_for(&job, &capr__wait_interruptible, 0)) == CAPR_POOL_NOBODY) {
        r = semaphores_now(set, operations, count);
        if (r != -EAGAIN) break;
        if (!timeout) continue;
        uint64_t now = capr__now(), left = deadline > now ? deadline - now : 0;
        if (!left) break;
        rest = (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
        job.arg[3] = (long)&rest;
    }
    return (int)capr__result(r);
}

CAPR_INTERPOSE int semop(int set, struct sembuf *operations, size_t count) { return semtimedop(set, operations, count, NULL); }

/* A time that has passed: the call answers at once, ETIMEDOUT where it would wait. */
static const struct timespec long_ago;

static __attribute__((noinline)) long queue_call(long number, mqd_t queue, long message, size_t n, long priority,
                                                 const struct timespec *until) {
    capr__cancel_point();
    if (!capr__may_switch()) return capr__result(capr__sys6(number, queue, message, (long)n, priority, (long)until, 0));
    long r;
    do {
        r = capr__sys6(number, queue, message, (long)n, priority, (long)&long_ago, 0);
        if (r == -ETIMEDOUT) {
            struct capr_job job = {.number = number, .arg = {queue, message, (long)n, priority, (long)until}};
            r = wait_for(&job, &capr__wait_restartable, 1);
            if (r == CAPR_POOL_NOBODY && until && capr__deadline(CLOCK_REALTIME, until) == 0) r = -ETIMEDOUT;
        }
    } while (r == CAPR_POOL_NOBODY);
    return capr__result(r);
}

/* mq_send(3), mq_receive(3) and their timed forms. Block, unless O_NONBLOCK. Cancellation points. */
CAPR_INTERPOSE int mq_timedsend(mqd_t queue, const char *message, size_t n, unsigned int priority, const struct timespec *until) {
    CAPR_MONITOR;
    return (int)queue_call(SYS_mq_timedsend, queue, (long)message, n, priority, until);
}

CAPR_INTERPOSE int mq_send(mqd_t queue, const char *message, size_t n, unsigned int priority) {
    CAPR_MONITOR;
    return (int)queue_call(SYS_mq_timedsend, queue, (long)message, n, priority, NULL);
}

CAPR_INTERPOSE ssize_t mq_timedreceive(mqd_t queue, char *restrict message, size_t n, unsigned int *restrict priority,
                                       const struct timespec *restrict until) {
    CAPR_MONITOR;
    return queue_call(SYS_mq_timedreceive, queue, (long)message, n, (long)priority, until);
}

CAPR_INTERPOSE ssize_t mq_receive(mqd_t queue, char *message, size_t n, unsigned int *priority) {
    CAPR_MONITOR;
    return queue_call(SYS_mq_timedreceive, queue, (long)message, n, (long)priority, NULL);
}
