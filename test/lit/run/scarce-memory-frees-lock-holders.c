/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Who takes memory waits while it holds the mutex that those need who would give some back, and there are ten times as many of it.
 * Held while memory is scarce it would keep all of them, and one block would be freed each second; the alarm is for that. And a cache
 * that fills the limit to the last percent, for good, beside threads that give back what they take: they must not be held for ever.
 *
 * RUN: %capcc -O2 %s -o %t
 * RUN: env CAPRICCIO_MEMORY=48M %t 0 3000
 * RUN: env CAPRICCIO_MEMORY=48M %t 47 20000
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct block {
    struct block *next;
    char bytes[65536 - sizeof(struct block *)];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *list;
static volatile long given, wanted;

static void *taker(void *arg) {
    while (given < wanted) {
        pthread_mutex_lock(&lock);
        usleep(20);
        struct block *b = malloc(sizeof *b);
        memset(b, 1, sizeof *b);
        b->next = list;
        list = b;
        pthread_mutex_unlock(&lock);
        usleep(1);
    }
    return arg;
}

static void *giver(void *arg) {
    while (given < wanted) {
        pthread_mutex_lock(&lock);
        struct block *b = list;
        if (b) {
            list = b->next;
            given++;
        }
        pthread_mutex_unlock(&lock);
        free(b);
        usleep(100);
    }
    return arg;
}

static void *borrower(void *arg) {
    while (given < wanted) {
        char *p = malloc(4000);
        memset(p, 1, 4000);
        __asm__ volatile("" : : "r"(p) : "memory");
        usleep(100);
        free(p);
        given++;
        usleep(100);
    }
    return arg;
}

int main(int argc, char **argv) {
    pthread_t t[40];
    int count = 0;
    size_t cache = argc > 1 ? (size_t)atol(argv[1]) << 20 : 0;
    wanted = cache ? 1000000000 : atol(argv[2]);
    alarm(120);
    if (cache) {
        while (count < 40) pthread_create(&t[count++], NULL, borrower, NULL);
        usleep(300000); /* what each node takes is known by then */
        char *p = malloc(cache);
        memset(p, 1, cache);
        given = 0;
        wanted = atol(argv[2]);
        __asm__ volatile("" : : "r"(p) : "memory");
    } else {
        while (count < 20) pthread_create(&t[count++], NULL, taker, NULL);
        while (count < 22) pthread_create(&t[count++], NULL, giver, NULL);
    }
    while (count) pthread_join(t[--count], NULL);
    return 0;
}
