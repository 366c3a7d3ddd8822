/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What libc does inside with many system calls: names of hosts, directories, shells. Each from many threads at once; a shell that
 * waits for a thread of this process must get its answer.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static void *names(void *arg) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *list = NULL;
    char host[64], service[16], address[32];
    snprintf(address, sizeof address, "127.0.1.%d", (int)(long)arg);
    CHECK_EQUAL(getaddrinfo(address, "80", &hints, &list), 0);
    CHECK_EQUAL(getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV), 0);
    CHECK(strcmp(host, address) == 0 && strcmp(service, "80") == 0);
    freeaddrinfo(list);
    CHECK_EQUAL(getaddrinfo("no.numbers", "80", &hints, &list), EAI_NONAME);
    struct hostent entry, *result;
    char buffer[1024];
    int error;
    CHECK_EQUAL(gethostbyname_r(address, &entry, buffer, sizeof buffer, &result, &error), 0);
    CHECK(result == &entry && entry.h_length == 4);
    CHECK_EQUAL(gethostbyname_r(address, &entry, buffer, 1, &result, &error), ERANGE);
    CHECK(gethostbyname("127.0.0.1")); /* its result is everybody's */
    return NULL;
}

static char top[] = "./capr-names-XXXXXX";
static DIR *shared;
static int found;

static void *walker(void *arg) {
    char dir[64], name[96];
    int n = 0, id = (int)(long)arg;
    snprintf(dir, sizeof dir, "%s/d%d", top, id);
    CHECK_EQUAL(mkdir(dir, 0700), 0);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%s/%d", dir, i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        CHECK(fd >= 0);
        close(fd);
    }
    DIR *d = opendir(dir);
    CHECK(d);
    long half = 0;
    char at_half[64] = "";
    for (struct dirent *e; errno = 0, (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        if (half && !at_half[0]) strcpy(at_half, e->d_name);
        if (++n == 25) half = telldir(d);
    }
    CHECK_EQUAL(errno, 0);
    CHECK_EQUAL(n, 50);
    seekdir(d, half);
    struct dirent *e = readdir(d);
    CHECK(e && strcmp(e->d_name, at_half) == 0);
    rewinddir(d);
    while ((e = readdir(d)))
        if (e->d_name[0] != '.') CHECK_EQUAL(unlinkat(dirfd(d), e->d_name, 0), 0);
    CHECK_EQUAL(closedir(d), 0);
    while (readdir(shared)) found++;
    CHECK_EQUAL(rmdir(dir), 0);
    return NULL;
}

static void directories(void) {
    pthread_t t[40];
    CHECK(opendir("/nonexistent") == NULL && errno == ENOENT);
    CHECK(opendir("/proc/self/status") == NULL && errno == ENOTDIR);
    CHECK(opendir("") == NULL && errno == ENOENT);
    shared = opendir("/proc");
    CHECK(shared);
    for (long i = 0; i < 40; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, walker, (void *)i), 0);
    for (int i = 0; i < 40; i++) pthread_join(t[i], NULL);
    int one = found;
    rewinddir(shared);
    found = 0;
    while (readdir(shared)) found++;
    CHECK(one >= found - 40 && one <= found + 40); /* processes come and go; each entry was read once */
    closedir(shared);
}

static int asked[2], answered[2];

static void *answers(void *arg) {
    char c;
    CHECK_EQUAL(read(asked[0], &c, 1), 1);
    CHECK_EQUAL(write(answered[1], "7\n", 2), 2);
    return arg;
}

static void *shell(void *arg) {
    char command[32];
    int n = (int)(long)arg;
    snprintf(command, sizeof command, "exit %d", n);
    int status = system(command);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == n);
    FILE *f = popen("echo one; exit 3", "r");
    char line[32];
    CHECK(f && fgets(line, sizeof line, f) && strcmp(line, "one\n") == 0);
    CHECK(!fgets(line, sizeof line, f));
    status = pclose(f);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    f = popen("read x && exit $x", "w");
    CHECK(f && fprintf(f, "%d\n", n) > 0);
    status = pclose(f);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == n);
    return NULL;
}

static void *long_shell(void *arg) {
    system("exec sleep 50");
    return arg;
}

static void shells(void) {
    pthread_t t[16];
    CHECK(system(NULL) != 0);
    CHECK(popen("true", "x") == NULL && errno == EINVAL);
    for (long i = 0; i < 16; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, shell, (void *)i), 0);
    for (int i = 0; i < 16; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(pipe(asked), 0);
    CHECK_EQUAL(pipe(answered), 0);
    CHECK_EQUAL(pthread_create(t, NULL, answers, NULL), 0);
    char command[100];
    snprintf(command, sizeof command, "echo >&%d; read x <&%d; exit $x", asked[1], answered[0]);
    int status = system(command);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    pthread_join(*t, NULL);
    void *result;
    CHECK_EQUAL(pthread_create(t, NULL, long_shell, NULL), 0);
    for (int i = 0; i < 100; i++) sched_yield();
    pthread_cancel(*t);
    pthread_join(*t, &result);
    CHECK(result == PTHREAD_CANCELED);
    CHECK(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD);
    struct sigaction now;
    sigaction(SIGINT, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
}

#define SIZE (3 << 20)
static int pair[2];

static void *sends(void *arg) {
    char name[64];
    snprintf(name, sizeof name, "%s/big", top);
    int fd = open(name, O_RDWR | O_CREAT, 0600);
    char *block = malloc(SIZE);
    for (int i = 0; i < SIZE; i++) block[i] = (char)(i * 13 + (i >> 12));
    CHECK_EQUAL(write(fd, block, SIZE), SIZE);
    free(block);
    CHECK_EQUAL(fsync(fd), 0);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    char c;
    CHECK_EQUAL(pread(fd, &c, 1, SIZE / 3), 1); /* some of it is in memory */
    off_t offset = 1;
    CHECK_EQUAL(sendfile(pair[0], fd, &offset, SIZE), SIZE - 1);
    CHECK_EQUAL(offset, SIZE);
    int copy = open("/dev/null", O_WRONLY);
    offset = SIZE - 10;
    CHECK_EQUAL(sendfile(copy, fd, &offset, 100), 10);
    close(copy);
    close(fd);
    CHECK_EQUAL(unlink(name), 0);
    return arg;
}

static void files_to_sockets(void) {
    pthread_t t;
    static char buf[70000];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CHECK_EQUAL(pthread_create(&t, NULL, sends, NULL), 0);
    for (long got = 1; got < SIZE;) {
        ssize_t n = read(pair[1], buf, sizeof buf);
        CHECK(n > 0);
        for (ssize_t i = 0; i < n; i++) CHECK_EQUAL(buf[i], (char)((got + i) * 13 + ((got + i) >> 12)));
        got += n;
    }
    pthread_join(t, NULL);
}

int main(void) {
    pthread_t t[64];
    alarm(100);
    CHECK(mkdtemp(top));
    for (long i = 0; i < 64; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, names, (void *)i), 0);
    for (int i = 0; i < 64; i++) pthread_join(t[i], NULL);
    directories();
    shells();
    files_to_sockets();
    CHECK_EQUAL(rmdir(top), 0);
    return 0;
}
