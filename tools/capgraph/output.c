// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs graphviz on descriptors that have no name in any directory, so that whatever ends it, or us, in the middle leaves nothing behind;
// only what is complete is copied beside the file's name and renamed.
#include "output.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/// The status by which shells, and our child, tell that a program was not found.
enum { NOT_FOUND = 127 };

static int write_all(int fd, const char *text, size_t length) {
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n ? errno : EIO;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

int output_file(const char *path, const char *text, size_t length) {
    struct stat status;
    char beside[PATH_MAX];
    bool in_place = !stat(path, &status) && !S_ISREG(status.st_mode);
    if ((size_t)snprintf(beside, sizeof beside, in_place ? "%s" : "%s.%d.tmp", path, (int)getpid()) >= sizeof beside)
        return say_error("%s: the name is too long", path);
    int fd = open(beside, O_WRONLY | O_CLOEXEC | (in_place ? 0 : O_CREAT | O_EXCL), 0666);
    int error = fd < 0 ? errno : write_all(fd, text, length);
    if (fd >= 0 && close(fd) && !error) error = errno;
    if (!error && !in_place && rename(beside, path)) error = errno;
    if (error && !in_place && fd >= 0) unlink(beside);
    return error ? say_error("%s: cannot be written: %s; name a file in a directory with room and rights", path, strerror(error)) : 0;
}

/// Runs `dot -Tsvg` from and to the descriptors. Returns its wait status, or -1.
static int run_graphviz(int from, int to, int errors) {
    pid_t child = fork();
    if (child == 0) {
        dup2(from, STDIN_FILENO);
        dup2(to, STDOUT_FILENO);
        dup2(errors, STDERR_FILENO);
        execlp("dot", "dot", "-Tsvg", (char *)NULL);
        _exit(NOT_FOUND);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child < 0 ? -1 : status;
}

/// The first line that graphviz wrote there.
static void first_line(int fd, char *line, size_t size) {
    ssize_t n = pread(fd, line, size - 1, 0);
    line[n > 0 ? n : 0] = 0;
    line[strcspn(line, "\n")] = 0;
}

int output_svg(const char *path, const char *dot, size_t length) {
    int from = memfd_create("dot", MFD_CLOEXEC), to = memfd_create("svg", MFD_CLOEXEC), errors = memfd_create("errors", MFD_CLOEXEC);
    char line[256] = "";
    struct stat made = {0};
    int result = 1, status = -1;
    if (from >= 0 && to >= 0 && errors >= 0 && !write_all(from, dot, length) && !lseek(from, 0, SEEK_SET))
        status = run_graphviz(from, to, errors);
    if (errors >= 0) first_line(errors, line, sizeof line);
    if (status == -1)
        say_error("%s: graphviz cannot be run: %s", path, strerror(errno));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
        say_error("%s: no program dot; install graphviz, or write DOT with --dot", path);
    else if (status || fstat(to, &made) || !made.st_size)
        say_error("%s: dot failed%s%s; write DOT with --dot to see what it was given", path, *line ? ": " : "", line);
    else {
        char *svg = mmap(NULL, (size_t)made.st_size, PROT_READ, MAP_PRIVATE, to, 0);
        result = svg == MAP_FAILED ? say_error("%s: out of memory", path) : output_file(path, svg, (size_t)made.st_size);
        if (svg != MAP_FAILED) munmap(svg, (size_t)made.st_size);
    }
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    if (errors >= 0) close(errors);
    return result;
}
