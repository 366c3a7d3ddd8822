/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * No kernel thread for the pool, no eventfd, no epoll set, no place in one, no context for disk requests: for ever, or only for
 * the first few. The calls that would use them are made all the same, other threads run meanwhile where that is promised, and
 * no descriptor is left over. Calls that wait for another thread of this process end once that has done its part.
 */
#include "fault.h"

#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

static char top[] = "./capr-fault-XXXXXX";
static char file[64], queue_name[64];
static int queue, semaphores, done;

static pthread_t start(void *(*f)(void *), void *arg) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, f, arg), 0);
    return t;
}

/* Calls of kind DISK and NAMES, by several threads at once. */
static void *files(void *arg) {
    char path[128], text[64];
    struct stat st;
    snprintf(path, sizeof path, "%s/%ld", top, (long)arg);
    for (int i = 0; i < 2; i++) {
        int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
        CHECK(fd >= 0);
        CHECK_EQUAL(write(fd, path, 40), 40);
        CHECK_EQUAL(fsync(fd), 0);
        CHECK_EQUAL(ftruncate(fd, 30), 0);
        CHECK_EQUAL(pread(fd, text, 64, 0), 30);
        CHECK(!memcmp(text, path, 30));
        close(fd);
        CHECK(stat(path, &st) == 0 && st.st_size == 30);
        CHECK_EQUAL(unlink(path), 0);
        CHECK(open(path, O_RDONLY) == -1 && errno == ENOENT);
    }
    struct addrinfo *list;
    CHECK_EQUAL(getaddrinfo("127.0.0.1", "80", NULL, &list), 0);
    freeaddrinfo(list);
    return NULL;
}

static void asynchronous(void) {
    char text[64] = "asynchronous";
    int fd = open(file, O_CREAT | O_RDWR, 0600);
    struct aiocb cb = {.aio_fildes = fd, .aio_buf = text, .aio_nbytes = 12};
    const struct aiocb *list[] = {&cb};
    CHECK_EQUAL(aio_write(&cb), 0);
    while (aio_error(&cb) == EINPROGRESS) CHECK_EQUAL(aio_suspend(list, 1, NULL), 0);
    CHECK_EQUAL(aio_return(&cb), 12);
    close(fd);
}

/* Each waits for what main does only after it waits. */
static void *wait_lock(void *arg) {
    int fd = open(file, O_RDWR);
    CHECK(fd >= 0);
    CHECK_EQUAL(flock(fd, LOCK_EX), 0);
    close(fd);
    done++;
    return arg;
}

static void *wait_message(void *arg) {
    struct {
        long type;
        char c;
    } m;
    CHECK_EQUAL(msgrcv(queue, &m, 1, 0, 0), 1);
    CHECK_EQUAL(m.c, 'm');
    done++;
    return arg;
}

static void *wait_semaphore(void *arg) {
    struct sembuf down = {.sem_op = -1};
    CHECK_EQUAL(semop(semaphores, &down, 1), 0);
    done++;
    return arg;
}

static void *wait_queue(void *arg) {
    char c;
    mqd_t q = mq_open(queue_name, O_RDWR);
    CHECK(q >= 0);
    CHECK_EQUAL(mq_receive(q, &c, 1, NULL), 1);
    mq_close(q);
    done++;
    return arg;
}

static void *wait_cancelled(void *arg) {
    struct {
        long type;
        char c;
    } m;
    msgrcv(queue, &m, 1, 77, 0);
    return arg;
}

static void endless(void) {
    int held = open(file, O_RDWR);
    struct {
        long type;
        char c;
    } m = {1, 'm'};
    struct sembuf up = {.sem_op = 1}, no_wait = {.sem_op = -1, .sem_flg = IPC_NOWAIT}, down = {.sem_op = -1};
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
    mqd_t q = mq_open(queue_name, O_CREAT | O_RDWR, 0600, &attr);
    char c;
    CHECK(held >= 0 && q >= 0);
    CHECK_EQUAL(flock(held, LOCK_EX), 0);
    done = 0;
    pthread_t t[] = {start(wait_lock, NULL), start(wait_message, NULL), start(wait_semaphore, NULL), start(wait_queue, NULL)};
    pthread_t cancelled = start(wait_cancelled, NULL);
    for (int i = 0; i < 20; i++) usleep(500);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(flock(held, LOCK_UN), 0);
    CHECK_EQUAL(msgsnd(queue, &m, 1, 0), 0);
    CHECK_EQUAL(semop(semaphores, &up, 1), 0);
    CHECK_EQUAL(mq_send(q, "q", 1, 0), 0);
    for (int i = 0; i < 4; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    CHECK_EQUAL(done, 4);
    void *result;
    CHECK_EQUAL(pthread_cancel(cancelled), 0);
    CHECK_EQUAL(pthread_join(cancelled, &result), 0);
    CHECK(result == PTHREAD_CANCELED);

    /* Timeouts, and none. */
    struct timespec soon = {0, 20000000}, at;
    CHECK(semop(semaphores, &no_wait, 1) == -1 && errno == EAGAIN);
    CHECK(semtimedop(semaphores, &down, 1, &soon) == -1 && errno == EAGAIN);
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 20000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    CHECK(mq_timedreceive(q, &c, 1, NULL, &at) == -1 && errno == ETIMEDOUT);
    mq_close(q);
    close(held);
}

static void *beat(void *stop) {
    while (!*(volatile int *)stop) sched_yield();
    return NULL;
}

static void *reader(void *fd) {
    char c;
    CHECK_EQUAL(read((int)(long)fd, &c, 1), 1);
    return (void *)(long)c;
}

static void all(void) {
    int stop = 0, s[2], status;
    pthread_t other = start(beat, &stop), t[6];
    asynchronous();
    for (long i = 0; i < 6; i++) t[i] = start(files, (void *)i);
    for (int i = 0; i < 6; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    endless();

    void *got;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    t[0] = start(reader, (void *)(long)s[0]);
    usleep(2000);
    CHECK_EQUAL(write(s[1], "r", 1), 1);
    CHECK_EQUAL(pthread_join(t[0], &got), 0);
    CHECK_EQUAL((long)got, 'r');
    struct pollfd p[2] = {{s[0], POLLIN, 0}, {s[1], POLLIN, 0}};
    CHECK_EQUAL(poll(p, 2, 5), 0);
    close(s[0]);
    close(s[1]);
    pid_t child = fork();
    if (!child) _exit(3);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
    stop = 1;
    CHECK_EQUAL(pthread_join(other, NULL), 0);
}

static const struct plan {
    int call, error;
    unsigned first, count;
} plans[] = {
    {SYS_clone3, EAGAIN, 1, FAULT_FOR_EVER}, {SYS_clone3, EAGAIN, 1, 3},           {SYS_clone3, EAGAIN, 2, FAULT_FOR_EVER},
    {SYS_eventfd2, EMFILE, 1, FAULT_FOR_EVER}, {SYS_eventfd2, ENOMEM, 1, 2},       {SYS_epoll_create1, EMFILE, 1, FAULT_FOR_EVER},
    {SYS_epoll_create1, ENFILE, 1, 4},       {SYS_epoll_ctl, ENOSPC, 1, FAULT_FOR_EVER}, {SYS_epoll_ctl, ENOMEM, 1, 5},
    {SYS_pidfd_open, EMFILE, 1, FAULT_FOR_EVER}, {SYS_openat2, ENOSYS, 1, FAULT_FOR_EVER}, {SYS_epoll_pwait2, ENOSYS, 1, FAULT_FOR_EVER},
};

static const struct plan *plan;

static void play(void) {
    fault_set(plan->call, plan->error, plan->first, plan->count);
    all();
    int before = check_descriptors();
    all();
    CHECK_EQUAL(check_descriptors(), before);
    fault_clear(plan->call);
    all();
}

int main(void) {
    static const int calls[] = {SYS_clone3, SYS_eventfd2, SYS_epoll_create1, SYS_epoll_ctl, SYS_pidfd_open, SYS_openat2, SYS_epoll_pwait2};
    fault_start(calls, sizeof calls / sizeof *calls);
    alarm(380);
    CHECK(mkdtemp(top));
    snprintf(file, sizeof file, "%s/file", top);
    snprintf(queue_name, sizeof queue_name, "/capr-fault-%d", (int)getpid());
    CHECK((queue = msgget(IPC_PRIVATE, 0600)) >= 0 && (semaphores = semget(IPC_PRIVATE, 1, 0600)) >= 0);
    int bad = 0;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        char text[2048];
        plan = &plans[i];
        int status = fault_in_child(play, text, sizeof text);
        if (status || *text) {
            fprintf(stderr, "plan %zu: status %#x, said: %s\n", i, (unsigned)status, text);
            bad = 1;
        }
    }
    msgctl(queue, IPC_RMID, NULL);
    semctl(semaphores, 0, IPC_RMID);
    mq_unlink(queue_name);
    unlink(file);
    rmdir(top);
    return bad;
}
