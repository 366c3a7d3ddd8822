/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The wake-up protocol between signal handlers and the worker: a thread waits for a semaphore that handlers post, while the idle
 * thread is about to sleep in the kernel (rt/sync/sem.c, rt/sync/wait.c, rt/sched/idle.c, rt/io/epoll_wait.S). The handler is a
 * process of its own whose steps are one atomic action, as an interrupt is; it may come between any two steps of the worker.
 *
 * A lost wake-up is an end state that is not the end: the worker asleep, all posts made, the thread not through. With
 * -DNO_ABORT the handler does not move the instruction pointer out of the window before the system call: found to be wrong. With
 * -DNO_RECHECK the thread does not look at the value again once it is in the queue: found to be wrong, too.
 */
#define POSTS 3

byte value;           /* the semaphore's */
bool queued;          /* the thread is in its queue */
bool ready;           /* ... in the run queue */
byte deferred;        /* posts that the idle thread is to pass on */
bool window;          /* the worker is between its look at `deferred` and the system call */
bool asleep;          /* ... in the system call */
bool interrupted;     /* ... to leave it with EINTR */
byte got;

active proctype handler()
{
    byte posts = 0;
    do
    :: posts < POSTS ->
        atomic {
            value++;
            posts++;
            if
            :: queued -> deferred++ /* capr__defer */
            :: else
            fi;
#ifndef NO_ABORT
            if
            :: window -> interrupted = true /* the trampoline moves rip */
            :: else
            fi;
#endif
            if
            :: asleep -> interrupted = true /* the kernel's EINTR */
            :: else
            fi
        }
    :: else -> break
    od
}

inline pass_on()
{
    /* capr__run_deferred, capr__sem_pass: the handler may come in between, as in life */
    do
    :: deferred > 0 ->
        deferred--;
        if
        :: atomic { value > 0 && queued -> value--; queued = false; ready = true }
        :: else
        fi
    :: else -> break
    od
}

active proctype worker()
{
    /* thread: sem_wait, POSTS times */
    do
    :: got < POSTS ->
        if
        :: atomic { value > 0 -> value-- } /* one instruction */
        :: else ->
            queued = true;
#ifndef NO_RECHECK
            if
            :: atomic { value > 0 -> value--; queued = false } goto taken
            :: else
            fi;
#endif
            /* park: the idle thread's turn, until the thread is ready */
            do
            :: pass_on();
                if
                :: ready -> break
                :: else
                fi;
                window = true;
                if
                :: deferred > 0 || interrupted ->
                    window = false
                :: else ->
                    atomic { window = false; asleep = !interrupted };
                    (!asleep || interrupted);
                    asleep = false
                fi;
                interrupted = false
            od;
            ready = false
        fi;
taken:  got++
    :: else -> break
    od
}
