/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The mutex of rt/sync/mutex.c: an unlock frees it and makes one waiter ready, no second one while the first is on its way; a waiter
 * that lost too often is handed the mutex; a waiter may be called away to run a signal handler, and looks again. Threads of one
 * worker take turns: a step between two waits is atomic, and which thread is next is open. Checked: never two holders; never a
 * free mutex with waiters and nobody on his way to it, which would be a deadlock, an end state that is not the end.
 *
 * With -DNO_LOOK a waiter that a handler called away goes back to the queue without looking at the mutex: found to be wrong.
 */
#define THREADS 3
#define ROUNDS 2
#define PATIENCE 1
#define SIGNALS 2
#define NOBODY 255

byte owner = NOBODY;
byte starved;
bool waker;                     /* a woken waiter has not run yet */
chan waiters = [THREADS] of { byte };
bool parked[THREADS];           /* in the queue */
bool woken[THREADS];            /* by an unlock: wait_data is NULL */
bool ready[THREADS] = true;
byte inside, signals;

inline pass()
{
    owner = NOBODY;
    if
    :: waker && starved < PATIENCE
    :: else ->
        if
        :: waiters?t ->
            parked[t] = false;
            woken[t] = true;
            if
            :: starved >= PATIENCE -> starved = 0; owner = t
            :: else -> waker = true
            fi;
            ready[t] = true;
            t = 0
        :: empty(waiters)
        fi
    fi
}

proctype thread(byte self)
{
    byte rounds = 0, t = 0;
    do
    :: rounds < ROUNDS ->
        atomic {
            ready[self] ->
            do
            :: owner == NOBODY -> owner = self; break
            :: else ->
again:          waiters!self;
                parked[self] = true;
                woken[self] = false;
                ready[self] = false;
                ready[self] ->          /* park: the others' turn */
                if
                :: woken[self] && owner == self -> break  /* handed over */
                :: woken[self] && owner != self -> waker = false
#ifdef NO_LOOK
                :: !woken[self] -> goto again
#else
                :: !woken[self]
#endif
                fi;
                if
                :: owner == NOBODY -> starved = 0
                :: else -> if :: starved < PATIENCE -> starved++ :: else fi
                fi
            od;
            inside++;
            assert(inside == 1 && owner == self)
        }
        atomic {
            inside--;
            pass();
            rounds++
        }
    :: else -> break
    od
}

/* Calls a waiter away: out of the queue, and ready, though nobody gave it anything. */
active proctype kill()
{
    byte t = 0, n;
    do
    :: signals < SIGNALS ->
        atomic {
            if
            :: t = 0
            :: t = 1
            :: t = 2
            fi;
            if
            :: parked[t] ->
                n = len(waiters);
                waiters??eval(t);
                parked[t] = false;
                ready[t] = true
            :: else
            fi;
            signals++
        }
    :: else -> break
    od
}

init
{
    atomic {
        run thread(0);
        run thread(1);
        run thread(2)
    }
}
