// Threads whose calls pass two checks, one below the other, each time round, and wait at the bottom; what is behind a flag that nobody
// sets would go deeper. With "fork", a child does the same. Built with -O1 and checks after 1024 bytes.
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 10, ROUNDS = 20 };
volatile int flag;

__attribute__((noinline)) static int never(char *out, int n) {
    char text[400];
    memset(text, n, sizeof text);
    usleep(1);
    out[0] = text[n % 100];
    return text[7];
}

__attribute__((noinline)) static int bottom(char *out, int n) {
    char text[200];
    memset(text, n, sizeof text);
    usleep(10);
    out[0] = text[n % 100];
    return flag ? never(out, n) : text[7];
}

__attribute__((noinline)) static int middle(char *out, int n) {
    char text[600];
    memset(text, n, sizeof text);
    int sum = 0;
    for (int i = 0; i < 3; i++) sum += bottom(text, n + i);
    out[0] = text[3];
    return sum + text[9];
}

__attribute__((noinline)) static int top(char *out, int n) {
    char text[600];
    memset(text, n, sizeof text);
    int sum = middle(text, n);
    out[1] = text[2];
    return sum + text[9];
}

static void *rounds(void *unused) {
    char text[4];
    long sum = 0;
    for (int i = 0; i < ROUNDS; i++) sum += top(text, i);
    return (void *)sum;
}

static void work(void) {
    pthread_t threads[THREADS];
    long sum = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, rounds, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    printf("%ld\n", sum);
    fflush(stdout);
}

int main(int argc, char **argv) {
    work();
    if (argc > 1 && !strcmp(argv[1], "fork")) {
        pid_t child = fork();
        if (child == 0) {
            work();
            return 0;
        }
        int status;
        if (waitpid(child, &status, 0) != child || status) return 1;
        printf("child %d\n", (int)child);
    }
    return 0;
}
