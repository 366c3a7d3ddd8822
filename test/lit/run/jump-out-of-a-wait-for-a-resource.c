/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread that a handler takes out of capr_resource_acquire by siglongjmp waits no longer, has taken nothing, and leaves those behind it
 * their turn; one whose handler returns waits on. The signal is the thread's own, or comes for the process while all threads wait.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 -D_GNU_SOURCE %s -o %t && timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_STACK=always timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_SCHED=rr timeout 60 %t | FileCheck %s
 * CHECK: left, 1 behind it has its own, 10 are there again
 * CHECK-NEXT: handled 1, waits on, then has them
 * CHECK-NEXT: left by a timer, 10 are there again
 */
#include <capriccio.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int slots, got, left, handled;
static sigjmp_buf target;

static void jump(int number) { siglongjmp(target, number); }
static void count(int number) { handled += number == SIGUSR2; }

__attribute__((noinline)) static void use_stack(void) {
    volatile char bytes[20000];
    memset((void *)bytes, 0x5a, sizeof bytes);
}

static void *wants_much(void *arg) {
    if (!sigsetjmp(target, 1))
        capr_resource_acquire(slots, 8);
    else
        left++;
    use_stack();
    return arg;
}

static void *wants_little(void *arg) {
    capr_resource_acquire(slots, 3);
    got++;
    capr_resource_release(slots, 3);
    return arg;
}

static void *wants_all(void *arg) {
    capr_resource_acquire(slots, 10);
    got++;
    capr_resource_release(slots, 10);
    return arg;
}

static void *holds(void *arg) {
    capr_resource_acquire(slots, 5);
    usleep(200000);
    capr_resource_release(slots, 5);
    return arg;
}

int main(void) {
    pthread_t much, little, all, holder;
    signal(SIGUSR1, jump);
    signal(SIGALRM, jump);
    signal(SIGUSR2, count);
    slots = capr_resource_create("slots", 10);

    capr_resource_acquire(slots, 5);
    pthread_create(&much, NULL, wants_much, NULL);
    usleep(50000); /* it is to wait before `little` asks, on another worker perhaps */
    pthread_create(&little, NULL, wants_little, NULL);
    usleep(10000);
    int before = got;
    pthread_kill(much, SIGUSR1);
    pthread_join(much, NULL);
    pthread_join(little, NULL);
    capr_resource_release(slots, 5);
    wants_all(NULL);
    printf("%s, %d behind it has its own, 10 are there again\n", left ? "left" : "not left", got - 1 - before);

    capr_resource_acquire(slots, 5);
    pthread_create(&all, NULL, wants_all, NULL);
    usleep(10000);
    before = got;
    pthread_kill(all, SIGUSR2);
    usleep(10000);
    printf("handled %d, %s", handled, got == before ? "waits on" : "went on");
    capr_resource_release(slots, 5);
    pthread_join(all, NULL);
    printf(", then has them\n");

    pthread_create(&holder, NULL, holds, NULL);
    usleep(10000);
    struct itimerval soon = {.it_value = {0, 20000}};
    if (!sigsetjmp(target, 1)) {
        setitimer(ITIMER_REAL, &soon, NULL);
        capr_resource_acquire(slots, 8);
        printf("not ");
    }
    use_stack();
    pthread_join(holder, NULL);
    wants_all(NULL);
    printf("left by a timer, 10 are there again\n");
    return 0;
}
