/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ends with no descriptor left.
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void *wait_a_little(void *unused) {
    usleep(1000);
    return unused;
}

int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, wait_a_little, NULL);
    pthread_join(t, NULL);
    while (open("/dev/null", O_RDONLY) >= 0) continue;
    return 0;
}
