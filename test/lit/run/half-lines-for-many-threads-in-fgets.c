/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Many threads wait in fgets, each deep in a recursion and with half a line; a thread that runs meanwhile sends the rest, last
 * thread first, and each answers by fprintf.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define N 100

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ready;

static KEEP int answer(int left, FILE *in, FILE *out) {
    volatile char room[100];
    room[0] = 0;
    if (left) return answer(left - 1, in, out) + room[0];
    char line[64];
    pthread_mutex_lock(&lock);
    ready++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (!fgets(line, sizeof line, in)) return 1;
    fprintf(out, "%s again", strtok(line, "\n"));
    return fflush(out);
}

static void *thread(void *arg) {
    int fd = (int)(long)arg;
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
    long bad = answer(20, in, out);
    fclose(in);
    fclose(out);
    return (void *)bad;
}

int main(void) {
    static int pair[N][2];
    pthread_t t[N];
    for (int i = 0; i < N; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i])) return 1;
        pthread_create(&t[i], NULL, thread, (void *)(long)pair[i][0]);
    }
    pthread_mutex_lock(&lock);
    while (ready < N) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < N; i++) write(pair[i][1], "line ", 5);
    int right = 0;
    for (int i = N; i-- > 0;) {
        char text[64], want[64];
        FILE *f = fdopen(pair[i][1], "r+");
        fprintf(f, "%d\n", i);
        fflush(f);
        int n = (int)fread(text, 1, sizeof text, f);
        right += n == snprintf(want, sizeof want, "line %d again", i) && memcmp(text, want, (size_t)n) == 0;
        fclose(f);
    }
    int bad = 0;
    for (int i = 0; i < N; i++) {
        void *r;
        pthread_join(t[i], &r);
        bad += r != NULL;
    }
    // CHECK: right 100 bad 0
    printf("right %d bad %d\n", right, bad);
    return 0;
}
