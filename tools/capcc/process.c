// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes commands, produces exit statuses. The driver outlives its children only where something is left to do after
// them; until then it must look to make and to the terminal as clang itself would: same exit status, and gone, with all
// temporary files, when a signal says so.
#include "process.h"

#include "diag.h"
#include "output.h"
#include "response.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/// Linux takes 128 KiB for one argument and by default 2 MiB for all with the environment; half of the smaller is safe
/// with any limit on the stack.
#define LONG_COMMAND_BYTES (64 * 1024)

static char scratch_directory[4096]; ///< empty if there is none; read when a signal ends the driver
static volatile sig_atomic_t caught; ///< the signal that asked the driver to end
static volatile pid_t child;         ///< 0 if none runs

static void on_signal(int number) {
    caught = number;
    if (child > 0) kill(child, number);
}

void process_start(const char *scratch) {
    snprintf(scratch_directory, sizeof scratch_directory, "%s", scratch ? scratch : "");
    struct sigaction action = {.sa_handler = on_signal};
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction before;
        if (!sigaction(ending[i], NULL, &before) && before.sa_handler != SIG_IGN) // nohup stays nohup
            sigaction(ending[i], &action, NULL);
    }
}

char *scratch_make(struct arena *arena) {
    const char *parent = getenv("TMPDIR");
    char *name = arena_printf(arena, "%s/capcc-XXXXXX", parent && *parent ? parent : "/tmp");
    return mkdtemp(name);
}

void scratch_remove(void) {
    if (!*scratch_directory) return;
    DIR *directory = opendir(scratch_directory);
    if (directory) {
        for (struct dirent *entry; (entry = readdir(directory));)
            if (entry->d_name[0] != '.') unlinkat(dirfd(directory), entry->d_name, 0);
        closedir(directory);
    }
    rmdir(scratch_directory);
    *scratch_directory = '\0';
}

/// Ends the driver as the signal would have.
static void end_if_caught(void) {
    if (!caught) return;
    scratch_remove();
    signal(caught, SIG_DFL);
    raise(caught);
    _exit(1);
}

int process_too_long(const struct strvec *argv) {
    size_t bytes = 0;
    for (size_t i = 0; i < argv->count; i++) bytes += strlen(argv->items[i]) + 1;
    return bytes > LONG_COMMAND_BYTES;
}

static void change_environment(const struct strvec *env) {
    for (size_t i = 0; env && i < env->count; i++) {
        const char *equals = strchr(env->items[i], '=');
        if (equals)
            putenv((char *)env->items[i]);
        else
            unsetenv(env->items[i]);
    }
}

static int cannot_run(const char *program, int error) {
    return diag_error("%s: cannot be run: %s; install clang-22, lld-22 and llvm-22-tools, or set CAPCC_CLANG", program,
                      strerror(error));
}

int process_become(const struct strvec *argv, const struct strvec *env) {
    change_environment(env);
    fflush(stdout);
    execvp(argv->items[0], (char *const *)argv->items);
    return cannot_run(argv->items[0], errno);
}

static void run_child(const struct strvec *argv, const struct strvec *env, const char *output) {
    if (output) {
        int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
            _exit(diag_error("%s: cannot be written: %s; set TMPDIR to a directory with room", output, strerror(errno)));
    }
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (signal(ending[i], SIG_DFL) == SIG_IGN) signal(ending[i], SIG_IGN);
    _exit(process_become(argv, env));
}

int process_run(struct arena *arena, const struct strvec *argv, const struct strvec *env, const char *output) {
    struct strvec shorter = {0};
    if (process_too_long(argv) && *scratch_directory) {
        const char *text = response_quote(arena, argv, 1), *file = arena_printf(arena, "%s/arguments", scratch_directory);
        int error = output_write(file, (struct bytes){(const unsigned char *)text, strlen(text)});
        if (error) return diag_error("%s: cannot be written: %s; set TMPDIR to a directory with room", file, strerror(-error));
        strvec_push(arena, &shorter, argv->items[0]);
        strvec_push(arena, &shorter, arena_printf(arena, "@%s", file));
        argv = &shorter;
    }
    fflush(stdout);
  // Blocked from before the fork until `child` is known: a signal in between would reach a driver that waits and a
  // child that nobody told.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        run_child(argv, env, output);
    }
    int fork_error = errno;
    child = pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) return cannot_run(argv->items[0], fork_error);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR);
    child = 0;
    end_if_caught();
    if (WIFSIGNALED(status))
        return diag_error("%s: ended by signal %d (%s); run the command with -v to see it", argv->items[0], WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status);
}
