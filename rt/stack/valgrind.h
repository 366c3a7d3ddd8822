/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Running under valgrind. Its translation of bt, bts, btr and btc between registers keeps the register that is tested at rsp - 288
 * while the instruction lasts (VEX, dis_bt_G_E; bugs.kde.org 245925): far below what the program itself may touch, and on a
 * small stack in the memory of somebody else.
 */
#ifndef CAPR_VALGRIND_H
#define CAPR_VALGRIND_H

#include "../layout.h"

/* How far below rsp valgrind writes: bytes. */
#define CAPR_VALGRIND_BELOW 288

/* valgrind's client request RUNNING_ON_VALGRIND, from the documentation of its interface: rotations by 128 bits in all, which the
 * processor makes without effect. */
static inline int capr__under_valgrind(void) {
    uint64_t request[6] = {0x1001}, answer = 0;
    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\txchgq %%rbx, %%rbx"
                     : "+d"(answer) : "a"(request) : "memory", "cc");
    return answer != 0;
}

#endif
