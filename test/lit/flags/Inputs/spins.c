/* A shared object with a lock of its own, and a wait for a flag. */
#include <stdatomic.h>

static int lock;
static atomic_int flag;

void spins_lock(void) {
    while (__sync_lock_test_and_set(&lock, 1)) {
    }
}

void spins_unlock(void) { __sync_lock_release(&lock); }

void spins_set(void) { atomic_store(&flag, 1); }

void spins_wait(void) {
    while (!atomic_load(&flag)) {
    }
}
