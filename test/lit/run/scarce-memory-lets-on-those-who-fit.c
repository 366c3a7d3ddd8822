/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory is all but full, for good: what threads take they give back themselves, later, and nobody else would. To hold them all would
 * be to let one go on each second. 20,000 rounds would take hours then; the alarm is for that.
 *
 * RUN: %capcc -O2 %s -o %t
 * RUN: env CAPRICCIO_MEMORY=48M %t
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 20
#define ROUNDS 1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *ring[64];
static unsigned at;

static void *work(void *arg) {
    for (int i = 0; i < ROUNDS; i++) {
        /* He who waits here while others are held has what they need. */
        pthread_mutex_lock(&lock);
        usleep(1);
        char *block = malloc(4096);
        memset(block, 1, 4096);
        pthread_mutex_unlock(&lock);
        usleep(1);
        pthread_mutex_lock(&lock);
        free(ring[at % 64]);
        ring[at++ % 64] = block;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

int main(void) {
    alarm(120);
    size_t most = 45 << 20;
    char *cache = malloc(most);
    memset(cache, 1, most);
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&t[i], NULL, work, NULL)) return 1;
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    free(cache);
    return 0;
}
