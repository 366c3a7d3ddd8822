/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What libc says in a buffer of the thread's stays the thread's while others ask for the same, also when they end.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "check.h"

#define THREADS 50
#define UNKNOWN 4000 /* no number of an error */

static void *asks(void *arg) {
    int n = (int)(long)arg;
    char address[32], error[64], other[64], signal[64], library[64];
    snprintf(address, sizeof address, "10.1.2.%d", n);
    snprintf(error, sizeof error, "Unknown error %d", UNKNOWN + n);
    snprintf(other, sizeof other, "Unknown error %d", 2 * UNKNOWN + n);
    snprintf(signal, sizeof signal, "Unknown signal %d", UNKNOWN + n);
    snprintf(library, sizeof library, "/nonexistent/lib%d.so", n);
    struct in_addr in;
    CHECK_EQUAL(inet_pton(AF_INET, address, &in), 1);
    for (int i = 0; i < 20; i++) {
        errno = n;
        char *a = inet_ntoa(in), *e = strerror(UNKNOWN + n), *s = strsignal(UNKNOWN + n);
        CHECK_EQUAL(errno, n);
        CHECK(!dlopen(library, RTLD_NOW));
        char *d = dlerror();
        sched_yield();
        CHECK(strcmp(a, address) == 0);
        CHECK(strcmp(e, error) == 0);
        CHECK(strcmp(s, signal) == 0);
        CHECK(d && strncmp(d, library, strlen(library)) == 0);
        locale_t c = newlocale(LC_ALL_MASK, "C", 0);
        e = strerror_l(2 * UNKNOWN + n, c);
        freelocale(c);
        sched_yield();
        CHECK(strcmp(e, other) == 0);
        if (n % 7 == i) break; /* ends while the others hold theirs */
    }
    return NULL;
}

int main(void) {
    pthread_t t[THREADS];
    CHECK(strcmp(strerror(ENOENT), "No such file or directory") == 0 && strcmp(strsignal(SIGINT), "Interrupt") == 0);
    CHECK(!dlerror());
    CHECK(!dlopen("/nonexistent/first.so", RTLD_NOW) && strstr(dlerror(), "first.so"));
    CHECK(!dlerror());
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, asks, (void *)i), 0);
    asks((void *)(long)THREADS);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    return 0;
}
