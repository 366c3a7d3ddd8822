/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Descriptors that can't be asked without waiting (a fifo, a terminal, a listener that came from elsewhere) and that several threads wait
 * for at once, on several workers: who finds that there is something and who takes it is one thread, so that no other is left in the kernel
 * with its worker. And O_NONBLOCK, which the runtime sets for a moment on what is its own, nobody sees.
 *
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: rm -f %t.fifo
 * RUN: timeout 100 %t %t.fifo
 * RUN: env CAPRICCIO_WORKERS=1 timeout 100 %t %t.fifo
 * RUN: env CAPRICCIO_WORKERS=4 timeout 100 %t %t.fifo
 * RUN: env CAPRICCIO_WORKERS=16 timeout 100 %t %t.fifo
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define THREADS 8
#define EACH 200

static int fifo;
static pthread_t threads[THREADS];

static void begin(void *function(void *)) {
    for (int i = 0; i < THREADS; i++) assert(pthread_create(&threads[i], NULL, function, NULL) == 0);
}

static void end(void) {
    for (int i = 0; i < THREADS; i++) assert(pthread_join(threads[i], NULL) == 0);
}

static void *write_pages(void *arg) {
    char page[4096];
    memset(page, 'w', sizeof page);
    for (int i = 0; i < EACH; i++) assert(write(fifo, page, sizeof page) == (ssize_t)sizeof page);
    return arg;
}

static void *read_bytes(void *arg) {
    char byte;
    for (;;) {
        assert(read(fifo, &byte, 1) == 1);
        assert((fcntl(fifo, F_GETFL) & O_NONBLOCK) == 0);
        if (byte == 'q') return arg;
    }
}

static void *answer(void *arg) {
    for (char byte = 0; byte != 'q';) {
        int s = accept(3, NULL, NULL);
        assert(s >= 0 && read(s, &byte, 1) == 1 && write(s, &byte, 1) == 1 && close(s) == 0);
    }
    return arg;
}

/* As under a supervisor that hands a listener on. */
static void listen_in_the_next_program(char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 128) == 0);
    assert(dup2(listener, 3) == 3 && setenv("LISTENER", "3", 1) == 0);
    execv("/proc/self/exe", argv);
    assert(0);
}

static void ask(char byte) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    char back;
    assert(getsockname(3, (struct sockaddr *)&address, &size) == 0 && connect(s, (struct sockaddr *)&address, size) == 0);
    assert(write(s, &byte, 1) == 1 && read(s, &back, 1) == 1 && back == byte && close(s) == 0);
}

int main(int argc, char **argv) {
    assert(argc == 2);
    if (!getenv("LISTENER")) listen_in_the_next_program(argv);

    begin(answer);
    for (int i = 0; i < THREADS * EACH; i++) ask('x');
    for (int i = 0; i < THREADS; i++) ask('q');
    end();

    static char page[4096];
    assert(mkfifo(argv[1], 0600) == 0 && (fifo = open(argv[1], O_RDWR)) >= 0);
    begin(write_pages);
    for (long left = (long)THREADS * EACH * (long)sizeof page, n; left; left -= n) assert((n = read(fifo, page, sizeof page)) > 0);
    end();
    begin(read_bytes);
    for (int i = 0; i < THREADS * EACH; i++) assert(write(fifo, "x", 1) == 1);
    for (int i = 0; i < THREADS; i++) assert(write(fifo, "q", 1) == 1);
    end();
    assert(close(fifo) == 0 && unlink(argv[1]) == 0);

    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios raw;
    assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    assert((fifo = open(ptsname(master), O_RDWR | O_NOCTTY)) >= 0 && tcgetattr(fifo, &raw) == 0);
    cfmakeraw(&raw);
    assert(tcsetattr(fifo, TCSANOW, &raw) == 0);
    begin(read_bytes);
    for (int i = 0; i < THREADS * EACH; i++) assert(write(master, "x", 1) == 1);
    for (int i = 0; i < THREADS; i++) assert(write(master, "q", 1) == 1);
    end();
    return 0;
}
