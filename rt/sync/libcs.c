/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Finds glibc's functions on process-shared objects behind ours of the same name (libcs.h), at the first such object, since most
 * programs have none; and looks once whether the objects look as this runtime takes for granted. Plain code.
 */
#include "libcs.h"

#include <dlfcn.h>
#include <string.h>

#include "../proc/message.h"

const struct capr_libcs *capr__libcs_found;
static struct capr_libcs libcs;

/* Some have a version of their own from before NPTL, which dlsym may find first. */
static void *find(const char *name, const char *version) {
    void *f = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    if (!f) f = dlsym(RTLD_NEXT, name);
    if (!f) capr__fatal("the C library has no %s; link against glibc 2.34 or later", name);
    return f;
}

static uint64_t word_at(const void *object, unsigned offset) {
    uint64_t word;
    memcpy(&word, (const char *)object + offset, sizeof word);
    return word;
}

/* The flags where the headers' fields are, and nothing else where ours keep what makes fast paths fast. */
static int as_expected(void) {
    pthread_mutex_t m;
    pthread_mutexattr_t ma;
    pthread_cond_t c;
    pthread_condattr_t ca;
    pthread_rwlock_t l;
    pthread_rwlockattr_t la;
    pthread_barrier_t b;
    pthread_barrierattr_t ba;
    pthread_spinlock_t s;
    pthread_mutexattr_init(&ma);
    pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_settype(&ma, PTHREAD_MUTEX_RECURSIVE);
    pthread_condattr_init(&ca);
    pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
    pthread_rwlockattr_init(&la);
    pthread_rwlockattr_setpshared(&la, PTHREAD_PROCESS_SHARED);
    pthread_barrierattr_init(&ba);
    pthread_barrierattr_setpshared(&ba, PTHREAD_PROCESS_SHARED);
    libcs.mutex_init(&m, &ma);
    libcs.cond_init(&c, &ca);
    libcs.rwlock_init(&l, &la);
    libcs.barrier_init(&b, &ba, 3);
    libcs.spin_init(&s, PTHREAD_PROCESS_SHARED);
    return word_at(&m, 16) == (CAPR_LIBCS_SHARED | PTHREAD_MUTEX_RECURSIVE) && word_at(&c, 32) == 1ull << 32 &&
           word_at(&l, 24) == 1ull << 32 && word_at(&b, 8) == (3 | (uint64_t)CAPR_LIBCS_SHARED << 32) && s == 1;
}

const struct capr_libcs *capr__libcs_find(void) {
    if (capr__libcs_found) return capr__libcs_found;
#define FIND(name, version) libcs.name = (__typeof__(libcs.name))find("pthread_" #name, version)
    FIND(mutex_init, NULL);
    FIND(mutex_destroy, NULL);
    FIND(mutex_lock, NULL);
    FIND(mutex_trylock, NULL);
    FIND(mutex_clocklock, NULL);
    FIND(mutex_unlock, NULL);
    FIND(mutex_consistent, NULL);
    FIND(mutex_getprioceiling, NULL);
    FIND(mutex_setprioceiling, NULL);
    FIND(cond_init, "GLIBC_2.3.2");
    FIND(cond_destroy, "GLIBC_2.3.2");
    FIND(cond_wait, "GLIBC_2.3.2");
    FIND(cond_clockwait, NULL);
    FIND(cond_signal, "GLIBC_2.3.2");
    FIND(cond_broadcast, "GLIBC_2.3.2");
    FIND(rwlock_init, NULL);
    FIND(rwlock_destroy, NULL);
    FIND(rwlock_tryrdlock, NULL);
    FIND(rwlock_trywrlock, NULL);
    FIND(rwlock_clockrdlock, NULL);
    FIND(rwlock_clockwrlock, NULL);
    FIND(rwlock_unlock, NULL);
    FIND(barrier_init, NULL);
    FIND(barrier_destroy, NULL);
    FIND(barrier_wait, NULL);
    FIND(spin_init, NULL);
    FIND(spin_trylock, NULL);
    FIND(spin_unlock, NULL);
#undef FIND
    if (!as_expected())
        capr__fatal("this C library lays process-shared locks out in another way than the one that capcc was built with; "
                    "build capcc with its headers");
    return capr__libcs_found = &libcs;
}
