/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A storm of signals, from another process and from each other, on threads that read, write, accept, lock, sleep and wait. With
 * SA_RESTART no call that restarts natively says EINTR; without, each may, and goes on when it is called again: no byte is lost or
 * comes twice, no wake-up is lost, nothing is left over.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

#define BYTES 300000
#define TURNS 2000

static int restarts; /* SA_RESTART is set */
static volatile int handled, stop;
/* A file without a name, which any thread opens anew through its descriptor: nothing stays when the test is killed. */
static char file[32];

static void handler(int signal) {
    (void)signal;
    int e = errno;
    handled++;
    errno = e;
}

/* The call's result once it is not EINTR, which it may be only without SA_RESTART. */
#define AGAIN(call)                                                  \
    ({                                                               \
        long r_;                                                     \
        while ((r_ = (long)(call)) == -1 && errno == EINTR)          \
            CHECK(!restarts);                                        \
        r_;                                                          \
    })

static unsigned char at(int i) { return (unsigned char)(i * 7 + i / 256); }

static void *sender(void *fd) {
    unsigned char b[97];
    for (int i = 0; i < BYTES;) {
        int n = BYTES - i < 97 ? BYTES - i : 97;
        for (int k = 0; k < n; k++) b[k] = at(i + k);
        long w = AGAIN(write((int)(long)fd, b, (size_t)n));
        CHECK(w > 0);
        i += (int)w;
    }
    return NULL;
}

static void *receiver(void *fd) {
    unsigned char b[61];
    for (int i = 0; i < BYTES;) {
        struct pollfd p = {(int)(long)fd, POLLIN, 0};
        int ready = 1;
        if (i % 5 == 0) { /* each handler ends a poll */
            ready = poll(&p, 1, 1);
            CHECK(ready >= 0 || errno == EINTR);
        }
        long r = AGAIN(read((int)(long)fd, b, sizeof b));
        CHECK(r > 0);
        for (int k = 0; k < r; k++) CHECK_EQUAL(b[k], at(i + k));
        i += (int)r;
    }
    return NULL;
}

static sem_t ping, pong;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn, queue, listener;
static struct sockaddr_in address;

static void *sem_side(void *side) {
    sem_t *mine = side ? &ping : &pong, *theirs = side ? &pong : &ping;
    for (int i = 0; i < TURNS; i++) {
        CHECK_EQUAL(AGAIN(sem_wait(mine)), 0);
        CHECK_EQUAL(sem_post(theirs), 0);
    }
    return NULL;
}

static void *cond_side(void *side) {
    CHECK_EQUAL(pthread_mutex_lock(&mutex), 0);
    for (int i = 0; i < TURNS; i++) {
        while (turn != (side != NULL))
            CHECK_EQUAL(pthread_cond_wait(&cond, &mutex), 0); /* never EINTR */
        turn = !turn;
        CHECK_EQUAL(pthread_cond_signal(&cond), 0);
    }
    CHECK_EQUAL(pthread_mutex_unlock(&mutex), 0);
    return NULL;
}

static void *sleeper(void *arg) {
    for (int i = 0; i < 20; i++) {
        struct timespec left = {0, 1000000};
        while (nanosleep(&left, &left) != 0) CHECK_EQUAL(errno, EINTR);
    }
    return arg;
}

static void *locker(void *arg) {
    int fd = open(file, O_RDWR);
    for (int i = 0; i < TURNS / 4; i++) {
        CHECK_EQUAL(AGAIN(flock(fd, LOCK_EX)), 0);
        sched_yield();
        CHECK_EQUAL(AGAIN(flock(fd, LOCK_UN)), 0);
    }
    close(fd);
    return arg;
}

static void *reader_of_files(void *arg) {
    unsigned char b[512];
    int fd = open(file, O_RDWR);
    for (int i = 0; i < TURNS; i++) {
        CHECK_EQUAL(AGAIN(pwrite(fd, "storm", 5, 0)), 5);
        CHECK_EQUAL(AGAIN(pread(fd, b, sizeof b, 0)), 5);
        CHECK(!memcmp(b, "storm", 5));
        if (i % 50 == 0) CHECK_EQUAL(AGAIN(fsync(fd)), 0);
    }
    close(fd);
    return arg;
}

static void *message_side(void *side) {
    struct {
        long type;
        int n;
    } m;
    for (int i = 0; i < TURNS / 4; i++) {
        m.type = 1;
        m.n = i;
        long r;
        while ((r = side ? msgsnd(queue, &m, sizeof m.n, 0) : msgrcv(queue, &m, sizeof m.n, 1, 0)) < 0)
            CHECK_EQUAL(errno, EINTR); /* whatever SA_RESTART says */
        CHECK_EQUAL(m.n, i);
    }
    return NULL;
}

static void *caller(void *arg) {
    for (int i = 0; i < TURNS / 4; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
            CHECK(errno == EINTR && !restarts); /* it goes on meanwhile */
            struct pollfd p = {fd, POLLOUT, 0};
            while (poll(&p, 1, -1) < 0) CHECK_EQUAL(errno, EINTR);
        }
        CHECK_EQUAL(AGAIN(write(fd, "c", 1)), 1);
        close(fd);
    }
    return arg;
}

static void *taker(void *arg) {
    for (int i = 0; i < TURNS / 4; i++) {
        char c;
        int fd = (int)AGAIN(accept(listener, NULL, NULL));
        CHECK(fd >= 0);
        CHECK_EQUAL(AGAIN(read(fd, &c, 1)), 1);
        close(fd);
    }
    return arg;
}

static pthread_t threads[16];
static int count;

static void *shooter(void *arg) {
    for (unsigned i = 0; !stop; i++) {
        CHECK_EQUAL(pthread_kill(threads[i % (unsigned)count], SIGUSR2), 0);
        if (i % 4 == 0) usleep(100);
    }
    return arg;
}

static void start(void *(*f)(void *), long arg) {
    CHECK_EQUAL(pthread_create(&threads[count++], NULL, f, (void *)arg), 0);
}

static void storm(void) {
    int p[2], s[2], status;
    struct sigaction act = {.sa_handler = handler, .sa_flags = restarts ? SA_RESTART : 0};
    CHECK(sigaction(SIGUSR1, &act, NULL) == 0 && sigaction(SIGUSR2, &act, NULL) == 0);
    CHECK(pipe(p) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && sem_init(&ping, 0, 1) == 0 && sem_init(&pong, 0, 0) == 0);
    count = handled = stop = turn = 0;
    pid_t parent = getpid(), child = fork();
    if (!child) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            kill(parent, SIGUSR1);
            usleep(50);
        }
    }
    start(receiver, p[0]);
    start(sender, p[1]);
    start(receiver, s[0]);
    start(sender, s[1]);
    start(sem_side, 0);
    start(sem_side, 1);
    start(cond_side, 0);
    start(cond_side, 1);
    start(sleeper, 0);
    start(locker, 0);
    start(locker, 1);
    start(reader_of_files, 0);
    start(message_side, 0);
    start(message_side, 1);
    start(taker, 0);
    start(caller, 0);
    pthread_t shoots;
    CHECK_EQUAL(pthread_create(&shoots, NULL, shooter, NULL), 0);
    /* Shot at until they are joined: the main thread's handle stays. */
    for (int i = 0; i < count; i++) {
        if (i == count - 1) {
            stop = 1;
            CHECK_EQUAL(pthread_join(shoots, NULL), 0);
        }
        if (i < count - 1)
            while (pthread_tryjoin_np(threads[i], NULL) == EBUSY)
                usleep(100);
        else
            CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
        threads[i] = pthread_self();
    }
    CHECK(handled > 0);
    CHECK_EQUAL(kill(child, SIGKILL), 0);
    CHECK_EQUAL(AGAIN(waitpid(child, &status, 0)), child);
    close(p[0]);
    close(p[1]);
    close(s[0]);
    close(s[1]);
}

int main(void) {
    socklen_t size = sizeof address;
    alarm(110);
    char name[] = "./capr-storm-XXXXXX";
    int storage = mkstemp(name);
    CHECK(storage >= 0 && unlink(name) == 0);
    snprintf(file, sizeof file, "/proc/self/fd/%d", storage);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 64) == 0);
    CHECK_EQUAL(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    CHECK((queue = msgget(IPC_PRIVATE, 0600)) >= 0);
    int before = 0;
    for (int i = 0; i < 6; i++) {
        restarts = i % 2;
        storm();
        if (i == 1) before = check_descriptors();
    }
    CHECK_EQUAL(check_descriptors(), before);
    msgctl(queue, IPC_RMID, NULL);
    return 0;
}
