/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See granted.h. Plain code.
 */
#include "granted.h"

#include "../proc/signals.h"

CAPR_HIDDEN void capr__grant_back(struct capr_thread *t) {
    unsigned kind = (uint64_t)t->wait_data & CAPR_GRANTED_KINDS;
    void *object = (void *)((uint64_t)t->wait_data & ~(uint64_t)CAPR_GRANTED_KINDS);
    t->granted = 0;
    t->wait_data = kind == CAPR_GRANTED_UNIT ? &capr__wait_restartable : object;
    switch (kind) {
    case CAPR_GRANTED_UNIT: capr__sem_back(object); break;
    case CAPR_GRANTED_DEMAND: capr__demand_back(object); break;
    case CAPR_GRANTED_MUTEX: capr__mutex_back(object, t); break;
    default: capr__rwlock_back(object, t, kind == CAPR_GRANTED_WRITING); break;
    }
}
