/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Knot: a static web server in plain threaded C, a thread per connection. This file starts it, ticks for it (time limits, the Date
 * header, the stop), and ends it. The main thread does what would otherwise cost every request a clock reading or a timer.
 */
#include "accept.h"
#include "cache.h"
#include "options.h"
#include "path.h"
#include "registry.h"
#include "response.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

/* How late the ticker, a time limit or the stop may be. */
enum { TICK_MS = 250, STOP_TICK_MS = 20 };

static volatile sig_atomic_t stop_asked;

/* Only a flag: the main thread looks at each tick, which the signal cuts short where it reaches that thread. */
static void ask_stop(int signal) {
    (void)signal;
    stop_asked = 1;
}

static int fail(const char *what, const char *why) {
    fprintf(stderr, "knot: error: %s: %s\n", what, why);
    return 1;
}

static void sleep_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL); /* a signal may cut it short, which is as well */
}

/* As many descriptors as we may have: a connection needs one. A failure leaves fewer, which accept copes with. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void set_signals(void) {
    struct sigaction stop = {.sa_handler = ask_stop, .sa_flags = SA_RESTART}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* a client that went away is an error of writev */
}

static void set_limits(const struct options *o) {
    conn_limits = (struct conn_limits){.idle_seconds = (uint32_t)o->idle_seconds,
                                       .request_seconds = (uint32_t)o->request_seconds,
                                       .write_seconds = (uint32_t)o->write_seconds,
                                       .request_bytes = (uint32_t)o->request_bytes,
                                       .body_bytes = o->body_bytes};
    cache_limit(o->cache_bytes);
    registry_setup((unsigned)o->max_threads);
}

static void tick_until_stop(void) {
    while (!stop_asked) {
        sleep_ms(TICK_MS);
        uint32_t before = ticker_now();
        ticker_update();
        if (ticker_now() != before) registry_sweep();
    }
}

/* Waits until no connection and no acceptor is left, at most for ms. */
static void wait_for_end(unsigned long ms) {
    for (unsigned long waited = 0; registry_count() && waited < ms; waited += STOP_TICK_MS) sleep_ms(STOP_TICK_MS);
}

static void print_stats(void) {
    struct cache_counts counts = cache_count();
    const struct {
        const char *name;
        uint64_t value;
    } lines[] = {
        {"requests", conn_requests()},           {"cache_hits", counts.hits},
        {"cache_misses", counts.misses},         {"cache_evictions", counts.evictions},
        {"cache_peak_bytes", counts.peak_bytes},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        printf("knot: %s %llu\n", lines[i].name, (unsigned long long)lines[i].value);
}

int main(int argc, char **argv) {
    struct options o;
    int status = options_parse(argc, argv, &o);
    if (status >= 0) return status;

    int error = path_root(o.root);
    if (error == -ENOSYS) return fail("openat2", "refused by the kernel or a seccomp filter; Linux 5.6 or later has to allow it");
    if (error) return fail(o.root, strerror(-error));
    raise_descriptor_limit();
    set_signals();
    set_limits(&o);
    ticker_update();
    response_setup();

    unsigned port = (unsigned)o.port;
    int listen_fd = accept_listen(o.bind, &port, (int)o.backlog);
    if (listen_fd == -EINVAL) return fail(o.bind, "not a numeric address; give one to --bind");
    if (listen_fd == -EADDRINUSE) return fail(o.bind, "the port is in use; give another to --port, or 0 for any");
    if (listen_fd < 0) return fail(o.bind, strerror(-listen_fd));

    struct acceptors acceptors = {listen_fd, o.favor_connections};
    pthread_t *threads = calloc(o.acceptors, sizeof *threads);
    if (!threads) return fail("acceptors", strerror(ENOMEM));
    for (unsigned long i = 0; i < o.acceptors; i++) {
        error = pthread_create(&threads[i], NULL, accept_thread, &acceptors);
        if (error) return fail("pthread_create", strerror(error));
    }
    /* An IPv6 address is bracketed in a URL. */
    printf(strchr(o.bind, ':') ? "knot: listening on http://[%s]:%u/\n" : "knot: listening on http://%s:%u/\n", o.bind, port);
    fflush(stdout);

    tick_until_stop();

    registry_stop();
    shutdown(listen_fd, SHUT_RDWR); /* wakes accept */
    for (unsigned long i = 0; i < o.acceptors; i++) pthread_join(threads[i], NULL);
    wait_for_end(o.stop_seconds * 1000);
    registry_cut();
    wait_for_end(1000);
    if (o.stats) print_stats();
    free(threads);
    return 0;
}
