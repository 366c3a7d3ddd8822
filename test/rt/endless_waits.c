/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls that wait for somebody else for as long as it takes: a fifo's peer, a lock of a file, a message, a semaphore. In each case
 * one thread of this process waits for another, so that a worker that stood still would wait for ever; and a waiter is
 * cancelled, and another is interrupted by a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static char top[] = "./capr-waits-XXXXXX";
static char fifo[64], file[64], queue_name[64];
static int queue, semaphores, waiting;

static void give_way(void) {
    for (int i = 0; i < 200; i++) sched_yield();
}

/* A fifo: the reader, the writer, whoever comes first. */
static void *open_end(void *flags) {
    waiting++;
    int fd = open(fifo, (int)(long)flags);
    CHECK(fd >= 0);
    return (void *)(long)fd;
}

static void fifos(void) {
    CHECK_EQUAL(mkfifo(fifo, 0600), 0);
    for (int turn = 0; turn < 2; turn++) {
        pthread_t first, second;
        void *a, *b;
        CHECK_EQUAL(pthread_create(&first, NULL, open_end, (void *)(long)(turn ? O_RDONLY : O_WRONLY)), 0);
        give_way();
        CHECK_EQUAL(pthread_create(&second, NULL, open_end, (void *)(long)(turn ? O_WRONLY : O_RDONLY)), 0);
        pthread_join(first, &a);
        pthread_join(second, &b);
        int r = (int)(long)(turn ? a : b), w = (int)(long)(turn ? b : a);
        char c;
        CHECK_EQUAL(write(w, "x", 1), 1);
        CHECK_EQUAL(read(r, &c, 1), 1);
        close(r);
        close(w);
    }
    CHECK(open(fifo, O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO);
    int both = open(fifo, O_RDWR);
    CHECK(both >= 0);
    close(both);
}

/* Cancelled while it waits; natively too. */
static void cancelled(void *(*body)(void *), void *arg) {
    pthread_t t;
    void *result;
    waiting = 0;
    CHECK_EQUAL(pthread_create(&t, NULL, body, arg), 0);
    while (!waiting) sched_yield();
    give_way();
    CHECK_EQUAL(pthread_cancel(t), 0);
    pthread_join(t, &result);
    CHECK(result == PTHREAD_CANCELED);
}

static int held;

static void *lock_flock(void *arg) {
    int fd = open(file, O_RDWR);
    waiting++;
    CHECK_EQUAL(flock(fd, LOCK_EX), 0);
    held++;
    CHECK_EQUAL(held, 1);
    give_way();
    held--;
    close(fd);
    return arg;
}

static void *lock_ofd(void *arg) {
    int fd = open(file, O_RDWR);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    waiting++;
    CHECK_EQUAL(fcntl(fd, F_OFD_SETLKW, &l), 0);
    held++;
    CHECK_EQUAL(held, 1);
    give_way();
    held--;
    close(fd);
    return arg;
}

static void many(void *(*body)(void *)) {
    pthread_t t[30];
    for (int i = 0; i < 30; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, body, NULL), 0);
    for (int i = 0; i < 30; i++) pthread_join(t[i], NULL);
}

/* A POSIX lock that another process holds. */
static void between_processes(void) {
    int fd = open(file, O_RDWR), ends[2];
    char c;
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(lockf(fd, F_LOCK, 0), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int mine = open(file, O_RDWR);
        CHECK(lockf(mine, F_TEST, 0) == -1 && errno == EACCES);
        CHECK(lockf(mine, F_TLOCK, 0) == -1 && (errno == EACCES || errno == EAGAIN));
        CHECK_EQUAL(write(ends[1], "r", 1), 1);
        CHECK_EQUAL(lockf(mine, F_LOCK, 0), 0);
        _exit(0);
    }
    CHECK_EQUAL(read(ends[0], &c, 1), 1);
    usleep(20000);
    CHECK_EQUAL(lockf(fd, F_ULOCK, 0), 0);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    close(fd);
}

struct message {
    long type;
    char text[8];
};

static void *receive(void *arg) {
    struct message m;
    waiting++;
    CHECK_EQUAL(msgrcv(queue, &m, sizeof m.text, (long)arg, 0), 3);
    return NULL;
}

static void messages(void) {
    queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0) return; /* a kernel without them */
    pthread_t t[20];
    struct message m = {0, "hi"};
    for (long i = 0; i < 20; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, receive, (void *)(i + 1)), 0);
    give_way();
    for (long i = 20; i-- > 0;) {
        m.type = i + 1;
        CHECK_EQUAL(msgsnd(queue, &m, 3, 0), 0);
    }
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    cancelled(receive, (void *)99);
    CHECK_EQUAL(msgctl(queue, IPC_RMID, NULL), 0);
}

static void *take(void *arg) {
    struct sembuf down = {0, -1, 0};
    CHECK_EQUAL(semop(semaphores, &down, 1), 0);
    held++;
    return arg;
}

static void semaphore(void) {
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    if (semaphores < 0) return;
    pthread_t t[20];
    struct sembuf up = {0, 1, 0}, no_wait = {0, -1, IPC_NOWAIT}, down = {0, -1, 0};
    CHECK(semop(semaphores, &no_wait, 1) == -1 && errno == EAGAIN);
    struct timespec soon = {0, 3000000};
    CHECK(semtimedop(semaphores, &down, 1, &soon) == -1 && errno == EAGAIN);
    held = 0;
    for (int i = 0; i < 20; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, take, NULL), 0);
    give_way();
    CHECK_EQUAL(held, 0);
    for (int i = 0; i < 20; i++) CHECK_EQUAL(semop(semaphores, &up, 1), 0);
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(held, 20);
    CHECK_EQUAL(semctl(semaphores, 0, IPC_RMID), 0);
}

static mqd_t posix_queue;

static void *mq_take(void *arg) {
    char text[16];
    waiting++;
    ssize_t n = mq_receive(posix_queue, text, sizeof text, NULL);
    CHECK_EQUAL(n, 2);
    return arg;
}

static void posix_queues(void) {
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 16};
    posix_queue = mq_open(queue_name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    if (posix_queue == (mqd_t)-1) return;
    pthread_t t[20];
    for (int i = 0; i < 20; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, mq_take, NULL), 0);
    give_way();
    for (int i = 0; i < 20; i++) CHECK_EQUAL(mq_send(posix_queue, "ab", 2, 0), 0);
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
    struct timespec past = {1, 0};
    char text[16];
    CHECK(mq_timedreceive(posix_queue, text, sizeof text, NULL, &past) == -1 && errno == ETIMEDOUT);
    cancelled(mq_take, NULL);
    mq_close(posix_queue);
    mq_unlink(queue_name);
}

static volatile int alarms;
static void on_alarm(int s) { alarms += s == SIGUSR1; }

static void *raise_later(void *arg) {
    give_way();
    kill(getpid(), SIGUSR1);
    return arg;
}

/* The main thread's wait ends with EINTR by a handler without SA_RESTART. */
static void interrupted(void) {
    struct sigaction act = {.sa_handler = on_alarm};
    pthread_t t;
    sigaction(SIGUSR1, &act, NULL);
    int a = open(file, O_RDWR), b = open(file, O_RDWR);
    CHECK_EQUAL(flock(a, LOCK_EX), 0);
    CHECK_EQUAL(pthread_create(&t, NULL, raise_later, NULL), 0);
    CHECK(flock(b, LOCK_EX) == -1 && errno == EINTR);
    CHECK_EQUAL(alarms, 1);
    pthread_join(t, NULL);
    CHECK_EQUAL(flock(a, LOCK_UN), 0);
    CHECK_EQUAL(flock(b, LOCK_EX | LOCK_NB), 0);
    close(a);
    close(b);
}

static int one[2], two[2];

static void *spliced(void *arg) {
    waiting++;
    CHECK_EQUAL(splice(one[0], NULL, two[1], NULL, 100, 0), 5);
    return arg;
}

static void splices(void) {
    pthread_t t;
    char text[8];
    CHECK_EQUAL(pipe(one), 0);
    CHECK_EQUAL(pipe(two), 0);
    CHECK_EQUAL(pthread_create(&t, NULL, spliced, NULL), 0);
    give_way();
    CHECK_EQUAL(write(one[1], "hello", 5), 5);
    pthread_join(t, NULL);
    CHECK_EQUAL(tee(two[0], one[1], 100, 0), 5);
    CHECK_EQUAL(read(two[0], text, sizeof text), 5);
    CHECK_EQUAL(read(one[0], text, sizeof text), 5);
    CHECK(memcmp(text, "hello", 5) == 0);
    CHECK(splice(one[0], NULL, two[1], NULL, 1, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
    cancelled(spliced, NULL);

    /* What the kernel refuses, or does at once, does not wait for input first. */
    int sockets[2], reads = open(file, O_RDONLY);
    loff_t offset = 0;
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    CHECK(tee(one[0], one[1], 1, 0) == -1 && errno == EINVAL);
    CHECK(tee(sockets[0], one[1], 1, 0) == -1 && errno == EINVAL);
    CHECK_EQUAL(tee(one[0], two[1], 0, 0), 0);
    CHECK_EQUAL(splice(one[0], NULL, two[1], NULL, 0, 0), 0);
    CHECK(splice(one[0], NULL, one[0], NULL, 1, 0) == -1 && errno == EBADF);
    CHECK(splice(one[0], NULL, one[1], NULL, 1, 0) == -1 && errno == EINVAL);
    CHECK(splice(one[0], NULL, two[1], NULL, 1, 0x80) == -1 && errno == EINVAL);
    CHECK(splice(one[0], &offset, two[1], NULL, 1, 0) == -1 && errno == ESPIPE);
    CHECK(splice(one[0], NULL, reads, NULL, 1, 0) == -1 && errno == EBADF);
    CHECK(splice(sockets[0], NULL, sockets[1], NULL, 1, 0) == -1 && errno == EINVAL);
    CHECK(splice(sockets[0], NULL, one[0], NULL, 1, 0) == -1 && errno == EBADF);
    CHECK(splice(sockets[0], &offset, one[1], NULL, 1, 0) == -1 && errno == EINVAL);
    CHECK(splice(sockets[0], NULL, one[1], &offset, 1, 0) == -1 && errno == ESPIPE);
    close(sockets[0]);
    close(sockets[1]);
    close(reads);
}

int main(void) {
    alarm(100);
    CHECK(mkdtemp(top));
    snprintf(fifo, sizeof fifo, "%s/fifo", top);
    snprintf(file, sizeof file, "%s/file", top);
    snprintf(queue_name, sizeof queue_name, "/capr-waits-%d", (int)getpid());
    int fd = open(file, O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0);
    close(fd);
    fifos();
    cancelled(open_end, (void *)O_RDONLY);
    many(lock_flock);
    many(lock_ofd);
    int keep = open(file, O_RDWR);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    CHECK_EQUAL(fcntl(keep, F_OFD_SETLK, &l), 0);
    cancelled(lock_ofd, NULL);
    close(keep);
    between_processes();
    messages();
    semaphore();
    posix_queues();
    interrupted();
    splices();
    CHECK_EQUAL(unlink(fifo), 0);
    CHECK_EQUAL(unlink(file), 0);
    CHECK_EQUAL(rmdir(top), 0);
    return 0;
}
