/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * system and pclose: wait for a shell as waitpid does. Fat code.
 */
#include <signal.h>
#include <sys/wait.h>

#include "../io/syscalls.h"
#include "../thread/cancel.h"
#include "shell.h"

/* The end of `child`, whatever handlers run meanwhile: its status, or -1 and errno. No cancellation point. */
static __attribute__((noinline)) int wait_child(pid_t child) {
    struct capr_thread *self = capr__self();
    int status = -1, errors = 0;
    pid_t r;
    uint8_t disabled = self ? self->cancel_bits & CAPR_CANCEL_DISABLED : 0;
    if (self) self->cancel_bits |= CAPR_CANCEL_DISABLED;
    do r = waitpid(child, &status, 0);
    while (r < 0 && (errors = errno) == EINTR);
    if (self && !disabled) self->cancel_bits &= (uint8_t)~CAPR_CANCEL_DISABLED;
    return r < 0 ? -1 : status;
}

/* system(3). Blocks. Cancellation point, at which it ends what it started. SIGCHLD is not blocked: other threads may want it. */
CAPR_INTERPOSE int system(const char *command) {
    CAPR_MONITOR;
    if (!command) return system("exit 0") == 0;
    capr__cancel_point();
    long child = capr__shell_start(command);
    if (child < 0) { /* as if the shell had ended so, POSIX says */
        errno = (int)-child;
        return 127 << 8;
    }
    int status = -1;
    pid_t r;
    struct capr_thread *self = capr__self();
    do {
        if (self && capr__cancel_due(self)) { /* waitpid would act on it before the signals are as they were */
            kill((pid_t)child, SIGKILL);
            wait_child((pid_t)child);
            capr__shell_ended();
            capr__cancel_point();
        }
        r = (pid_t)capr__child_wait((pid_t)child, &status);
    } while (r == -EINTR);
    capr__shell_ended();
    return r < 0 ? (int)capr__result(r) : status;
}

/* pclose(3). Blocks. */
CAPR_INTERPOSE int pclose(FILE *file) {
    CAPR_MONITOR;
    pid_t child = capr__popen_take(file);
    if (!child) return (int)capr__result(-ECHILD);
    fclose(file);
    return wait_child(child);
}
