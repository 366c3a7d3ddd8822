/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Peers that vanish: connections reset while threads wait in read, write, accept, connect, poll and sendfile on them, and
 * processes killed that are the other end of a pipe, a fifo or a socket, or that hold a lock. Every waiter is told, as the kernel would
 * tell a native thread, and nothing is left over.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

#define ROUNDS 20

static struct sockaddr_in address;
static int listener;

static void listen_on_loopback(void) {
    socklen_t size = sizeof address;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 64) == 0);
    CHECK_EQUAL(getsockname(listener, (struct sockaddr *)&address, &size), 0);
}

static void connect_pair(int s[2]) {
    s[0] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQUAL(connect(s[0], (struct sockaddr *)&address, sizeof address), 0);
    s[1] = accept(listener, NULL, NULL);
    CHECK(s[1] >= 0);
}

static void reset(int fd) {
    struct linger now = {1, 0};
    CHECK_EQUAL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    CHECK_EQUAL(close(fd), 0);
}

static pthread_t start(void *(*f)(void *), long arg) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, f, (void *)arg), 0);
    return t;
}

static long join(pthread_t t) {
    void *result;
    CHECK_EQUAL(pthread_join(t, &result), 0);
    return (long)result;
}

/* Each returns -errno, or what it was told. */
static void *in_read(void *fd) {
    char c;
    ssize_t n = read((int)(long)fd, &c, 1);
    return (void *)(n < 0 ? -(long)errno : n);
}

static void *in_write(void *fd) {
    static char text[1 << 16];
    for (;;)
        if (write((int)(long)fd, text, sizeof text) < 0) return (void *)-(long)errno;
}

static void *in_sendfile(void *fd) {
    int file = open("/proc/self/exe", O_RDONLY);
    for (;;) {
        off_t at = 0;
        if (sendfile((int)(long)fd, file, &at, 1 << 16) < 0) {
            int e = errno;
            close(file);
            return (void *)-(long)e;
        }
    }
}

static void *in_poll(void *fd) {
    struct pollfd p = {(int)(long)fd, POLLIN, 0};
    CHECK_EQUAL(poll(&p, 1, -1), 1);
    return (void *)(long)p.revents;
}

static void *in_epoll(void *fd) {
    struct epoll_event e = {.events = EPOLLIN};
    int set = epoll_create1(0);
    CHECK_EQUAL(epoll_ctl(set, EPOLL_CTL_ADD, (int)(long)fd, &e), 0);
    CHECK_EQUAL(epoll_wait(set, &e, 1, -1), 1);
    close(set);
    return (void *)(long)e.events;
}

static void let_wait(void) {
    for (int i = 0; i < 20; i++) sched_yield();
    usleep(1000);
}

static void resets(void) {
    int s[2];
    connect_pair(s);
    pthread_t r = start(in_read, s[0]), second = start(in_read, s[0]), p = start(in_poll, s[0]), e = start(in_epoll, s[0]);
    let_wait();
    reset(s[1]);
    /* One of the two takes the error, the other finds the end. */
    long a = join(r), b = join(second);
    CHECK((a == -ECONNRESET && b == 0) || (b == -ECONNRESET && a == 0));
    CHECK((join(p) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP));
    CHECK((join(e) & (EPOLLIN | EPOLLHUP)) == (EPOLLIN | EPOLLHUP));
    close(s[0]);

    for (int file = 0; file < 2; file++) {
        connect_pair(s);
        pthread_t w = start(file ? in_sendfile : in_write, s[0]);
        let_wait();
        reset(s[1]); /* with bytes in it that nobody has read */
        long told = join(w);
        CHECK(told == -ECONNRESET || told == -EPIPE);
        close(s[0]);
    }
}

static void *in_accept(void *arg) {
    (void)arg;
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) return (void *)-(long)errno;
    long told = (long)in_read((void *)(long)fd);
    close(fd);
    return (void *)told;
}

static void accept_of_the_dead(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t t = start(in_accept, 0);
    let_wait();
    CHECK_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    reset(fd);
    long told = join(t);
    CHECK(told == -ECONNRESET || told == -ECONNABORTED);
}

static void *in_connect(void *port) {
    struct sockaddr_in to = address;
    to.sin_port = (in_port_t)(long)port;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int r = connect(fd, (struct sockaddr *)&to, sizeof to);
    long told = r < 0 ? -(long)errno : 0;
    close(fd);
    return (void *)told;
}

/* Nobody listens, and somebody stops to while a connection waits for a place in its queue. */
static void connects(void) {
    struct sockaddr_un {
        sa_family_t family;
        char path[16];
    } name = {AF_UNIX, "\0capr-peers"};
    struct sockaddr_in gone = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof gone;
    int l = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(l, (struct sockaddr *)&gone, sizeof gone) == 0 && getsockname(l, (struct sockaddr *)&gone, &size) == 0);
    CHECK_EQUAL(join(start(in_connect, gone.sin_port)), -ECONNREFUSED);
    close(l);

    int u = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(u, (struct sockaddr *)&name, sizeof name) == 0 && listen(u, 0) == 0);
    CHECK_EQUAL(connect(c, (struct sockaddr *)&name, sizeof name), 0);
    close(c);
    close(u);
}

/* A process of its own, killed in the middle of `body`, once that has said that it is there. */
static int *ready;

static pid_t victim(void (*body)(int), int arg) {
    *ready = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child) {
        body(arg);
        __atomic_store_n(ready, 1, __ATOMIC_RELEASE);
        for (;;) pause();
    }
    while (!__atomic_load_n(ready, __ATOMIC_ACQUIRE)) usleep(200);
    return child;
}

static void killed(pid_t child) {
    int status;
    let_wait();
    CHECK_EQUAL(kill(child, SIGKILL), 0);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
}

static void nothing(int arg) { (void)arg; }

static void pipes(void) {
    int p[2], q[2], s[2];
    CHECK(pipe(p) == 0 && pipe(q) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    pid_t child = victim(nothing, 0); /* has all ends */
    close(p[1]);
    close(q[0]);
    close(s[1]);
    pthread_t r = start(in_read, p[0]), w = start(in_write, q[1]), u = start(in_read, s[0]), e = start(in_poll, p[0]);
    killed(child);
    CHECK_EQUAL(join(r), 0);
    CHECK_EQUAL(join(w), -EPIPE);
    CHECK_EQUAL(join(u), 0);
    CHECK(join(e) & POLLHUP);
    close(p[0]);
    close(q[1]);
    close(s[0]);

    connect_pair(s);
    child = victim(nothing, 0);
    close(s[1]);
    CHECK_EQUAL(write(s[0], "unread", 6), 6); /* which makes the end a reset */
    r = start(in_read, s[0]);
    killed(child);
    CHECK_EQUAL(join(r), -ECONNRESET);
    close(s[0]);
}

static char file[] = "./capr-peers-XXXXXX";

static void lock_file(int fd) {
    CHECK_EQUAL(flock(fd, LOCK_EX), 0);
    struct flock all = {.l_type = F_WRLCK};
    CHECK_EQUAL(fcntl(fd, F_SETLK, &all), 0);
}

static void *in_flock(void *arg) {
    int fd = open(file, O_RDWR);
    struct flock all = {.l_type = F_WRLCK};
    CHECK_EQUAL(arg ? fcntl(fd, F_SETLKW, &all) : flock(fd, LOCK_EX), 0);
    close(fd);
    return NULL;
}

static int semaphores;

static void take_semaphore(int arg) {
    (void)arg;
    struct sembuf down = {.sem_op = -1, .sem_flg = SEM_UNDO};
    CHECK_EQUAL(semop(semaphores, &down, 1), 0);
}

static void *in_semop(void *arg) {
    struct sembuf down = {.sem_op = -1};
    CHECK_EQUAL(semop(semaphores, &down, 1), 0);
    return arg;
}

struct shared {
    pthread_mutex_t robust;
    int told;
};
static struct shared *shared;

static void lock_robust(int arg) {
    (void)arg;
    CHECK_EQUAL(pthread_mutex_lock(&shared->robust), 0);
}

static void *in_robust(void *arg) {
    int error = pthread_mutex_lock(&shared->robust);
    CHECK(error == 0 || error == EOWNERDEAD);
    if (error) {
        shared->told++;
        CHECK_EQUAL(pthread_mutex_consistent(&shared->robust), 0);
    }
    sched_yield();
    CHECK_EQUAL(pthread_mutex_unlock(&shared->robust), 0);
    return arg;
}

static void locks(void) {
    /* Opened by the child, so that the lock is its own. */
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (!child) {
        lock_file(open(file, O_RDWR));
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        for (;;) pause();
    }
    char c;
    CHECK_EQUAL(read(ends[0], &c, 1), 1);
    close(ends[0]);
    close(ends[1]);
    pthread_t a = start(in_flock, 0), b = start(in_flock, 1);
    killed(child);
    join(a);
    join(b);

    union semun {
        int value;
    } one = {1};
    CHECK((semaphores = semget(IPC_PRIVATE, 1, 0600)) >= 0 && semctl(semaphores, 0, SETVAL, one) == 0);
    child = victim(take_semaphore, 0);
    a = start(in_semop, 0);
    killed(child);
    join(a);
    semctl(semaphores, 0, IPC_RMID);

    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    CHECK_EQUAL(pthread_mutex_init(&shared->robust, &attr), 0);
    shared->told = 0;
    child = victim(lock_robust, 0);
    pthread_t t[5];
    for (int i = 0; i < 5; i++) t[i] = start(in_robust, i);
    killed(child);
    for (int i = 0; i < 5; i++) join(t[i]);
    CHECK_EQUAL(shared->told, 1);
    CHECK_EQUAL(pthread_mutex_destroy(&shared->robust), 0);
}

int main(void) {
    int before = 0;
    alarm(100);
    signal(SIGPIPE, SIG_IGN);
    ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = (struct shared *)((char *)ready + 1024);
    close(mkstemp(file));
    listen_on_loopback();
    for (int i = 0; i < ROUNDS; i++) {
        resets();
        accept_of_the_dead();
        connects();
        pipes();
        locks();
        if (i == 0) before = check_descriptors();
    }
    CHECK_EQUAL(check_descriptors(), before);
    unlink(file);
    return 0;
}
