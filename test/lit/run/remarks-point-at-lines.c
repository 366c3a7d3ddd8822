// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// -Rpass-analysis=capriccio on a link prints remarks at the lines of objects that were compiled with -g; on a compile, and with
// another name, it is clang's affair alone. The last flag counts.
//
// RUN: %capcc -O2 -g -Werror -Rpass-analysis=capriccio -c %s -o %t.o 2>&1 | count 0
// RUN: %capcc -O2 -Rpass-analysis=capriccio %t.o -o %t 2>&1 | FileCheck %s
// RUN: %capcc -O2 -Rpass-analysis=inline -Rpass-analysis='cap.*o' %t.o -o %t 2>&1 | FileCheck %s
// RUN: %capcc -O2 -Rpass-analysis=capriccio -Rpass-analysis=inline %t.o -o %t 2>&1 | FileCheck --allow-empty --check-prefix=NONE %s
// RUN: %capcc -O2 -Rpass-analysis=capriccio -g %s -o %t 2>&1 | FileCheck %s
// RUN: %run-modes %t </dev/null
// REQUIRES: capcc
// NONE-NOT: capriccio]
// No runtime function is spoken of.
// CHECK-NOT: remark
// CHECK: {{^.*}}remarks-point-at-lines.c:[[#@LINE+19]]: remark: frame of 'serve' takes {{[0-9]+}} bytes: 'answer' 4096, 'request' 1024, 'path' 512 [-Rpass-analysis=capriccio]
// CHECK-NEXT: remarks-point-at-lines.c:[[#@LINE+22]]:17: remark: checkpoint in a loop: 'read' needs {{[0-9]+}} bytes; path over MaxPath
// CHECK-NEXT: remarks-point-at-lines.c:[[#@LINE+22]]:22: remark: 'snprintf' is called in a loop; big stack: no proven bound
// CHECK-NEXT: remarks-point-at-lines.c:[[#@LINE+22]]:9: remark: 'cold' is called in a loop; big stack: never blocks, path over MaxPath
// CHECK-NEXT: remarks-point-at-lines.c:[[#@LINE+17]]:25: remark: 'answer' (4096 bytes) is on the stack while 'read' blocks (line [[#@LINE+19]]) and is used before and after; 2 calls in 'serve' may block
// CHECK-NEXT: remarks-point-at-lines.c:[[#@LINE+16]]:10: remark: 'request' (1024 bytes) is on the stack while 'read' blocks (line [[#@LINE+18]]), which is handed its address;
// CHECK-NEXT: remarks-point-at-lines.c:[[#@LINE+22]]:14: remark: 'path' (512 bytes) is on the stack while 'read' blocks (line [[#@LINE+17]]) though nothing needs it then
// CHECK-NEXT: remarks-point-at-lines.c:{{[0-9]+}}: remark: frame of 'cold' takes {{[0-9]+}} bytes: 'buf' 8192 [
// CHECK-NOT: remark
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static __attribute__((noinline)) void cold(int x) {
    char buf[8192];
    snprintf(buf, sizeof buf, "x %d", x);
    setenv("COLD", buf, 1);
}
static void *serve(void *arg) {
    int fd = *(int *)arg;
    char request[1024], answer[4096];
    ssize_t n;
    while ((n = read(fd, request, sizeof request)) > 0) {
        int length = snprintf(answer, sizeof answer, "%zd: %.*s", n, (int)n, request);
        cold(length + answer[0]);
    }
    {
        char path[512];
        if (getcwd(path, sizeof path)) setenv("DONE", path, 1);
    }
    sleep(0);
    return NULL;
}

int main(void) {
    int fd = 0;
    pthread_t thread;
    return pthread_create(&thread, NULL, serve, &fd) || pthread_join(thread, NULL);
}
