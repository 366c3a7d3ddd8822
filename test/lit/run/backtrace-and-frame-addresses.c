/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * backtrace(3) and __builtin_frame_address on linked chunks: the unwinder sees every frame of a recursion, whether or not a
 * chunk was linked between two of them. (dladdr knows an exported function by its entry stub, so names are not asked for.)
 *
 * RUN: %run-matrix %s %t -fno-omit-frame-pointer | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <execinfo.h>

#define DEPTH 40
static void *trace[200];

/* How often the return address that occurs most occurs: the recursive call's, once for each frame but the innermost. */
static int deepest_recursion(void) {
    int size = backtrace(trace, 200), most = 0;
    for (int i = 0; i < size; i++) {
        int same = 0;
        for (int k = 0; k < size; k++)
            same += trace[k] == trace[i];
        if (same > most)
            most = same;
    }
    return most;
}

KEEP int descend_and_look(int left) {
    volatile char room[300];
    room[0] = (char)left;
    int found = left ? descend_and_look(left - 1) : deepest_recursion();
    return found + (room[0] - (char)left);
}

KEEP void *frame_of_callee(void) { return __builtin_frame_address(0); }

KEEP void where_am_i(void) {
    char here;
    void *frame = __builtin_frame_address(0);
    printf("own frame above a local: %d\n", (char *)frame > &here && (char *)frame - &here < 4096);
    printf("callee has another frame: %d\n", frame_of_callee() != frame);
}

static void body(void) {
    int found = descend_and_look(OPAQUE(DEPTH - 1));
    // With a chunk linked at each call the way back through the runtime occurs as often, and once more for each call on the way here.
    printf("every frame: %d\n", found >= DEPTH - 1 && found <= DEPTH + 1);
    // CHECK: every frame: 1
    where_am_i();
    // CHECK-NEXT: own frame above a local: 1
    // CHECK-NEXT: callee has another frame: 1
}

int main(void) {
    on_thread(body);
    return 0;
}
