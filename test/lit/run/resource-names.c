/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * capr_resource_create: a name is one resource's, also where only 31 bytes of it are kept, and not the runtime's own; what is refused says
 * so in errno and leaves its place to others.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t && timeout 60 %t | FileCheck %s
 * CHECK: ok
 */
#include <capriccio.h>
#include <errno.h>
#include <stdio.h>

#define LONG "0123456789012345678901234567890"

static int wrong;

static void refused(const char *name, unsigned long limit, int error) {
    errno = 0;
    int number = capr_resource_create(name, limit);
    if (number != -1 || errno != error) {
        printf("%s: %d, errno %d\n", name ? name : "NULL", number, errno);
        wrong = 1;
    }
}

int main(void) {
    const char *const own[] = {"memory", "stack", "descriptors", "cpu", "disk"};
    refused(NULL, 1, EINVAL);
    refused("", 1, EINVAL);
    refused("a", 0, EINVAL);
    for (int i = 0; i < 5; i++)
        refused(own[i], 1, EEXIST);
    int a = capr_resource_create("a", 1), b = capr_resource_create("ab", 1), c = capr_resource_create(LONG "x", 1), d;
    refused("a", 2, EEXIST);
    refused("ab", 2, EEXIST);
    refused(LONG "y", 2, EEXIST);
    d = capr_resource_create("memory2", 1);
    refused("e", 1, ENOSPC);
    printf("%s\n", a == 0 && b == 1 && c == 2 && d == 3 && !wrong ? "ok" : "wrong");
    return 0;
}
