/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waits of which poll tells nothing, or that come by another name: a fifo without a writer, a terminal that gives up by itself,
 * eventfd_read, epoll_pwait2, tcdrain, a Unix connect with a timeout, splice that a handler interrupts; O_NONBLOCK set through a
 * duplicate of a listener; ppoll where a signal and a descriptor are both there; the errno of a partial recvmmsg.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>

#include "check.h"
#include "ticker.h"

static pthread_t begin(void *(*f)(void *), long argument) {
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, f, (void *)argument), 0);
    return t;
}

static void fifos(void) {
    char path[] = "/tmp/capr-fifo-XXXXXX", byte;
    CHECK(mkdtemp(path) != NULL);
    char name[100];
    snprintf(name, sizeof name, "%s/fifo", path);
    CHECK_EQUAL(mkfifo(name, 0600), 0);
    int reader = open(name, O_RDONLY | O_NONBLOCK);
    CHECK_EQUAL(read(reader, &byte, 1), 0);
    CHECK_EQUAL(fcntl(reader, F_SETFL, 0), 0);
    CHECK_EQUAL(read(reader, &byte, 1), 0);
    CHECK_EQUAL(fcntl(reader, F_GETFL) & O_NONBLOCK, 0);
    int writer = open(name, O_WRONLY);
    fcntl(reader, F_SETFL, O_NONBLOCK);
    CHECK(read(reader, &byte, 1) == -1 && errno == EAGAIN);
    CHECK_EQUAL(write(writer, "x", 1), 1);
    CHECK_EQUAL(read(reader, &byte, 1), 1);
    close(writer);
    CHECK_EQUAL(read(reader, &byte, 1), 0);
    close(reader);
    unlink(name);
    rmdir(path);
}

static int sides[2] = {-1, -1}; /* of a terminal: the one that shows it, the program's */
static void *show_later(void *unused) {
    char text[100];
    usleep(20000);
    CHECK(read(sides[0], text, sizeof text) > 0);
    return unused;
}

static void terminals(void) {
    struct termios mode;
    char byte;
    int unlock = 0, number;
    sides[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (sides[0] < 0 || ioctl(sides[0], TIOCSPTLCK, &unlock) || ioctl(sides[0], TIOCGPTN, &number)) return;
    char name[50];
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    sides[1] = open(name, O_RDWR | O_NOCTTY);
    if (sides[1] < 0) return;
    CHECK_EQUAL(tcgetattr(sides[1], &mode), 0);
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = 0;
    for (mode.c_cc[VTIME] = 0; mode.c_cc[VTIME] < 2; mode.c_cc[VTIME]++) {
        tcsetattr(sides[1], TCSANOW, &mode);
        int before = ticks;
        CHECK_EQUAL(read(sides[1], &byte, 1), 0);
        CHECK(!mode.c_cc[VTIME] || ticks > before);
        CHECK_EQUAL(write(sides[0], "a", 1), 1);
        CHECK(read(sides[1], &byte, 1) == 1 && byte == 'a');
    }
    CHECK_EQUAL(tcdrain(sides[1]), 0);
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    CHECK(tcdrain(ends[0]) == -1 && errno == ENOTTY);
    close(ends[0]);
    close(ends[1]);
    pthread_t t = begin(show_later, 0);
    CHECK_EQUAL(write(sides[1], "text", 4), 4);
    CHECK_EQUAL(tcdrain(sides[1]), 0);
    pthread_join(t, NULL);
    close(sides[0]);
    close(sides[1]);
}

static void *post_later(void *fd) {
    usleep(20000);
    eventfd_write((int)(long)fd, 7);
    return NULL;
}

static void *wait_for_ever(void *set) {
    struct epoll_event event;
    epoll_pwait2((int)(long)set, &event, 1, NULL, NULL);
    return NULL;
}

static void other_names(void) {
    eventfd_t value = 0;
    int fd = eventfd(0, 0), before = ticks;
    pthread_t t = begin(post_later, fd);
    CHECK_EQUAL(eventfd_read(fd, &value), 0);
    CHECK_EQUAL(value, 7);
    CHECK(ticks > before);
    pthread_join(t, NULL);
    CHECK(eventfd_write(fd, ~0ull) == -1 && errno == EINVAL);
    CHECK(write(fd, &value, 0) == -1 && errno == EINVAL);

    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN}, got;
    struct timespec none = {0, 0}, short_time = {0, 20000000}, long_time = {10, 0}, bad = {0, 1000000000};
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    CHECK_EQUAL(epoll_pwait2(set, &got, 1, &none, NULL), 0);
    before = ticks;
    CHECK_EQUAL(epoll_pwait2(set, &got, 1, &short_time, NULL), 0);
    CHECK(ticks > before);
    CHECK(epoll_pwait2(set, &got, 1, &bad, NULL) == -1 && errno == EINVAL);
    t = begin(post_later, fd);
    CHECK_EQUAL(epoll_pwait2(set, &got, 1, &long_time, NULL), 1);
    pthread_join(t, NULL);
    CHECK_EQUAL(eventfd_read(fd, &value), 0);
    void *result;
    t = begin(wait_for_ever, set);
    usleep(1000);
    pthread_cancel(t);
    pthread_join(t, &result);
    CHECK(result == PTHREAD_CANCELED);
    close(set);
    close(fd);
}

static struct sockaddr_in address;
static void *connect_once(void *unused) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQUAL(connect(s, (struct sockaddr *)&address, sizeof address), 0);
    close(s);
    return unused;
}

static void listeners(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, off = 0;
    socklen_t size = sizeof address;
    CHECK_EQUAL(listen(listener, 5), 0);
    CHECK_EQUAL(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    pthread_t t = begin(connect_once, 0);
    close(accept(listener, NULL, NULL));
    pthread_join(t, NULL);
    int copy = dup(listener), unrelated = dup(copy);
    CHECK_EQUAL(fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK), 0);
    CHECK(fcntl(listener, F_GETFL) & O_NONBLOCK && fcntl(unrelated, F_GETFL) & O_NONBLOCK);
    CHECK(accept(listener, NULL, NULL) == -1 && errno == EAGAIN);
    CHECK_EQUAL(ioctl(listener, FIONBIO, &off), 0);
    CHECK_EQUAL((fcntl(copy, F_GETFL) | fcntl(unrelated, F_GETFL)) & O_NONBLOCK, 0);
    CHECK_EQUAL(ioctl(copy, FIONBIO, &on), 0);
    CHECK(accept(unrelated, NULL, NULL) == -1 && errno == EAGAIN);
    close(copy);
    close(unrelated);
    close(listener);

    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct timeval limit = {0, 30000};
    int full = socket(AF_UNIX, SOCK_STREAM, 0), clients[8], n = 0;
    snprintf(u.sun_path + 1, sizeof u.sun_path - 1, "capr-odd-%d", getpid());
    CHECK_EQUAL(bind(full, (struct sockaddr *)&u, sizeof u), 0);
    CHECK_EQUAL(listen(full, 1), 0);
    for (int r = 0; n < 8 && r == 0; n++) {
        clients[n] = socket(AF_UNIX, SOCK_STREAM, 0);
        setsockopt(clients[n], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        r = connect(clients[n], (struct sockaddr *)&u, sizeof u);
        CHECK(r == 0 || errno == EAGAIN);
    }
    CHECK(n < 8);
    while (n--) close(clients[n]);
    close(full);
}

static volatile int handled;
static void count(int number) { handled += number == SIGUSR1; }

static int ends[2], sink[2];
static volatile long spliced = -2;
static void *splices(void *unused) {
    spliced = splice(ends[0], NULL, sink[1], NULL, 10, 0);
    return unused;
}

static void interrupted(void) {
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigset_t one, none;
    sigaction(SIGUSR1, &action, NULL);
    CHECK(pipe(ends) == 0 && pipe(sink) == 0);
    pthread_t t = begin(splices, 0);
    usleep(5000);
    pthread_kill(t, SIGUSR1);
    while (!handled) usleep(1000);
    usleep(5000);
    CHECK_EQUAL(spliced, -2);
    CHECK_EQUAL(write(ends[1], "abc", 3), 3);
    pthread_join(t, NULL);
    CHECK_EQUAL(spliced, 3);

    /* What is ready goes before a signal that the call would let through. */
    sigemptyset(&none);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &one, NULL);
    handled = 0;
    struct pollfd p = {sink[0], POLLIN, 0};
    struct timespec ever = {10, 0};
    kill(getpid(), SIGUSR1);
    CHECK_EQUAL(ppoll(&p, 1, &ever, &none), 1);
    CHECK_EQUAL(handled, 0);
    p.fd = ends[0];
    CHECK(ppoll(&p, 1, &ever, &none) == -1 && errno == EINTR);
    CHECK_EQUAL(handled, 1);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);

    int pair[2];
    char bytes[3];
    struct iovec iov = {bytes, 1};
    struct mmsghdr list[3] = {0};
    for (int i = 0; i < 3; i++) list[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    CHECK(send(pair[1], "a", 1, 0) == 1 && send(pair[1], "b", 1, 0) == 1);
    errno = 0;
    CHECK_EQUAL(recvmmsg(pair[0], list, 3, MSG_WAITFORONE, NULL), 2);
    CHECK_EQUAL(errno, 0);
}

int main(void) {
    alarm(60);
    pthread_t t = begin(ticker, 0);
    fifos();
    terminals();
    other_names();
    listeners();
    interrupted();
    stop = 1;
    pthread_join(t, NULL);
    return 0;
}
