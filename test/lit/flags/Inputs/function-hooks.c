/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The hooks of -finstrument-functions, with large frames, and a recursion that they are called in. */
#include "../../run/Inputs/on-thread.h"

static volatile int entered, left;

__attribute__((no_instrument_function)) void __cyg_profile_func_enter(void *function, void *site) {
    volatile char room[1500];
    room[0] = 1;
    entered += room[0];
    (void)function, (void)site;
}
__attribute__((no_instrument_function)) void __cyg_profile_func_exit(void *function, void *site) {
    volatile char room[2500];
    room[0] = 1;
    left += room[0];
    (void)function, (void)site;
}

KEEP static int deep(int n) {
    char room[100];
    memset(room, n & 3, OPAQUE(sizeof room));
    return n == 0 ? 0 : deep(n - 1) + room[OPAQUE(50)];
}

static int before, after;
static void body(void) {
    before = entered - left;
    printf("deep %d ", deep(OPAQUE(1200)));
    after = entered - left;
}

int main(void) {
    on_thread(body);
    printf("hooks %s\n", before == after ? "balanced" : "lost");
    return 0;
}
