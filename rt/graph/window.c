/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A kernel thread of its own serves the window, one client after the other, so that none of them holds the worker: it asks the idle thread
 * for a snapshot, renders it and sends it. Its descriptors are in a table of its own (CLONE_FILES undone), from which everything else
 * is gone but the worker's eventfd: the program neither sees nor closes nor inherits the socket, a forked child does not keep it open,
 * and no connection of the program's stays open for our sake. It calls the kernel directly, since the calls' names are the runtime's.
 * Plain code.
 */
#include "window.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../io/source.h"
#include "../io/syscalls.h"
#include "../proc/env.h"
#include "../proc/message.h"
#include "../thread/kernel_thread.h"
#include "dump.h"

#define STACK (128u << 10)            /* as for dump.c: decoding, names of files */
#define ANSWER_NS 1000000000ull       /* for the worker to come to a switch */
#define SEND_NS 2000000000ull         /* for a client to read it all */
#define BACKLOG 8
#define NO_WINDOW "CAPRICCIO_TOP: no window is opened: "

/* What the worker left for the window's thread: ASKED while one is waited for, else NULL or a snapshot. */
#define ASKED ((struct capr_snapshot *)1)
static struct capr_snapshot *answer;
static uint32_t answers; /* futex: goes up with each */

static int started;
static uint32_t ready;         /* futex: 1 once the socket is there, or `why` says why not */
static char why[256];
static struct sockaddr_un at = {.sun_family = AF_UNIX};
static struct capr_worker *worker;
static int wake_fd;

static void wait_for(uint32_t *word, uint32_t value, uint64_t ns) {
    const struct timespec timeout = {(long)(ns / 1000000000), (long)(ns % 1000000000)};
    capr__sys6(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value, (long)&timeout, 0, 0);
}

static void go_on(uint32_t *word) {
    __atomic_add_fetch(word, 1, __ATOMIC_RELEASE);
    capr__sys3(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1);
}

static int refuse(const char *what, const char *and) {
    snprintf(why, sizeof why, "%s: %s", what, and);
    return -1;
}

/* The directory, made if it is not there, may hold a socket that people trust: it is ours, and nobody else can change what is in it. */
static int directory(char *path, size_t size) {
    struct stat status;
    uint32_t uid = (uint32_t)capr__sys1(SYS_geteuid, 0);
    int length;
    if (capr__env.top_directory)
        length = snprintf(path, size, "%s", capr__env.top_directory);
    else if (capr__env.runtime_directory)
        length = snprintf(path, size, "%s/capriccio", capr__env.runtime_directory);
    else
        length = snprintf(path, size, "/tmp/capriccio-%u", uid);
    if ((size_t)length >= size) return refuse(path, "the path is too long for a socket; name a shorter directory");
    long error = capr__sys3(SYS_mkdirat, AT_FDCWD, (long)path, 0700);
    long fd = error && error != -EEXIST ? error : capr__sys4(SYS_openat, AT_FDCWD, (long)path, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd == -ELOOP || fd == -ENOTDIR) return refuse(path, "is no directory (a symbolic link is refused); remove it, or name another directory");
    if (fd < 0) return refuse(path, strerror((int)-fd));
    int known = !fstat((int)fd, &status);
    capr__sys1(SYS_close, fd);
    if (!known || status.st_uid != uid) return refuse(path, "belongs to another user; name another directory");
    if (status.st_mode & 022) return refuse(path, "others may write to it; chmod 700, or name another directory");
    return 0;
}

/* Returns the listening socket, or -1 and says why. */
static int open_socket(void) {
    char path[sizeof at.sun_path - 12]; /* "/", a process's number, ".sock" */
    /* Linux 5.9. What lies below the eventfd is copied for a moment. */
    unsigned own = (unsigned)wake_fd;
    long error = capr__sys3(SYS_close_range, own + 1, ~0u, CLOSE_RANGE_UNSHARE);
    if (error < 0) return refuse("close_range(2)", "refused by the kernel or a filter of calls; Linux 5.9 has it");
    if (own) capr__sys3(SYS_close_range, 0, own - 1, 0);
    if (directory(path, sizeof path)) return -1;
    snprintf(at.sun_path, sizeof at.sun_path, "%s/%d.sock", path, (int)getpid());
    long fd = capr__sys3(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return refuse(at.sun_path, strerror((int)-fd));
    /* Whoever had our number is dead. The socket's mode is that of the descriptor as it is bound. */
    capr__sys3(SYS_unlinkat, AT_FDCWD, (long)at.sun_path, 0);
    capr__sys2(SYS_fchmod, fd, 0600);
    error = capr__sys3(SYS_bind, fd, (long)&at, sizeof at);
    if (!error) error = capr__sys2(SYS_listen, fd, BACKLOG);
    if (error < 0) {
        capr__sys1(SYS_close, fd);
        return refuse(at.sun_path, strerror((int)-error));
    }
    return (int)fd;
}

void capr__window_answer(void) {
    if (__atomic_load_n(&answer, __ATOMIC_ACQUIRE) != ASKED) return;
    const char *reason;
    struct capr_snapshot *s = capr__snapshot_take(&reason), *asked = ASKED;
    if (__atomic_compare_exchange_n(&answer, &asked, s, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        go_on(&answers);
    else if (s)
        capr__snapshot_free(s); /* nobody waits any longer */
}

/* NULL: the worker had no memory for it, or (*late) no time. */
static struct capr_snapshot *ask_worker(int *late) {
    uint64_t until = capr__now() + ANSWER_NS, one = 1;
    __atomic_store_n(&answer, ASKED, __ATOMIC_RELEASE);
    __atomic_or_fetch(&capr__graph_wanted, CAPR_WANTED_WINDOW, __ATOMIC_SEQ_CST);
    /* Where threads are ready the next switch looks, where none is the poll ends. */
    __atomic_store_n(&worker->poll_at, 0, __ATOMIC_RELAXED);
    capr__sys3(SYS_write, wake_fd, (long)&one, sizeof one);
    *late = 0;
    for (;;) {
        uint32_t seen = __atomic_load_n(&answers, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&answer, __ATOMIC_ACQUIRE) != ASKED) break;
        uint64_t now = capr__now();
        if (now >= until) {
            struct capr_snapshot *asked = ASKED;
            *late = __atomic_compare_exchange_n(&answer, &asked, NULL, 0, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE);
            break;
        }
        wait_for(&answers, seen, until - now);
    }
    return __atomic_exchange_n(&answer, NULL, __ATOMIC_ACQUIRE);
}

static void write_error(struct capr_text *text, const char *error) {
    text->used = 0;
    text->failed = 0;
    capr__text_add(text, "{\"format\": \"capriccio-graph\", \"version\": 1, \"pid\": %d, \"error\": \"%s\"}\n", (int)getpid(), error);
}

/* Whoever has not read it by then gets no more. */
static void send_all(int client, const struct capr_text *text) {
    uint64_t until = capr__now() + SEND_NS;
    for (size_t done = 0; done < text->used;) {
        uint64_t now = capr__now();
        if (now >= until) return;
        uint64_t us = (until - now) / 1000 + 1; /* 0 would be for ever */
        const struct timeval left = {(long)(us / 1000000), (long)(us % 1000000)};
        capr__sys6(SYS_setsockopt, client, SOL_SOCKET, SO_SNDTIMEO, (long)&left, sizeof left, 0);
        long n = capr__sys6(SYS_sendto, client, (long)(text->data + done), (long)(text->used - done), MSG_NOSIGNAL, 0, 0);
        if (n < 0 && n != -EINTR) return;
        done += n > 0 ? (size_t)n : 0;
    }
}

static void serve(int client) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (capr__sys6(SYS_getsockopt, client, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size, 0) ||
        (peer.uid && peer.uid != (uint32_t)capr__sys1(SYS_geteuid, 0)))
        return;
    struct pollfd there = {.fd = client};
    if (capr__sys3(SYS_poll, (long)&there, 1, 0) > 0 && there.revents & POLLHUP) return;
    int late;
    struct capr_text text = {0};
    struct capr_snapshot *s = ask_worker(&late);
    if (late)
        write_error(&text, "for a second the worker has come to no switch: a thread computes without a call that blocks, or is stopped");
    else if (!s || capr__snapshot_render(s, &text, NULL, NULL))
        write_error(&text, "out of memory");
    if (s) capr__snapshot_free(s);
    send_all(client, &text);
    capr__text_free(&text);
}

static void *run(void *arg) {
    const struct timespec pause = {0, 100000000}; /* no descriptors, no memory: later perhaps */
    int fd = open_socket();
    go_on(&ready);
    while (fd >= 0) {
        long client = capr__sys4(SYS_accept4, fd, 0, 0, SOCK_CLOEXEC);
        if (client >= 0) {
            serve((int)client);
            capr__sys1(SYS_close, client);
        } else if (client != -EINTR && client != -ECONNABORTED) {
            capr__sys2(SYS_nanosleep, (long)&pause, 0);
        }
    }
    return arg;
}

void capr__window_start(void) {
    if (!capr__env.top || started) return;
    started = 1;
    worker = &capr__worker;
    if (!capr__graph.start_ns) {
        capr__warn(NO_WINDOW "there is no graph; drop CAPRICCIO_GRAPH=off, or link without -fno-capriccio-graph");
        return;
    }
    wake_fd = capr__io_wake_fd();
    int error = wake_fd < 0 ? -wake_fd : capr__kernel_thread_start(run, NULL, STACK, 0);
    if (error) {
        capr__warn(NO_WINDOW "%s", strerror(error));
        return;
    }
    /* Until then the eventfd must keep its number, which the program may ask for. */
    while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) wait_for(&ready, 0, ANSWER_NS);
    if (why[0]) {
        capr__warn(NO_WINDOW "%s", why);
        at.sun_path[0] = 0;
    }
}

void capr__window_forked(void) {
    struct capr_snapshot *s = __atomic_exchange_n(&answer, NULL, __ATOMIC_RELAXED);
    if (s && s != ASKED) capr__snapshot_free(s);
    started = 0;
    ready = 0;
    at.sun_path[0] = why[0] = 0;
}

/* After the graph has been written; a program that is killed leaves its socket to the next one with its number. */
__attribute__((destructor)) static void at_exit(void) {
    if (at.sun_path[0] && capr__worker.self) capr__sys3(SYS_unlinkat, AT_FDCWD, (long)at.sun_path, 0);
}
