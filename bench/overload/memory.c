/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Does a program that takes more memory than there is slow down, or collapse? Producers take blocks of 256 KiB, touch them and hand
 * them to consumers, who read them and give them back (section 5.3 of the paper). With few producers all is well; with many, blocks pile
 * up. Prints a line each second: blocks consumed, blocks waiting, MiB resident; then the mean rate and the largest size.
 *
 *     memory PRODUCERS [CONSUMERS [SECONDS [MORE FROM UNTIL]]]        defaults: 20 consumers, 10 s
 *
 * MORE: so many producers more, from second FROM until second UNTIL.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256 << 10)
#define PRODUCE_US 100  /* a producer's own time between blocks, waiting for what it makes them from */
#define CONSUME_US 1000 /* a consumer's, passing the result on */

struct block {
    struct block *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct block *head, *tail;
static long waiting, consumed;
static volatile int second, more_until;

/* `arg`: for a time only. */
static void *produce(void *arg) {
    while (!arg || second < more_until) {
        struct block *b = malloc(BLOCK);
        if (!b) {
            usleep(PRODUCE_US);
            continue;
        }
        memset(b, 1, BLOCK);
        b->next = NULL;
        pthread_mutex_lock(&lock);
        if (tail)
            tail->next = b;
        else
            head = b;
        tail = b;
        waiting++;
        pthread_cond_signal(&filled);
        pthread_mutex_unlock(&lock);
        usleep(PRODUCE_US);
    }
    return arg;
}

static void *consume(void *arg) {
    static volatile unsigned sum;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!head) pthread_cond_wait(&filled, &lock);
        struct block *b = head;
        head = b->next;
        if (!head) tail = NULL;
        waiting--;
        consumed++;
        pthread_mutex_unlock(&lock);
        unsigned s = 0;
        for (int i = 0; i < BLOCK; i += 64) s += ((unsigned char *)b)[i];
        sum += s;
        free(b);
        usleep(CONSUME_US);
    }
    return arg;
}

static long resident_mib(void) {
    long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &size, &pages) != 2) pages = 0;
        fclose(f);
    }
    return pages >> 8;
}

int main(int argc, char **argv) {
    int producers = argc > 1 ? atoi(argv[1]) : 0, consumers = argc > 2 ? atoi(argv[2]) : 20, seconds = argc > 3 ? atoi(argv[3]) : 10;
    if (producers < 1 || consumers < 1 || seconds < 1) {
        fprintf(stderr, "usage: memory PRODUCERS [CONSUMERS [SECONDS [MORE FROM UNTIL]]]\n");
        return 2;
    }
    pthread_t thread;
    for (int i = 0; i < consumers + producers; i++)
        if (pthread_create(&thread, NULL, i < consumers ? consume : produce, NULL)) {
            perror("pthread_create");
            return 1;
        }
    long before = 0, largest = 0;
    int more = argc > 6 ? atoi(argv[4]) : 0, from = argc > 6 ? atoi(argv[5]) : 0;
    more_until = argc > 6 ? atoi(argv[6]) : 0;
    for (int i = 0; i < seconds; i++) {
        second = i;
        for (int n = 0; n < more && i == from; n++)
            if (pthread_create(&thread, NULL, produce, &more)) perror("pthread_create");
        sleep(1);
        long now = consumed, resident = resident_mib();
        if (resident > largest) largest = resident;
        printf("%ld consumed, %ld waiting, %ld MiB\n", now - before, waiting, resident);
        fflush(stdout);
        before = now;
    }
    printf("mean %.0f a second, at most %ld MiB\n", (double)consumed / seconds, largest);
    fflush(stdout);
    _exit(0);
}
