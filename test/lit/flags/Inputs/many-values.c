// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Its main keeps as many values as it can: in the large code model the addresses of the functions that it calls are among them, and these are
// other functions once stubs stand in between.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
__attribute__((noinline)) static void *th(void *p) {
    sched_yield();
    return p;
}
int main(void) {
    pthread_t t[5];
    unsigned long s = 0;
    for (long i = 0; i < 5; i++) pthread_create(&t[i], NULL, th, (void *)(i * 7919 + 1));
    for (int i = 0; i < 5; i++) {
        void *r;
        pthread_join(t[i], &r);
        printf("%lx\n", (long)r);
        s = ((s ^ (long)r) * 0x9E3779B97F4A7C15ul + (s >> 7));
    }
    th((void *)3);
    printf("%lx\n", s);
    return 0;
}
