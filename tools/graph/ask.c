// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the socket where the process has put it, by the process's own environment, and reads until it ends. A process that does not
// answer is asked what it is, so that the line on standard error says what to do: no process, another user's, not capcc's, no window.
#include "ask.h"

#include "../capcc/elf_file.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/// Must match what the pass writes; see docs/abi.md.
#define NOTE_NAME "Capriccio"
#define NOTE_TYPE 1

/// The window answers within a second, gives a reader two, and may have another reader before us.
#define PATIENCE_SECONDS 4
#define ENVIRONMENT_MAX (4u << 20)

bool process_gone(pid_t pid) {
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f) return kill(pid, 0) && errno == ESRCH;
    // The name may hold parentheses: the last one ends it.
    char line[1024];
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    const char *end = strrchr(line, ')');
    if (end && end[1] == ' ') state = end[2];
    return !n || state == 'Z' || state == 'X';
}

/// The value of `name` in an environment, or NULL.
static const char *value(const char *environment, size_t length, const char *name) {
    size_t n = strlen(name);
    for (const char *at = environment; at < environment + length; at += strlen(at) + 1)
        if (!strncmp(at, name, n) && at[n] == '=') return at + n + 1;
    return NULL;
}

/// The process's environment as it was started with, 0-terminated once more, or NULL where it may not be read.
static char *environment_of(pid_t pid, size_t *length) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    FILE *f = fopen(path, "re");
    char *text = f ? malloc(ENVIRONMENT_MAX + 1) : NULL;
    *length = text ? fread(text, 1, ENVIRONMENT_MAX, f) : 0;
    if (f) fclose(f);
    if (text) text[*length] = 0;
    return text;
}

static uid_t owner_of(pid_t pid) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    return stat(path, &status) ? geteuid() : status.st_uid;
}

/// Returns a descriptor, or -1.
static int try_socket(pid_t pid, const char *directory, const char *below) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int n = snprintf(at.sun_path, sizeof at.sun_path, "%s%s/%d.sock", directory, below, (int)pid);
    if (n < 0 || (size_t)n >= sizeof at.sun_path) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const struct timeval patience = {PATIENCE_SECONDS, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); // of connect
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    // Who listens there is known to the kernel: whatever lies under a stale name is not taken for the process.
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (!connect(fd, (struct sockaddr *)&at, sizeof at) && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.pid == pid)
        return fd;
    close(fd);
    return -1;
}

static int find_socket(pid_t pid, bool *wanted) {
    size_t length;
    char *environment = environment_of(pid, &length), directory[64];
    const char *top = environment ? value(environment, length, "CAPRICCIO_TOP") : NULL;
    const char *its = environment ? value(environment, length, "XDG_RUNTIME_DIR") : NULL, *ours = getenv("XDG_RUNTIME_DIR");
    *wanted = top && strcmp(top, "0");
    int fd = -1;
    if (top && top[0] == '/') fd = try_socket(pid, top, "");
    snprintf(directory, sizeof directory, "/tmp/capriccio-%u", (unsigned)owner_of(pid));
    if (fd < 0 && its) fd = try_socket(pid, its, "/capriccio");
    if (fd < 0 && ours) fd = try_socket(pid, ours, "/capriccio");
    if (fd < 0) fd = try_socket(pid, directory, "");
    free(environment);
    return fd;
}

static int why_not(pid_t pid, bool wanted) {
    char path[64], name[PATH_MAX];
    if (process_gone(pid)) return say_error("%d: no such process; it has ended, or the number is wrong", (int)pid);
    uid_t owner = owner_of(pid);
    if (geteuid() && owner != geteuid())
        return say_error("%d: belongs to another user; run %s as user %u or as root", (int)pid, say_tool, (unsigned)owner);
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t n = readlink(path, name, sizeof name - 1);
    name[n > 0 ? n : 0] = 0;
    struct bytes file;
    if (n < 0 || file_map(path, &file))
        return say_error("%d: its program cannot be read (a thread of the kernel's?); name a process that runs what capcc linked", (int)pid);
    bool ours = elf_note(file, NOTE_NAME, NOTE_TYPE).size != 0;
    file_unmap(&file);
    if (!ours) return say_error("%d: runs %s, which capcc did not link; build it with CC=capcc", (int)pid, name);
    if (wanted)
        return say_error("%d: its window is not open; it opens with the program's second thread, or the program has said on standard error "
                         "why not",
                         (int)pid);
    return say_error("%d: has no window; start it with CAPRICCIO_TOP=1, or with CAPRICCIO_GRAPH=FILE and send SIGUSR2", (int)pid);
}

/// Reads until the window ends. Returns 0 or 1.
static int read_all(int fd, char **text, size_t *length) {
    size_t size = 0;
    *text = NULL;
    *length = 0;
    for (;;) {
        if (size - *length < 65536) {
            size = size ? size * 2 : 1u << 18;
            char *more = realloc(*text, size);
            if (!more) break;
            *text = more;
        }
        ssize_t n = read(fd, *text + *length, size - *length);
        if (n == 0 && *length) return 0;
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        *length += (size_t)n;
    }
    free(*text);
    *text = NULL;
    return 1;
}

int ask_process(pid_t pid, char **text, size_t *length) {
    bool wanted;
    int fd = find_socket(pid, &wanted);
    if (fd < 0) return why_not(pid, wanted);
    int failed = read_all(fd, text, length);
    close(fd);
    if (failed) say_error("%d: its window gave no answer in %d seconds; is the process stopped?", (int)pid, PATIENCE_SECONDS);
    return failed;
}
