// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A buffer of 8 KiB that only a cold path needs stays out of the frame that waits, unless the flag (or always_inline) says otherwise.
//
// RUN: %run-matrix %s %t | FileCheck %s
// RUN: %run-matrix %s %t-off -fcapriccio-inline-frame-limit=off | FileCheck %s
// RUN: %capcc -O2 -c %s -o %t.o
// RUN: %capcc -O2 %t.o -o %t.limited -fcapriccio-print=blocking 2>&1 | FileCheck --check-prefix=LIMITED %s
// RUN: %capcc -O2 %t.o -o %t.wide -fcapriccio-inline-frame-limit=16384 -fcapriccio-print=blocking 2>&1 | FileCheck --check-prefix=WHOLE %s
// RUN: %capcc -O2 %t.o -o %t.free -fcapriccio-inline-frame-limit=off -fcapriccio-print=blocking 2>&1 | FileCheck --check-prefix=WHOLE %s
// RUN: %capcc -O2 -DDEMAND %s -o %t.demand -fcapriccio-print=blocking 2>&1 | FileCheck --check-prefix=WHOLE %s
// RUN: %capcc -O2 -fcapriccio-inline-frame-limit=off -c %s -o %t.o
// RUN: %capcc -O2 %t.o -o %t.late -fcapriccio-print=blocking 2>&1 | FileCheck --check-prefix=WHOLE %s
// REQUIRES: capcc
// CHECK: 5 bytes: hello
// LIMITED: {{^[0-9]?[0-9]?[0-9]}} bytes while read blocks: {{(echo|main)}}
// WHOLE: {{^}}8{{[0-9][0-9][0-9]}} bytes while read blocks: {{(echo|main)}}
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef DEMAND
__attribute__((always_inline))
#endif
static inline void report(const char *text, long length) {
    char line[8192];
    snprintf(line, sizeof line, "%ld bytes: %s", length, text);
    puts(line);
}

static void *echo(void *fd) {
    char text[16];
    long length;
    while ((length = read(*(int *)fd, text, sizeof text - 1)) > 0) {
        text[length] = '\0';
        if (length == 5) report(text, length);
    }
    return NULL;
}

int main(void) {
    int fds[2];
    pthread_t thread;
    if (pipe(fds) || pthread_create(&thread, NULL, echo, &fds[0])) return 1;
    if (write(fds[1], "hello", 5) != 5) return 2;
    close(fds[1]);
    return pthread_join(thread, NULL);
}
