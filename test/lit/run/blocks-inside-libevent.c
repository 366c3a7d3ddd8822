/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Event loops of libevent, each on a thread of its own: the loop waits inside the library, its callbacks wait in reads of
 * their own, and meanwhile other threads and other loops go on.
 *
 * RUN: %run-matrix %s %t -levent_core | FileCheck %s
 */
#include "Inputs/on-thread.h"

#include <event2/event.h>
#include <unistd.h>

enum { LOOPS = 5, ROUNDS = 30 };
struct loop {
    int asked[2], answer[2];
    int rounds, timeouts, right;
    struct event_base *base;
    struct event *readable, *timer;
};
static struct loop loops[LOOPS];

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    ((struct loop *)arg)->timeouts++;
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
    struct loop *loop = arg;
    char request, detail, text[300];
    (void)what;
    if (read(fd, &request, 1) != 1 || read(loop->answer[0], &detail, 1) != 1) exit(1); /* the second comes later */
    snprintf(text, sizeof text, "%c%c", request, detail);
    loop->right += text[0] == 'q' && text[1] == 'a';
    if (++loop->rounds == ROUNDS) event_base_loopbreak(loop->base);
}

static void *runs_loop(void *arg) {
    struct loop *loop = arg;
    struct timeval often = {0, 200};
    loop->base = event_base_new();
    loop->readable = event_new(loop->base, loop->asked[0], EV_READ | EV_PERSIST, on_readable, loop);
    loop->timer = event_new(loop->base, -1, EV_PERSIST, on_timer, loop);
    if (!loop->base || event_add(loop->readable, NULL) || event_add(loop->timer, &often)) exit(1);
    if (event_base_dispatch(loop->base)) exit(1);
    event_free(loop->readable);
    event_free(loop->timer);
    event_base_free(loop->base);
    return NULL;
}

static void body(void) {
    pthread_t threads[LOOPS];
    int right = 0, timers = 0;
    for (int i = 0; i < LOOPS; i++)
        if (pipe(loops[i].asked) || pipe(loops[i].answer) || pthread_create(&threads[i], NULL, runs_loop, &loops[i])) exit(1);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LOOPS; i++)
            if (write(loops[i].asked[1], "q", 1) != 1) exit(1);
        usleep(500);
        for (int i = LOOPS; i-- > 0;)
            if (write(loops[i].answer[1], "a", 1) != 1) exit(1);
        usleep(500);
    }
    for (int i = 0; i < LOOPS; i++) {
        pthread_join(threads[i], NULL);
        right += loops[i].right;
        timers += loops[i].timeouts > 0;
    }
    printf("right %d, timers %d\n", right, timers);
}

int main(void) {
    on_thread(body);
    return 0;
}
// CHECK: right 150, timers 5
