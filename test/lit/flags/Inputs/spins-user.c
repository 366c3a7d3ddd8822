#include <pthread.h>
#include <stdio.h>

void spins_lock(void);
void spins_unlock(void);
void spins_set(void);
void spins_wait(void);

static long count;

static void *counts(void *unused) {
    for (int i = 0; i < 200; i++) {
        spins_lock();
        long before = count;
        sched_yield();
        count = before + 1;
        spins_unlock();
    }
    return unused;
}

static void *sets(void *unused) {
    spins_set();
    return unused;
}

int main(void) {
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, counts, NULL);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    pthread_create(&t[0], NULL, sets, NULL);
    spins_wait();
    pthread_join(t[0], NULL);
    printf("counted %ld\n", count);
    return 0;
}
