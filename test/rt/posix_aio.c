/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * <aio.h>: reads, writes, lists, syncs, cancellation, and the three ways to be told, from many threads at once.
 */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

#define BYTES 1000

static char name[] = "./capr-aio-XXXXXX";
static int fd;

static void finish(struct aiocb *cb, ssize_t expected) {
    const struct aiocb *list[2] = {NULL, cb};
    while (aio_error(cb) == EINPROGRESS) CHECK_EQUAL(aio_suspend(list, 2, NULL), 0);
    CHECK_EQUAL(aio_error(cb), 0);
    CHECK_EQUAL(aio_return(cb), expected);
}

static void *user(void *arg) {
    int id = (int)(long)arg;
    char out[BYTES], in[BYTES];
    memset(out, id, sizeof out);
    struct aiocb cb = {.aio_fildes = fd, .aio_buf = out, .aio_nbytes = BYTES, .aio_offset = id * BYTES};
    CHECK_EQUAL(aio_write(&cb), 0);
    finish(&cb, BYTES);
    cb.aio_buf = in;
    CHECK_EQUAL(aio_read(&cb), 0);
    while (aio_error(&cb) == EINPROGRESS) {} /* as some do */
    CHECK_EQUAL(aio_cancel(fd, &cb), AIO_ALLDONE);
    CHECK_EQUAL(aio_return(&cb), BYTES);
    CHECK(memcmp(in, out, BYTES) == 0);

    struct aiocb many[8], *list[10] = {NULL};
    for (int i = 0; i < 8; i++) {
        many[i] = (struct aiocb){.aio_fildes = fd, .aio_buf = in + i * 100, .aio_nbytes = 100, .aio_offset = id * BYTES + i * 100,
                                 .aio_lio_opcode = LIO_READ};
        list[i + 1] = &many[i];
    }
    memset(in, 255, sizeof in);
    CHECK_EQUAL(lio_listio(LIO_WAIT, list, 10, NULL), 0);
    for (int i = 0; i < 8; i++) CHECK_EQUAL(aio_return(&many[i]), 100);
    CHECK(memcmp(in, out, 800) == 0);
    return NULL;
}

static sem_t told;
static int value;

static void on_thread(union sigval v) {
    value += v.sival_int;
    sem_post(&told);
}

static volatile int signals, signal_value;

static void on_signal(int s, siginfo_t *info, void *context) {
    (void)s, (void)context;
    signals++;
    signal_value = info->si_code == SI_ASYNCIO ? info->si_value.sival_int : -1;
}

static void notifications(void) {
    char buf[8];
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &act, NULL);
    sem_init(&told, 0, 0);
    struct aiocb cb = {.aio_fildes = fd, .aio_buf = buf, .aio_nbytes = 8};
    cb.aio_sigevent.sigev_notify = SIGEV_THREAD;
    cb.aio_sigevent.sigev_notify_function = on_thread;
    cb.aio_sigevent.sigev_value.sival_int = 5;
    CHECK_EQUAL(aio_read(&cb), 0);
    CHECK_EQUAL(sem_wait(&told), 0);
    CHECK_EQUAL(value, 5);
    finish(&cb, 8);

    cb.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    cb.aio_sigevent.sigev_signo = SIGUSR1;
    CHECK_EQUAL(aio_read(&cb), 0);
    while (!signals) {} /* which lets nobody else run */
    CHECK_EQUAL(signal_value, 5);
    finish(&cb, 8);

    struct sigevent all = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_thread, .sigev_value.sival_int = 7};
    struct aiocb *list[1] = {&cb};
    cb.aio_sigevent.sigev_notify = SIGEV_NONE;
    cb.aio_lio_opcode = LIO_READ;
    CHECK_EQUAL(lio_listio(LIO_NOWAIT, list, 1, &all), 0);
    CHECK_EQUAL(sem_wait(&told), 0);
    CHECK_EQUAL(value, 12);
}

/* Writes that append keep their order; a sync ends after what came before it. */
static void order(void) {
    int log = open(name, O_WRONLY | O_APPEND | O_TRUNC);
    CHECK(log >= 0);
    static struct aiocb cb[200], sync;
    static char text[200];
    for (int i = 0; i < 200; i++) {
        text[i] = (char)i;
        cb[i] = (struct aiocb){.aio_fildes = log, .aio_buf = &text[i], .aio_nbytes = 1};
        CHECK_EQUAL(aio_write(&cb[i]), 0);
    }
    sync.aio_fildes = log;
    CHECK_EQUAL(aio_fsync(O_SYNC, &sync), 0);
    finish(&sync, 0);
    for (int i = 0; i < 200; i++) CHECK_EQUAL(aio_error(&cb[i]), 0);
    char back[200];
    CHECK_EQUAL(pread(fd, back, 200, 0), 200);
    CHECK(memcmp(back, text, 200) == 0);

    /* Most of these have not begun. */
    int cancelled = 0;
    for (int i = 0; i < 200; i++) CHECK_EQUAL(aio_write(&cb[i]), 0);
    int r = aio_cancel(log, NULL);
    CHECK(r == AIO_CANCELED || r == AIO_NOTCANCELED || r == AIO_ALLDONE);
    for (int i = 0; i < 200; i++) {
        const struct aiocb *list[1] = {&cb[i]};
        while (aio_error(&cb[i]) == EINPROGRESS) CHECK_EQUAL(aio_suspend(list, 1, NULL), 0);
        CHECK(aio_error(&cb[i]) == 0 || aio_error(&cb[i]) == ECANCELED);
        cancelled += aio_error(&cb[i]) == ECANCELED;
    }
    struct stat st;
    CHECK_EQUAL(fstat(fd, &st), 0);
    CHECK_EQUAL(st.st_size, 400 - cancelled);
    CHECK_EQUAL(aio_cancel(log, NULL), AIO_ALLDONE);
    close(log);
    CHECK(aio_cancel(log, NULL) == -1 && errno == EBADF);
}

/* No position: each side in its order, and the thread that waits for the other side lets it come. */
static void pipes(void) {
    int ends[2];
    char in[3][4] = {""};
    struct aiocb reads[3], writes[3];
    CHECK_EQUAL(pipe(ends), 0);
    for (int i = 0; i < 3; i++) {
        reads[i] = (struct aiocb){.aio_fildes = ends[0], .aio_buf = in[i], .aio_nbytes = 3, .aio_offset = i};
        CHECK_EQUAL(aio_read(&reads[i]), 0);
    }
    CHECK_EQUAL(aio_error(&reads[0]), EINPROGRESS);
    CHECK_EQUAL(write(ends[1], "one", 3), 3);
    finish(&reads[0], 3);
    CHECK_EQUAL(aio_error(&reads[1]), EINPROGRESS);
    char *const out[2] = {"two", "six"};
    for (int i = 0; i < 2; i++) {
        writes[i] = (struct aiocb){.aio_fildes = ends[1], .aio_buf = out[i], .aio_nbytes = 3};
        CHECK_EQUAL(aio_write(&writes[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        finish(&writes[i], 3);
        finish(&reads[i + 1], 3);
        CHECK(memcmp(in[i + 1], out[i], 3) == 0);
    }
    CHECK(memcmp(in[0], "one", 3) == 0);
    CHECK_EQUAL(aio_read(&reads[0]), 0);
    close(ends[1]);
    finish(&reads[0], 0);
    close(ends[0]);
}

static void errors(void) {
    char c;
    struct aiocb cb = {.aio_fildes = -1, .aio_buf = &c, .aio_nbytes = 1};
    const struct aiocb *list[1] = {&cb};
    CHECK_EQUAL(aio_read(&cb), 0);
    while (aio_error(&cb) == EINPROGRESS) aio_suspend(list, 1, NULL);
    CHECK_EQUAL(aio_error(&cb), EBADF);
    CHECK_EQUAL(aio_return(&cb), -1);
    cb.aio_fildes = fd;
    cb.aio_reqprio = -1;
    CHECK(aio_read(&cb) == -1 && errno == EINVAL);
    CHECK(aio_fsync(-1, &cb) == -1 && errno == EINVAL);
    CHECK(lio_listio(77, (struct aiocb *[1]){&cb}, 1, NULL) == -1 && errno == EINVAL);
    cb.aio_reqprio = 0;
    cb.aio_offset = -1;
    struct aiocb *one[1] = {&cb};
    cb.aio_lio_opcode = LIO_READ;
    CHECK(lio_listio(LIO_WAIT, one, 1, NULL) == -1 && errno == EIO);
    CHECK_EQUAL(aio_error(&cb), EINVAL);
    cb.__error_code = EINPROGRESS; /* one that never ends; libc would miss it in its list */
    struct timespec soon = {0, 2000000};
    CHECK(aio_suspend(list, 1, &soon) == -1 && errno == EAGAIN);
}

static void all(void) {
    pthread_t t[50];
    for (long i = 0; i < 50; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, user, (void *)i), 0);
    for (int i = 0; i < 50; i++) pthread_join(t[i], NULL);
    signals = value = 0;
    notifications();
    order();
    pipes();
    errors();
}

int main(void) {
    alarm(100);
    fd = mkstemp(name);
    CHECK(fd >= 0);
    all();
    pid_t child = fork();
    if (child == 0) {
        all();
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    unlink(name);
    return 0;
}
