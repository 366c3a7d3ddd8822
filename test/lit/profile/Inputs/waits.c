// Asks for its profile while it runs, waits until it is there, and keeps it under another name.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void *waits(void *unused) {
    for (int i = 0; i < 100; i++) usleep(1000);
    return unused;
}

int main(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, waits, NULL)) return 1;
    usleep(5000);
    kill(getpid(), SIGUSR2);
    for (int i = 0; rename("profile", "at-signal"); i++) {
        if (i == 2000) return 2;
        usleep(5000);
    }
    return pthread_join(thread, NULL);
}
