/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A handler that interrupted a wait for a record lock forks. The kernel thread that waits for it is the parent's: in the child the handler jumps
 * out of the wait, or returns, which without SA_RESTART ends the wait. The parent goes on waiting.
 *
 * RUN: %capcc -O2 -w %s -o %t -pthread
 * RUN: env CAPRICCIO_WORKERS=1 timeout 60 %t %t.lock
 * RUN: env CAPRICCIO_WORKERS=3 timeout 60 %t %t.lock
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *lock_name;
static sigjmp_buf away;
static int jumps;
static atomic_int child, begun;

static void fork_here(int number) {
    pid_t made = fork();
    if (made == 0 && jumps) siglongjmp(away, number);
    if (made > 0) child = made;
}

static void *wait_for_lock(void *arg) {
    int fd = open(lock_name, O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (sigsetjmp(away, 1) == 0) {
        begun = 1;
        int result = fcntl(fd, F_SETLKW, &lock);
        if (!child) { /* the child's handler has returned */
            usleep(1000);
            _exit(result != 0 && errno == EINTR ? 0 : 1);
        }
        while (result != 0) result = fcntl(fd, F_SETLKW, &lock);
    } else {
        usleep(1000);
        _exit(0);
    }
    close(fd);
    return arg;
}

int main(int count, char **words) {
    int ready[2];
    char c;
    struct sigaction action = {.sa_handler = fork_here};
    assert(count == 2 && pipe(ready) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    lock_name = words[1];
    close(open(lock_name, O_RDWR | O_CREAT, 0600));
    for (jumps = 0; jumps < 2; jumps++) {
        pid_t holder = fork();
        if (holder == 0) {
            int fd = open(lock_name, O_RDWR);
            struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
            alarm(50);
            assert(fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "r", 1) == 1);
            pause();
            _exit(0);
        }
        pthread_t waiter;
        int status;
        assert(read(ready[0], &c, 1) == 1);
        child = begun = 0;
        assert(pthread_create(&waiter, NULL, wait_for_lock, NULL) == 0);
        while (!begun) usleep(1000);
        usleep(20000);
        assert(pthread_kill(waiter, SIGUSR1) == 0);
        while (!child) usleep(1000);
        assert(waitpid(child, &status, 0) == child && status == 0);
        kill(holder, SIGKILL);
        assert(waitpid(holder, NULL, 0) == holder && pthread_join(waiter, NULL) == 0);
    }
    return 0;
}
