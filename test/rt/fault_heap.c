/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * No byte left for malloc: what needs some says so by the error that POSIX has for it, in this thread and in others, keeps what
 * it held, and works again when memory has come back. What needs none goes on all the while.
 */
#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static void *taken;
static rlim_t before;

/* All that malloc has, in a list; the kernel gives no more. */
static void use_up(void) {
    struct rlimit limit;
    char text[64];
    int fd = open("/proc/self/statm", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    CHECK(n > 0);
    text[n] = 0;
    getrlimit(RLIMIT_AS, &limit);
    before = limit.rlim_cur;
    limit.rlim_cur = strtoul(text, NULL, 10) * 4096;
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
    for (size_t size = 1 << 20; size >= 16; size = size > 4096 ? size / 2 : size - 16) /* each size has a list of its own */
        for (void **p; (p = malloc(size)); taken = p) *p = taken;
}

static void give_back(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = before;
    CHECK_EQUAL(setrlimit(RLIMIT_AS, &limit), 0);
    while (taken) {
        void *p = taken;
        taken = *(void **)p;
        free(p);
    }
}

static volatile int handled;
static void handler(int signal) { handled += signal; }
static void *nothing(void *arg) { return arg; }

static int s[2], control; /* a byte to `control`: the child sends SIGUSR2 */
static sem_t go;
static pthread_mutex_t robust;
static pthread_key_t keys[200];
static int none; /* there is no memory */

/* 0, or the error that means that there is no memory. */
#define expect(error, wanted) CHECK_EQUAL(error, none ? (wanted) : 0)

static void calls(pthread_t other) {
    struct pollfd p[3] = {{s[0], POLLIN, 0}, {s[1], POLLIN, 0}, {-1, 0, 0}};
    struct timeval soon = {0, 1000};
    fd_set set;
    char c = 0;
    pthread_t t;
    pthread_attr_t attr;
    struct sched_param param = {.sched_priority = 1};
    expect(poll(p, 3, 1) < 0 ? errno : 0, ENOMEM);
    FD_ZERO(&set);
    FD_SET(s[0], &set);
    expect(select(s[0] + 1, &set, NULL, NULL, &soon) < 0 ? errno : 0, ENOMEM);
    CHECK_EQUAL(poll(p, 1, 1), 0); /* of one descriptor it needs none */

    pthread_attr_init(&attr);
    pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
    pthread_attr_setschedparam(&attr, &param);
    int error = pthread_create(&t, &attr, nothing, NULL); /* its policy is to be kept */
    expect(error, EAGAIN);
    if (!error) CHECK_EQUAL(pthread_join(t, NULL), 0);
    /* A plain one is made of chunks, of which there are. */
    CHECK_EQUAL(pthread_create(&t, NULL, nothing, NULL), 0);
    error = pthread_setname_np(t, "name");
    expect(error, ENOMEM);
    error = pthread_setaffinity_np(t, 8, (cpu_set_t *)"\xff\xff\xff\xff\xff\xff\xff");
    expect(error, ENOMEM);
    CHECK_EQUAL(pthread_join(t, NULL), 0);

    expect(pthread_setspecific(keys[none ? 150 : 10], &c), ENOMEM);
    CHECK(!none || !pthread_getspecific(keys[150]));
    error = pthread_mutex_lock(&robust);
    expect(error, EAGAIN);
    CHECK_EQUAL(pthread_mutex_unlock(&robust), none ? EPERM : 0);

    handled = 0;
    error = pthread_kill(other, SIGUSR1);
    expect(error, EAGAIN);
    for (int i = 0; i < 20; i++) sched_yield();
    CHECK_EQUAL(handled, none ? 0 : SIGUSR1);
    CHECK_EQUAL(raise(SIGUSR2), 0); /* at once, of the running thread */
    CHECK_EQUAL(handled, (none ? 0 : SIGUSR1) + SIGUSR2);

    /* Another process's, while all threads wait: it is not lost. */
    handled = 0;
    CHECK_EQUAL(write(control, "x", 1), 1);
    while (!handled) usleep(300);
    CHECK_EQUAL(handled, SIGUSR2);

    struct aiocb cb = {.aio_fildes = s[0], .aio_buf = &c, .aio_nbytes = 0};
    error = aio_read(&cb) ? errno : 0;
    expect(error, EAGAIN);
    while (!error && aio_error(&cb) == EINPROGRESS) sched_yield();
    DIR *d = opendir("/");
    expect(d ? 0 : errno, ENOMEM);
    if (d) closedir(d);
    FILE *f = popen("true", "r");
    expect(f ? 0 : errno, ENOMEM);
    if (f) pclose(f);
    CHECK_EQUAL(write(s[1], "x", 1), 1);
    CHECK_EQUAL(read(s[0], &c, 1), 1);
}

static void *parked(void *arg) {
    while (sem_wait(&go) != 0) CHECK_EQUAL(errno, EINTR);
    return arg;
}

static void *caller(void *other) {
    calls(*(pthread_t *)other);
    return NULL;
}

int main(void) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART};
    pthread_mutexattr_t attr;
    const char *mode = getenv("CAPRICCIO_STACK");
    if (mode && !strcmp(mode, "guard")) /* each chunk is a mapping: without memory nothing runs */
        return 0;
    alarm(60);
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGUSR2, &act, NULL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && sem_init(&go, 0, 0) == 0);
    int ends[2];
    char c;
    CHECK(pipe(ends) == 0);
    control = ends[1];
    pid_t parent = getpid();
    if (fork() == 0) {
        close(ends[1]);
        while (read(ends[0], &c, 1) == 1) {
            usleep(1000);
            kill(parent, SIGUSR2);
        }
        _exit(0);
    }
    close(ends[0]);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    CHECK_EQUAL(pthread_mutex_init(&robust, &attr), 0);
    for (int i = 0; i < 200; i++) CHECK_EQUAL(pthread_key_create(&keys[i], NULL), 0);
    for (int i = 0; i < 3; i++) {
        pthread_t first, second, third;
        none = 0;
        /* Without extra records of their own. */
        CHECK_EQUAL(pthread_create(&first, NULL, parked, NULL), 0);
        CHECK_EQUAL(pthread_create(&second, NULL, parked, NULL), 0);
        sched_yield();
        use_up();
        none = 1;
        CHECK_EQUAL(pthread_create(&third, NULL, caller, &second), 0);
        CHECK_EQUAL(pthread_join(third, NULL), 0);
        CHECK_EQUAL(pthread_create(&third, NULL, caller, &first), 0);
        CHECK_EQUAL(pthread_join(third, NULL), 0);
        give_back();
        none = 0;
        CHECK_EQUAL(pthread_create(&third, NULL, caller, &first), 0);
        CHECK_EQUAL(pthread_join(third, NULL), 0);
        calls(second);
        CHECK(sem_post(&go) == 0 && sem_post(&go) == 0);
        CHECK_EQUAL(pthread_join(first, NULL), 0);
        CHECK_EQUAL(pthread_join(second, NULL), 0);
    }
    return 0;
}
