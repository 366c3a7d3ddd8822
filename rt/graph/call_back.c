/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See call_back.h. Fat code, since what is called may block.
 */
#include "call_back.h"

__attribute__((noinline)) void capr__call_back(void (*function)(void *), void *arg) {
    uint64_t before = capr__call_back_begins(&capr__worker);
    function(arg);
    capr__call_back_ends(&capr__worker, before); /* perhaps another one's */
}
