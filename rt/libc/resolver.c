/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The resolver by itself: libc asks servers inside, for seconds if one does not answer, so its calls run on the pool. Those without
 * a state of the caller's go by _res, which is each kernel thread's own: they get a copy of the worker's, so that what the program
 * set there holds, and that two threads may ask at once. Fat code.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>

#include "call.h"

/* res_nquery(3) and its relatives. Block. */
CAPR_INTERPOSE int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer, int room) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("res_nquery", (long)state, (long)name, class, type, (long)answer, room);
}
CAPR_INTERPOSE int res_nsearch(res_state state, const char *name, int class, int type, unsigned char *answer, int room) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("res_nsearch", (long)state, (long)name, class, type, (long)answer, room);
}
CAPR_INTERPOSE int res_nquerydomain(res_state state, const char *name, const char *domain, int class, int type, unsigned char *answer,
                                    int room) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("res_nquerydomain", (long)state, (long)name, (long)domain, class, type, (long)answer, room);
}
CAPR_INTERPOSE int res_nsend(res_state state, const unsigned char *question, int length, unsigned char *answer, int room) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("res_nsend", (long)state, (long)question, length, (long)answer, room);
}

/* No socket of the original's is the copy's, and none of its own outlives the call. NULL: no memory, no configuration. */
static __attribute__((noinline)) res_state copy_state(void) {
    res_state now = &_res;
    if (!(now->options & RES_INIT) && res_init() < 0) return NULL;
    res_state copy = malloc(sizeof *copy);
    if (!copy) return NULL;
    *copy = *now;
    copy->options &= ~(unsigned long)RES_STAYOPEN;
    copy->_vcsock = -1;
    copy->_flags = 0;
    for (int i = 0; i < MAXNS; i++) copy->_u._ext.nssocks[i] = -1;
    return copy;
}

#define WITH_COPY(call)                                                                                                             \
    res_state state = copy_state();                                                                                                 \
    if (!state) {                                                                                                                   \
        h_errno = NETDB_INTERNAL;                                                                                                   \
        return -1;                                                                                                                  \
    }                                                                                                                               \
    int r = call;                                                                                                                   \
    _res.res_h_errno = state->res_h_errno;                                                                                          \
    free(state);                                                                                                                    \
    return r

/* res_query(3) and its relatives. Block. */
CAPR_INTERPOSE int res_query(const char *name, int class, int type, unsigned char *answer, int room) {
    CAPR_MONITOR;
    WITH_COPY(res_nquery(state, name, class, type, answer, room));
}
CAPR_INTERPOSE int res_search(const char *name, int class, int type, unsigned char *answer, int room) {
    CAPR_MONITOR;
    WITH_COPY(res_nsearch(state, name, class, type, answer, room));
}
CAPR_INTERPOSE int res_querydomain(const char *name, const char *domain, int class, int type, unsigned char *answer, int room) {
    CAPR_MONITOR;
    WITH_COPY(res_nquerydomain(state, name, domain, class, type, answer, room));
}
CAPR_INTERPOSE int res_send(const unsigned char *question, int length, unsigned char *answer, int room) {
    CAPR_MONITOR;
    WITH_COPY(res_nsend(state, question, length, answer, room));
}
