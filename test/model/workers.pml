/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Several workers (rt/sched/workers.c, rest.c, run_queue.c): how they share threads, go to sleep and wake one another. A worker is a process;
 * a thread is what it does next, which any worker can go on with. The monitor is a lock; run queues are changed in one step, as under
 * their own locks; a yield does without the monitor.
 *
 * Three threads: the first reads from a descriptor and posts a semaphore, the second waits for that and yields, the third sleeps and then
 * computes until the second is through, without a single call. Checked: no worker runs a thread that another has not left, never two
 * workers poll, and all threads come to their ends. The worker that watches may look up at any time, but only for as long as
 * `watch_ends` does not hold: what is found only because somebody else happened to look would show as a state without a next.
 *
 * With -DSTAYS the first thread has to go on with its worker, as long as that is so, and the third yields while it computes. Found to be
 * wrong: -DNO_OFF runs a thread whose switch is not done; -DYIELD_FIRST shows a thread to others before it is known what is to run in
 * its place; -DSLEEP_OUTSIDE goes to sleep after leaving the monitor; -DNO_WATCH leaves nobody to watch
 * when a sleeper begins to run a thread; -DNO_ALARM sets alarms that do not ring; -DTWO_POLL looks at descriptors although another worker does.
 */
#define WORKERS 2
#define THREADS 3
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define NOBODY 255

mtype = { BUSY, POLLS, SLEEPS };

/* Threads. An idle thread's number is THREADS plus its worker's. */
byte pc[THREADS], rounds[THREADS], home[THREADS];
bool running[THREADS + WORKERS], stays[THREADS];
byte on[THREADS + WORKERS] = NOBODY;    /* the worker whose stack pointer is on its stack */
byte finished, polling;

/* What they wait for. */
byte data, posts;                       /* in the descriptor; of the semaphore */
bool reads, waits, sleeps, due;         /* the first, second, third thread is queued for it; the third's deadline has passed */
bool event;                             /* the descriptor's, which epoll has not given yet */

/* Workers. */
bool inside;                            /* somebody is in the monitor */
chan queue[WORKERS] = [THREADS] of { byte };
mtype state[WORKERS] = BUSY;
byte idle, poller = NOBODY, watcher = NOBODY, alarmed = NOBODY;
bool watch_ends, waking, edge;          /* edge: the eventfd has been written */
bool knows;                             /* the poll ends with the deadline */

#define all_done (finished == THREADS)

inline enter() { atomic { !inside -> inside = true } }
inline leave() { inside = false }

inline wake(w)
{
    if
    :: state[w] == POLLS -> edge = true
    :: else
    fi;
    state[w] = BUSY
}

/* found: one that sleeps, the poller last */
inline sleeper()
{
    found = NOBODY;
    if
    :: watcher != NOBODY && watcher != poller && watch_ends -> found = watcher
    :: else ->
        k = 0;
        do
        :: k < WORKERS && state[k] == SLEEPS -> found = k; break
        :: k < WORKERS && state[k] != SLEEPS -> k++
        :: k == WORKERS -> found = poller; break
        od
    fi;
    k = 0;
    if
    :: found != NOBODY && state[found] == BUSY -> found = NOBODY
    :: else
    fi
}

inline wake_one()
{
    if
    :: waking
    :: else ->
        sleeper();
        if
        :: found != NOBODY -> waking = true; wake(found)
        :: else
        fi;
        found = NOBODY
    fi
}

/* capr__rest_over: by an alarm, or at once where work follows on work. */
inline rest_over()
{
    if
    :: idle > 0 && alarmed == NOBODY && !waking && (watcher == NOBODY || watch_ends) ->
        sleeper();
        if
        :: found != NOBODY -> alarmed = found
        :: found != NOBODY -> waking = true; wake(found)
        :: else
        fi;
        found = NOBODY
    :: else
    fi
}

/* capr__ready, inside */
inline ready(t)
{
    if
    :: stays[t] && home[t] != self ->
        queue[home[t]]!t;
        if
        :: state[home[t]] != BUSY -> wake(home[t])
        :: else
        fi
    :: else ->
        more = nempty(queue[self]);
        queue[self]!t;
        if
        :: more && idle > 0 -> wake_one()
        :: else
        fi;
        more = false
    fi
}

/* Takes the worker's first thread, or its idle one. */
inline pick()
{
    if
    :: queue[self]?next
    :: empty(queue[self]) -> next = THREADS + self
    fi
}

/* capr__run_switch, outside */
inline switch_to()
{
#ifndef NO_OFF
    !running[next];
#endif
    atomic {
        running[next] = true;
        if
        :: next < THREADS -> home[next] = self
        :: else
        fi
    }
    atomic {
        assert(on[next] == NOBODY || next == cur);
        on[cur] = NOBODY; on[next] = self;
        if
        :: next != cur -> running[cur] = false
        :: else
        fi;
        cur = next; next = NOBODY
    }
}

/* Inside, with the thread queued for something: what goes on in its place. */
inline park()
{
#ifdef STAYS
    if
    :: cur == 0 -> stays[0] = true
    :: cur == 0 -> stays[0] = false
    :: cur != 0
    fi;
#endif
    pick()
}

/* capr__run_yield, outside: the thread is there for others from here on, who wait until it has been left. */
inline yield()
{
#ifdef YIELD_FIRST
    queue[self]!cur;
    pick()
#else
    atomic { pick(); queue[self]!cur }
#endif
}

/* What the running thread does next; `next` is what it leaves the worker to, if it does. */
inline run_thread()
{
    if
    :: cur == 0 && pc[0] == 0 -> /* reads */
        enter();
        atomic {
            if
            :: data > 0 -> data--; pc[0] = 1
            :: else -> reads = true; park()
            fi;
            leave()
        }
    :: cur == 0 && pc[0] == 1 -> /* posts */
        enter();
        atomic {
            posts++;
            if
            :: waits -> waits = false; ready(1)
            :: else
            fi;
            rounds[0]++;
            pc[0] = (rounds[0] == ROUNDS -> 9 : 0);
            leave()
        }
    :: cur == 1 && pc[1] == 0 -> /* waits */
        enter();
        atomic {
            if
            :: posts > 0 -> posts--; pc[1] = 1
            :: else -> waits = true; park()
            fi;
            leave()
        }
    :: cur == 1 && pc[1] == 1 -> /* yields */
        rounds[1]++;
        pc[1] = (rounds[1] == ROUNDS -> 9 : 0);
        yield()
    :: cur == 2 && pc[2] == 0 -> /* sleeps */
        enter();
        atomic { sleeps = true; pc[2] = 1; park(); leave() }
    :: cur == 2 && pc[2] == 1 -> /* computes */
        if
        :: pc[1] == 10 -> pc[2] = 9
#ifdef STAYS
        :: pc[1] != 10 && nempty(queue[self]) -> yield()
#endif
        fi
    :: pc[cur] == 9 -> /* ends */
        enter();
        atomic { pc[cur] = 10; finished++; pick(); leave() }
    fi;
    if
    :: next != NOBODY -> switch_to()
    :: else
    fi
}

/* capr__io_poll: in epoll_wait, outside, until `condition`. */
inline poll(condition)
{
    poller = self;
    polling++;
    leave();
    atomic { (condition); got = event; event = false; edge = false; assert(polling == 1); polling-- }
    enter();
    poller = NOBODY;
    if
    :: got && reads -> reads = false; ready(0)
    :: else
    fi;
    got = false
}

/* Takes a thread that need not stay from another's queue. */
inline steal()
{
    k = 0;
    do
    :: k < WORKERS && k != self && next == NOBODY ->
        if
        :: queue[k]??[0] && !stays[0] -> queue[k]??eval(0); next = 0
        :: queue[k]??[1] -> queue[k]??eval(1); next = 1
        :: queue[k]??[2] -> queue[k]??eval(2); next = 2
        :: else
        fi;
        more = more || (next != NOBODY && nempty(queue[k]));
        k++
    :: k < WORKERS && (k == self || next != NOBODY) -> k++
    :: k == WORKERS -> break
    od;
    k = 0;
    if
    :: more && idle > 0 -> wake_one()
    :: else
    fi;
    more = false
}

inline rest()
{
    atomic {
        polls = (poller == NOBODY);
        if
        :: !polls && sleeps && !knows -> wake(poller)
        :: else
        fi;
        if
        :: (polls -> watcher == NOBODY && idle + 1 < WORKERS : watcher == NOBODY || watcher == poller) ->
            watcher = self;
            if
            :: idle + 1 == WORKERS -> watch_ends = true
            :: watch_ends = false
            fi
        :: else
        fi;
        idle++;
        if
        :: alarmed != NOBODY && idle == WORKERS -> alarmed = NOBODY
        :: else
        fi;
#ifndef SLEEP_OUTSIDE
        state[self] = (polls -> POLLS : SLEEPS)
#endif
    }
    if
    :: polls ->
        knows = sleeps;
        poll(edge || event || (knows && due) || (watcher == self && !watch_ends) || all_done)
    :: else ->
        leave();
#ifdef SLEEP_OUTSIDE
        state[self] = SLEEPS;
#endif
        (state[self] != SLEEPS || (watcher == self && !watch_ends) || all_done);
        enter()
    fi;
    atomic {
        state[self] = BUSY;
        idle--;
        if
        :: alarmed == self -> alarmed = NOBODY
        :: else
        fi;
        if
        :: watcher == self -> watcher = NOBODY
        :: else
        fi;
        waking = false;
        polls = false
    }
}

/* A round of capr__worker_loop. */
inline look()
{
    enter();
    if
#ifdef TWO_POLL
    :: reads -> knows = true; poll(true)
#else
    :: poller == NOBODY && reads -> knows = true; poll(true)
#endif
    :: else
    fi;
    atomic {
        if
        :: sleeps && due -> sleeps = false; ready(2)
        :: else
        fi;
        if
        :: queue[self]?next
        :: empty(queue[self]) -> steal()
        fi
    }
    if
    :: next != NOBODY ->
#ifndef NO_WATCH
        atomic { rest_over() }
#endif
        leave();
        switch_to()
    :: else ->
        if
        :: sleeps && due
        :: else -> rest()
        fi;
        leave()
    fi
}

proctype worker(byte self)
{
    byte cur = THREADS + self, next = NOBODY, found = NOBODY, k = 0;
    bool more, polls, got;
    do
    :: cur < THREADS -> run_thread()
    :: cur >= THREADS && !all_done -> look()
    :: cur >= THREADS && all_done -> break
    od
}

active proctype kernel()
{
    byte n = 0;
    do
    :: n < ROUNDS -> atomic { data++; event = true; n++ }
    :: n == ROUNDS -> break
    od
}

active proctype clock() { sleeps -> due = true }

active proctype alarm()
{
    do
#ifndef NO_ALARM
    :: atomic { alarmed != NOBODY && state[alarmed] != BUSY -> wake(alarmed) }
#endif
    :: all_done -> break
    od
}

init
{
    atomic {
        byte w = 0;
        do
        :: w < WORKERS -> running[THREADS + w] = true; on[THREADS + w] = w; run worker(w); w++
        :: w == WORKERS -> break
        od;
        queue[0]!0; queue[0]!1; queue[0]!2
    }
}
