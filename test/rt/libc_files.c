/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions of libc that open files and walk paths inside: names of users and groups, realpath, glob, statvfs, fopen. Each from
 * many threads at once, with the same results and errors as ever; a fopen that waits for a fifo's other end lets that end come.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "check.h"

static void *users(void *unused) {
    struct passwd user, *u;
    struct group group, *g;
    char buffer[1024];
    gid_t groups[64];
    int count = 64;
    errno = 77; /* which calls that succeed leave alone */
    CHECK_EQUAL(getpwnam_r("root", &user, buffer, sizeof buffer, &u), 0);
    CHECK(u == &user && u->pw_uid == 0);
    CHECK_EQUAL(getpwuid_r(0, &user, buffer, 1, &u), ERANGE);
    CHECK_EQUAL(getgrgid_r(0, &group, buffer, sizeof buffer, &g), 0);
    CHECK(g == &group && strcmp(g->gr_name, "root") == 0);
    CHECK(getpwnam("no such user") == NULL && getpwuid(0) && getgrnam("root") && getgrgid(0));
    CHECK(getgrouplist("root", 0, groups, &count) >= 1 && groups[0] == 0);
    return unused;
}

static int stops;
static int at_failure(const char *path, int error) {
    (void)path;
    (void)error;
    sched_yield();
    return ++stops;
}

static void *paths(void *unused) {
    struct statvfs v;
    struct statfs s;
    char resolved[PATH_MAX], *found = realpath("/usr/../dev/./null", NULL);
    CHECK(found && strcmp(found, "/dev/null") == 0);
    free(found);
    CHECK(realpath("/", resolved) == resolved && strcmp(resolved, "/") == 0);
    CHECK(realpath("/nonexistent/x", resolved) == NULL && errno == ENOENT);
    CHECK(statvfs("/", &v) == 0 && v.f_bsize && statfs("/", &s) == 0 && s.f_bsize);
    CHECK(statvfs("/nonexistent", &v) == -1 && errno == ENOENT);
    CHECK(getxattr("/", "user.capr-none", resolved, sizeof resolved) == -1);
    CHECK(chdir("/nonexistent") == -1 && errno == ENOENT && chdir(".") == 0);
    glob_t g;
    CHECK_EQUAL(glob("/dev/nul[l]", 0, NULL, &g), 0);
    CHECK(g.gl_pathc == 1 && strcmp(g.gl_pathv[0], "/dev/null") == 0);
    globfree(&g);
    char loop[32], inside[40];
    snprintf(loop, sizeof loop, "./capr-loop-%lx", (unsigned long)pthread_self());
    snprintf(inside, sizeof inside, "%s/*", loop);
    CHECK_EQUAL(symlink(loop + 2, loop), 0);
    CHECK_EQUAL(glob(inside, 0, at_failure, &g), GLOB_ABORTED);
    CHECK(stops);
    CHECK_EQUAL(unlink(loop), 0);
    return unused;
}

static void *streams(void *arg) {
    char name[64], line[64];
    snprintf(name, sizeof name, "./capr-stream-%d-%d", (int)getpid(), (int)(long)arg);
    CHECK(fopen(name, "r") == NULL && errno == ENOENT);
    CHECK(fopen(name, "q") == NULL && errno == EINVAL);
    FILE *f = fopen(name, "wxe");
    CHECK(f && (fcntl(fileno(f), F_GETFD) & FD_CLOEXEC));
    CHECK(fopen(name, "wx") == NULL && errno == EEXIST);
    CHECK(fputs("one\n", f) >= 0 && fclose(f) == 0);
    CHECK(f = fopen(name, "ab+"));
    CHECK(fputs("two\n", f) >= 0 && fseek(f, 0, SEEK_SET) == 0 && fgets(line, sizeof line, f) && strcmp(line, "one\n") == 0);
    CHECK_EQUAL(fclose(f), 0);
    CHECK((f = fopen(name, "r")) && fputc('x', f) == EOF && errno == EBADF);
    CHECK(fgets(line, sizeof line, f) == NULL || strcmp(line, "one\n") == 0);
    CHECK(fclose(f) == 0 && unlink(name) == 0);
    return NULL;
}

static void *made(void *arg) {
    char name[] = "./capr-made-XXXXXX.txt", dir[] = "./capr-made-XXXXXX", bad[] = "./capr-made";
    int fd = mkstemps(name, 4);
    CHECK(fd >= 0 && strcmp(name + sizeof name - 5, ".txt") == 0);
    CHECK_EQUAL(posix_fallocate64(fd, 0, 10000), 0);
    CHECK_EQUAL(lseek(fd, 0, SEEK_END), 10000);
    CHECK_EQUAL(posix_fallocate(fd, -1, 10), EINVAL);
    CHECK(close(fd) == 0 && unlink(name) == 0);
    CHECK(mkstemp(bad) == -1 && errno == EINVAL);
    CHECK(mkdtemp(dir) == dir && rmdir(dir) == 0);
    FILE *f = tmpfile();
    CHECK(f && fputs("x", f) >= 0 && fseek(f, 0, SEEK_SET) == 0 && getc(f) == 'x' && fclose(f) == 0);
    return arg;
}

static void *writes_into_fifo(void *name) {
    FILE *f = fopen(name, "w"); /* waits for its reader */
    CHECK(f && fputs("through\n", f) >= 0 && fclose(f) == 0);
    return NULL;
}

static void files(void) {
    char name[64], line[64] = "";
    pthread_t t[8], writer;
    for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, i % 2 ? made : streams, (void *)(long)i);
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
    snprintf(name, sizeof name, "./capr-fifo-%d", (int)getpid());
    CHECK_EQUAL(mkfifo(name, 0600), 0);
    pthread_create(&writer, NULL, writes_into_fifo, name);
    usleep(10000);
    FILE *f = fopen(name, "r");
    CHECK(f && fgets(line, sizeof line, f) && strcmp(line, "through\n") == 0 && fclose(f) == 0);
    pthread_join(writer, NULL);
    unlink(name);
}

int main(void) {
    pthread_t t[16];
    alarm(100);
    for (int i = 0; i < 8; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, users, NULL), 0);
    for (int i = 8; i < 16; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, paths, NULL), 0);
    for (int i = 0; i < 16; i++) pthread_join(t[i], NULL);
    files();
    streams((void *)-1L); /* alone, where all is made in place */
    paths(NULL);
    return 0;
}
