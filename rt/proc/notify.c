/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Notifications that start a thread (SIGEV_THREAD, of timers and message queues) or go to one (SIGEV_THREAD_ID). libc would run the
 * function on a kernel thread of its own, where nothing of this runtime works. So the kernel is asked for signal 32 instead, which
 * glibc keeps from programs and uses for nothing where pthread_cancel is ours; its handler leaves a note, and the poll loop starts a
 * user-level thread, or sends the signal to the thread that was meant. Timers stay the kernel's: libc's timer_settime and
 * its relatives take their numbers as they are. Plain code.
 */
#include "notify.h"

#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../graph/graph.h"
#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "../thread/thread.h"
#include "signals.h"

struct target {
    struct target *next;
    long kernel_id;                /* timer, or message queue */
    int is_queue;
    int number;                    /* SIGEV_THREAD_ID: the signal; 0: start a thread */
    uint32_t thread;               /* its id */
    void (*function)(union sigval);
    union sigval value;
    size_t stack_size;             /* of the attributes given, 0: the default */
};

static struct target *targets;

int capr__notifies(void) { return targets != NULL; }

struct call {
    void (*function)(union sigval);
    union sigval value;
};

static void *begin(void *p) {
    struct call call = *(struct call *)p;
    free(p);
    call.function(call.value);
    return NULL;
}

static void start_thread(void (*function)(union sigval), union sigval value, const pthread_attr_t *attr) {
    struct call *call = malloc(sizeof *call);
    pthread_t thread;
    if (!call) return;
    *call = (struct call){ function, value };
    capr__graph_begins_as((uint64_t)function);
    if (pthread_create(&thread, attr, begin, call) == 0) {
        pthread_detach(thread);
        return;
    }
    capr__graph_begins_as(0);
    free(call);
}

void capr__notify(const struct sigevent *event, int code) {
    if (event->sigev_notify == SIGEV_THREAD) start_thread(event->sigev_notify_function, event->sigev_value, event->sigev_notify_attributes);
    if (event->sigev_notify != SIGEV_SIGNAL) return;
    siginfo_t info = { .si_signo = event->sigev_signo, .si_code = code };
    info.si_pid = (pid_t)capr__sys1(SYS_getpid, 0);
    info.si_uid = (uid_t)capr__sys1(SYS_getuid, 0);
    info.si_value = event->sigev_value;
    capr__sys3(SYS_rt_sigqueueinfo, info.si_pid, info.si_signo, (long)&info);
}

void capr__notify_leave(struct capr_notify_group *g, int code) {
    if (--g->left) return;
    capr__notify(&g->event, code);
    if (!g->on_stack) free(g);
}

/* For a notification of the kernel's: of the attributes given then only the stack's size is left. A timer's function blocks all signals, as in
 * glibc: it would take what the program blocks everywhere, to wait for. A message queue's blocks none, there too. */
static void start_target(const struct target *t) {
    pthread_attr_t attr;
    sigset_t mask;
    pthread_attr_init(&attr);
    if (t->stack_size) pthread_attr_setstacksize(&attr, t->stack_size);
    (t->is_queue ? sigemptyset : sigfillset)(&mask);
    pthread_attr_setsigmask_np(&attr, &mask);
    start_thread(t->function, t->value, &attr);
    pthread_attr_destroy(&attr);
}

static struct capr_thread *thread_of(uint32_t id) {
    struct capr_thread *t = capr__process.all;
    while (t && t->id != id) t = t->all_next;
    return t;
}

static void forget(struct target *gone) {
    for (struct target **link = &targets; *link; link = &(*link)->next)
        if (*link == gone) {
            *link = gone->next;
            free(gone);
            return;
        }
}

void capr__notified(const siginfo_t *info) {
    struct target *t = targets;
    while (t && t != info->si_value.sival_ptr) /* deleted since the kernel sent it, perhaps */
        t = t->next;
    if (!t) return;
    if (t->number) {
        struct capr_thread *thread = thread_of(t->thread);
        siginfo_t own = *info;
        own.si_signo = t->number;
        own.si_value = t->value;
        if (thread) capr__signal_send(thread, &own);
    } else {
        start_target(t);
    }
    if (t->is_queue) /* once only */
        forget(t);
}

/* Fills `out` with what the kernel is to do in place of `in`, or returns NULL when out of memory. */
static struct target *redirect(const struct sigevent *in, struct sigevent *out) {
    struct target *t = calloc(1, sizeof *t);
    if (!t || capr__signals_notify_signal()) {
        free(t);
        return NULL;
    }
    t->value = in->sigev_value;
    if (in->sigev_notify == SIGEV_THREAD_ID) {
        t->number = in->sigev_signo;
        t->thread = capr__self()->id;
    } else {
        t->function = in->sigev_notify_function;
        if (in->sigev_notify_attributes) pthread_attr_getstacksize(in->sigev_notify_attributes, &t->stack_size);
    }
    memset(out, 0, sizeof *out);
    out->sigev_signo = CAPR_NOTIFY_SIGNAL;
    out->sigev_value.sival_ptr = t;
    return t;
}

/* timer_create(2). */
CAPR_INTERPOSE int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer) {
    CAPR_MONITOR;
    struct sigevent own;
    struct target *t = NULL;
    int kernel_id;
    if (event && capr__self() &&
        (event->sigev_notify == SIGEV_THREAD ||
         (event->sigev_notify == SIGEV_THREAD_ID && event->_sigev_un._tid == gettid() && event->sigev_signo > 0 && event->sigev_signo < 65))) {
        t = redirect(event, &own);
        if (!t) return (int)capr__result(-EAGAIN);
        own.sigev_notify = SIGEV_THREAD_ID;
        own._sigev_un._tid = gettid();
        event = &own;
    }
    long r = capr__sys3(SYS_timer_create, clock, (long)event, (long)&kernel_id);
    if (r < 0) {
        free(t);
        return (int)capr__result(r);
    }
    if (t) {
        t->kernel_id = kernel_id;
        t->next = targets;
        targets = t;
    }
    *timer = (timer_t)(intptr_t)kernel_id;
    return 0;
}

/* timer_delete(2). */
CAPR_INTERPOSE int timer_delete(timer_t timer) {
    CAPR_MONITOR;
    long kernel_id = (int)(intptr_t)timer, r = capr__sys1(SYS_timer_delete, kernel_id);
    for (struct target *t = targets; r == 0 && t; t = t->next)
        if (!t->is_queue && t->kernel_id == kernel_id) {
            forget(t);
            break;
        }
    return (int)capr__result(r);
}

/* mq_notify(3). NULL takes the notification back. */
CAPR_INTERPOSE int mq_notify(mqd_t queue, const struct sigevent *event) {
    CAPR_MONITOR;
    struct sigevent own;
    struct target *t = NULL;
    if (event && event->sigev_notify == SIGEV_THREAD && capr__self()) {
        t = redirect(event, &own);
        if (!t) return (int)capr__result(-ENOMEM);
        t->is_queue = 1;
        t->kernel_id = queue;
        own.sigev_notify = SIGEV_SIGNAL;
        event = &own;
    }
    long r = capr__sys2(SYS_mq_notify, queue, (long)event);
    if (r < 0) {
        free(t);
        return (int)capr__result(r);
    }
    for (struct target *old = targets; old; old = old->next)
        if (old->is_queue && old->kernel_id == queue) { /* taken back, or its queue was closed */
            forget(old);
            break;
        }
    if (t) {
        t->next = targets;
        targets = t;
    }
    return 0;
}
