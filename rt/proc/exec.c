/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * exec and posix_spawn hand descriptors and the calling thread's signal mask on: listeners that we made O_NONBLOCK behind the
 * program's back get their own state again first, and the worker the thread's mask, since what runs next knows nothing of it. Plain.
 */
#include <dlfcn.h>
#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

#include "../io/fd.h"
#include "signals.h"

#define REAL(name)                                                                                                                 \
    ({                                                                                                                             \
        static __typeof__(name) *real_;                                                                                            \
        if (!real_) real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                           \
        real_;                                                                                                                     \
    })

extern char **environ;

/* execve(2) and the functions built on it: exec(3). Return only on failure. */
CAPR_INTERPOSE int execve(const char *path, char *const argv[], char *const envp[]) {
    CAPR_MONITOR;
    capr__fd_before_exec();
    capr__signals_before_exec();
    long r = capr__sys3(SYS_execve, (long)path, (long)argv, (long)envp);
    capr__signals_after_exec();
    return (int)capr__result(r);
}

CAPR_INTERPOSE int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }

CAPR_INTERPOSE int fexecve(int fd, char *const argv[], char *const envp[]) {
    CAPR_MONITOR;
    capr__fd_before_exec();
    capr__signals_before_exec();
    int r = REAL(fexecve)(fd, argv, envp);
    capr__signals_after_exec();
    return r;
}

CAPR_INTERPOSE int execvpe(const char *file, char *const argv[], char *const envp[]) {
    CAPR_MONITOR;
    capr__fd_before_exec();
    capr__signals_before_exec();
    int r = REAL(execvpe)(file, argv, envp);
    capr__signals_after_exec();
    return r;
}

CAPR_INTERPOSE int execvp(const char *file, char *const argv[]) { return execvpe(file, argv, environ); }

/* The arguments of execl as an array, on the big stack: exec may be called after fork and in handlers, where malloc may not. */
#define GATHER(first, argv, ap)                                                                                                    \
    size_t count_ = 1;                                                                                                             \
    va_start(ap, first);                                                                                                           \
    while (va_arg(ap, char *)) count_++;                                                                                           \
    va_end(ap);                                                                                                                    \
    char *argv[count_ + 1];                                                                                                        \
    argv[0] = (char *)(uintptr_t)first;                                                                                            \
    va_start(ap, first);                                                                                                           \
    for (size_t i_ = 1; i_ <= count_; i_++) argv[i_] = va_arg(ap, char *)

CAPR_INTERPOSE int execl(const char *path, const char *first, ...) {
    CAPR_MONITOR;
    va_list ap;
    GATHER(first, argv, ap);
    va_end(ap);
    return execve(path, argv, environ);
}

CAPR_INTERPOSE int execlp(const char *file, const char *first, ...) {
    CAPR_MONITOR;
    va_list ap;
    GATHER(first, argv, ap);
    va_end(ap);
    return execvpe(file, argv, environ);
}

CAPR_INTERPOSE int execle(const char *path, const char *first, ...) {
    CAPR_MONITOR;
    va_list ap;
    GATHER(first, argv, ap);
    char *const *envp = va_arg(ap, char *const *);
    va_end(ap);
    return execve(path, argv, envp);
}

static int spawn(__typeof__(posix_spawn) *libcs, pid_t *child, const char *what, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
    capr__fd_before_spawn();
    capr__signals_before_exec();
    int e = libcs(child, what, actions, attributes, argv, envp);
    capr__signals_after_exec();
    return e;
}

/* posix_spawn(3), also of system and popen. Wait until the child has begun its program. */
CAPR_INTERPOSE int posix_spawn(pid_t *restrict child, const char *restrict path, const posix_spawn_file_actions_t *actions,
                               const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict]) {
    CAPR_MONITOR;
    return spawn(REAL(posix_spawn), child, path, actions, attributes, argv, envp);
}

CAPR_INTERPOSE int posix_spawnp(pid_t *restrict child, const char *restrict file, const posix_spawn_file_actions_t *actions,
                                const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict]) {
    CAPR_MONITOR;
    return spawn(REAL(posix_spawnp), child, file, actions, attributes, argv, envp);
}
