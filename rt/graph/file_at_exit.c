/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A file that is written as the process ends, which is when a program that ran out of descriptors is looked into. Plain code.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../thread/kernel_thread.h"
#include "file.h"

#define STACK (128u << 10) /* of the thread that writes: names of files, symbols */
#define ROOM 4             /* descriptors that are open at a time for a file */

static int descriptors_left(void) {
    struct rlimit limit;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC);
    if (fd < 0) return 0;
    syscall(SYS_close, fd);
    return !syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) && (rlim_t)fd + ROOM <= limit.rlim_cur;
}

struct job {
    void (*write)(void *arg, int error);
    void *arg;
    uint8_t done;
};

static void *write_apart(void *its) {
    struct job *job = its;
    job->write(job->arg, capr__graph_file_apart());
    __atomic_store_n(&job->done, 1, __ATOMIC_RELEASE); /* it lies on the stack of who waits */
    return NULL;
}

void capr__graph_file_at_exit(void (*write)(void *arg, int error), void *arg) {
    const struct timespec ms = {0, 1000000};
    struct job job = {write, arg, 0};
    if (descriptors_left() || capr__kernel_thread_start(write_apart, &job, STACK, 0)) {
        write(arg, 0);
        return;
    }
    while (!__atomic_load_n(&job.done, __ATOMIC_ACQUIRE)) syscall(SYS_nanosleep, &ms, NULL);
}
