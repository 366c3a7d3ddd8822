/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * System calls that fail when a test wants them to, whoever makes them: the program, the runtime, its kernel threads, libc. The
 * test runs in a child process under a seccomp filter that asks its parent about the calls named at the start; the parent counts
 * them, and answers with an error where a rule in shared memory says so. So nothing in the runtime is there for tests alone, and
 * calls that the runtime makes by a bare instruction fail as well as any.
 */
#ifndef CAPR_TEST_FAULT_H
#define CAPR_TEST_FAULT_H

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

#define FAULT_RULES 16 /* at most 255: BPF jumps by a byte */
#define FAULT_FOR_EVER 0xffffffffu

struct fault_rule {
    int number;           /* of the system call */
    int error;            /* errno that it fails with; 0: it does not fail */
    unsigned first, count; /* the first call that fails, from 1, since fault_set; how many */
    unsigned seen, failed; /* calls, and failed ones, since fault_set. Owner: the parent */
};

struct fault_shared {
    volatile int listener, taken; /* descriptor in the child, plus 1; the parent has it */
    int rules;
    volatile struct fault_rule rule[FAULT_RULES];
};

static struct fault_shared *fault_shared;

/* Not the runtime's sleep: this is before and outside of what is tested. */
static inline void fault_pause(void) {
    struct timespec t = {0, 100000};
    syscall(SYS_nanosleep, &t, NULL);
}

static inline volatile struct fault_rule *fault_rule(long number) {
    for (int i = 0; i < fault_shared->rules; i++)
        if (fault_shared->rule[i].number == number) return &fault_shared->rule[i];
    fprintf(stderr, "fault.h: call %ld was not named at the start\n", number);
    _exit(1);
}

/* From now on the `first`-th call and those after it, `count` in all, fail with `error`. */
static inline void fault_set(long number, int error, unsigned first, unsigned count) {
    volatile struct fault_rule *r = fault_rule(number);
    r->error = 0;
    r->first = first;
    r->count = count;
    r->seen = r->failed = 0;
    r->error = error;
}

static inline void fault_clear(long number) { fault_rule(number)->error = 0; }
static inline unsigned fault_failed(long number) { return fault_rule(number)->failed; }

static inline void fault_answer(int listener) {
    union {
        struct seccomp_notif notif;
        char room[512]; /* the kernel's may be larger than the header's */
    } q;
    union {
        struct seccomp_notif_resp resp;
        char room[512];
    } a;
    memset(&q, 0, sizeof q);
    memset(&a, 0, sizeof a);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &q.notif))
        return; /* who asked is gone */
    volatile struct fault_rule *r = fault_rule(q.notif.data.nr);
    unsigned n = ++r->seen;
    a.resp.id = q.notif.id;
    if (r->error && n >= r->first && n - r->first < r->count) {
        a.resp.error = -r->error;
        r->failed++;
    } else {
        a.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &a.resp);
}

/* The parent: answers until the child has ended, and ends as it did. */
static inline void fault_supervise(pid_t child) {
    int end = (int)syscall(SYS_pidfd_open, child, 0), listener = -1, status;
    if (end < 0) exit(77);
    for (;;) {
        if (listener < 0 && fault_shared->listener) {
            listener = (int)syscall(SYS_pidfd_getfd, end, fault_shared->listener - 1, 0);
            if (listener < 0) {
                printf("pidfd_getfd: %s\n", strerror(errno));
                kill(child, SIGKILL);
                exit(77);
            }
            fault_shared->taken = 1;
        }
        struct pollfd p[2] = {{end, POLLIN, 0}, {listener, POLLIN, 0}};
        syscall(SYS_poll, p, 2, listener < 0 ? 1 : -1);
        if (p[1].revents & POLLIN) fault_answer(listener);
        if (p[0].revents) break;
    }
    while (waitpid(child, &status, 0) < 0) {
    }
    if (WIFSIGNALED(status)) fprintf(stderr, "ended by signal %d\n", WTERMSIG(status));
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Called first of all in main. Returns in the child, in which the calls named can be made to fail. Exit status 77 where the
 * kernel or a sandbox does not have what this needs. */
static inline void fault_start(const int *numbers, int count) {
    struct sock_filter f[FAULT_RULES + 3];
    int n = 0;
    fault_shared = mmap(NULL, sizeof *fault_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(fault_shared != MAP_FAILED && count <= FAULT_RULES);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < count; i++) {
        fault_shared->rule[i].number = numbers[i];
        f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[i], (unsigned char)(count - i), 0);
    }
    fault_shared->rules = count;
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog program = {(unsigned short)n, f};
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child) fault_supervise(child);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) {
        printf("seccomp: %s\n", strerror(errno));
        exit(77);
    }
    fault_shared->listener = (int)listener + 1;
    while (!fault_shared->taken) fault_pause();
    syscall(SYS_close, listener);
}

/* Runs `body` in a process of its own. Returns its wait status; what it wrote to standard error is in `text`. */
static inline int fault_in_child(void (*body)(void), char *text, size_t size) {
    int ends[2], status;
    size_t used = 0;
    CHECK(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child) {
        alarm(200); /* each call named at the start waits for the parent, on a busy machine for long */
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        body();
        exit(0);
    }
    close(ends[1]);
    for (ssize_t n; used < size - 1 && (n = read(ends[0], text + used, size - 1 - used)) != 0;)
        if (n > 0) used += (size_t)n;
    text[used] = 0;
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

#endif
