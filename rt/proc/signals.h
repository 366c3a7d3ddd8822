/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Signals of user-level threads. Each thread has a mask of its own, of which the kernel knows nothing; the worker's mask in the kernel
 * is what *all* threads block (sigmask.c). So a signal that comes is one that some thread takes, and our trampoline (signal.c) finds
 * it: the running thread handles it at once, on an alternate stack, or it is noted for the poll loop, which chooses a
 * thread. Signals for a thread that is not running, and those that pthread_kill sends, wait in a list of the thread's own
 * (sigqueue.c): its wait ends, and when it is switched to it runs the handler first, as ordinary code, which may block or
 * jump away. What all threads block stays pending in the kernel.
 *
 * A thread whose wait signals may cut short calls capr__signals_wait_begin right before it parks and capr__signals_wait_end right
 * after, which says whether to return EINTR. Other waits that are parked by capr__park_point or capr__park_lock return once for
 * nothing after a handler, and have to look again at what they wait for.
 */
#ifndef CAPR_PROC_SIGNALS_H
#define CAPR_PROC_SIGNALS_H

#include <signal.h>

#include "../layout.h"
#include "../thread/thread.h"

/* In wait_data: a wait that a handler without SA_RESTART ends (read, accept), one that each handler ends (poll, sleep). */
extern CAPR_HIDDEN char capr__wait_restartable, capr__wait_interruptible;
/* In wait_data after the wait: a handler ended it. */
extern CAPR_HIDDEN char capr__wait_interrupted;

/* Handlers that have run on this worker, of whatever thread. Between two looks of one thread that did not give way: those that it ran
 * itself. */
#define capr__signals_handled (capr__worker.signals_handled)

/* Handlers without SA_RESTART that the running thread itself has run, for which its waits end. Makes the thread's extra record;
 * without memory for that it is 0, always. */
CAPR_HIDDEN unsigned int capr__signals_cuts(void);

/* Not 0: signal.c has left notes since the poll loop last looked. */
extern CAPR_HIDDEN volatile int capr__signals_pending, capr__signals_none_pending;

/* What a worker that is about to wait in the kernel looks at: only the first one delivers signals. */
static inline volatile int *capr__signals_check(void) {
    return capr__worker.number ? &capr__signals_none_pending : &capr__signals_pending;
}

/* Reads the notes: gives signals to threads, ends waits. On the first worker's idle thread, or for a thread that ends; elsewhere nothing. */
CAPR_HIDDEN void capr__signals_deliver(void);

/* The thread ends on another worker than the first: no note is to name it any more. */
CAPR_HIDDEN void capr__signals_forget(const struct capr_thread *t);

/* In the child of a fork: the notes were the parent's. */
CAPR_HIDDEN void capr__signals_forget_all(void);

/* Handlers that the running thread has run do not cut short the wait that it now begins. */
CAPR_HIDDEN void capr__signals_forget_wakes(void);

/* `how`: &capr__wait_restartable or &capr__wait_interruptible. Handlers that ran before this do not cut the wait short. */
static inline void capr__signals_wait_begin(struct capr_thread *self, void *how) {
    if (__builtin_expect(capr__signals_pending, 0)) capr__signals_forget_wakes();
    self->wait_data = how;
}

/* Returns whether a handler ended the wait. */
static inline int capr__signals_wait_end(struct capr_thread *self) {
    int interrupted = self->wait_data == &capr__wait_interrupted;
    self->wait_data = NULL;
    return interrupted;
}

/* pthread_exit in a handler: leaves it, and ends the interrupted thread with `result`, on the stack on which it was interrupted. */
CAPR_HIDDEN _Noreturn void capr__signal_exit(void *result);

/* --- signal_stack.c ------------------------------------------------------------------------------------------------------------ */

/* Gives the calling kernel thread an alternate signal stack, once. Returns 0 or an errno. */
CAPR_HIDDEN int capr__signal_stack(void);

struct capr_extra;

/* A signal found the stack pointer at `interrupted`: if that is on the program's signal stack, it is used that far while the handler runs. `x` may be
 * NULL. Returns what signal_stack_used was, and is to be again. */
CAPR_HIDDEN uint64_t capr__signal_stack_meets(struct capr_extra *x, uint64_t interrupted);

/* Where on the program's signal stack a handler with SA_ONSTACK begins, of the thread with `x` (or NULL): below what lies there already. `here`:
 * the frame of who asks. NULL: it runs where the trampoline does. */
CAPR_HIDDEN char *capr__signal_stack_of_program(const struct capr_extra *x, uint64_t here);

/* A handler is about to go there, of the thread with `x`, from the frame at `here`: what lies above that on the worker's signal stack is no longer the kernel's to begin
 * on. Returns what undoes it. In the trampoline while all signals are blocked. */
CAPR_HIDDEN size_t capr__signal_stack_lend(struct capr_extra *x, uint64_t here);
CAPR_HIDDEN void capr__signal_stack_back(size_t before);

/* All handlers have been left by a jump: the whole stack is the kernel's. */
CAPR_HIDDEN void capr__signal_stack_left(void);

/* --- masks: sigmask.c. A mask is the kernel's 64 bits, bit n-1 for signal n. ------------------------------------------------- */

#define CAPR_SIGNALS 64
#define CAPR_SIGNAL_BIT(n) (1ull << ((n) - 1))

/* glibc keeps 32 and 33 for itself; SIGKILL and SIGSTOP cannot be blocked. */
#define CAPR_SIGNALS_UNBLOCKABLE (CAPR_SIGNAL_BIT(32) | CAPR_SIGNAL_BIT(33) | CAPR_SIGNAL_BIT(SIGKILL) | CAPR_SIGNAL_BIT(SIGSTOP))

/* What instructions cause: the kernel ends a program in which one of these is blocked, so that none is while the runtime keeps signals for later. */
#define CAPR_SIGNALS_OF_FAULTS \
    (CAPR_SIGNAL_BIT(SIGSEGV) | CAPR_SIGNAL_BIT(SIGBUS) | CAPR_SIGNAL_BIT(SIGILL) | CAPR_SIGNAL_BIT(SIGFPE) | CAPR_SIGNAL_BIT(SIGTRAP))

/* Gives the running thread another mask, and the worker the mask that follows. What becomes unblocked and is pending is handled
 * before it returns. */
CAPR_HIDDEN void capr__signals_set_mask(uint64_t mask);

/* The same without handling anything: for the trampoline, in whose hands the kernel's mask is. */
CAPR_HIDDEN void capr__signals_mask_only(struct capr_thread *t, uint64_t mask);

/* What all threads block; and the mask that follows for the kernel thread of this worker. */
CAPR_HIDDEN uint64_t capr__signals_common(void);
CAPR_HIDDEN uint64_t capr__signals_of_kernel(void);

/* True in a signal handler that came in the middle of a change of masks: the count of who blocks what does not hold. */
extern CAPR_HIDDEN volatile int capr__signals_mask_busy;

/* Whether every thread blocks `number`; no, where that cannot be said. In a handler. */
CAPR_HIDDEN int capr__signals_all_block(int number);

/* The trampoline has left all signals blocked on the first worker, until what it noted has been read: no mask is to let more come. */
extern CAPR_HIDDEN volatile int capr__signals_closed;

/* In the handler of the signal by which another worker has had this one look: the mask to return to. */
CAPR_HIDDEN void capr__signals_follow(void *kernels);

/* The worker's mask, of which `kernels` is the copy that the trampoline returns to, gets `bit`. In a handler. */
CAPR_HIDDEN void capr__signals_hold_too(uint64_t bit, void *kernels);

/* What is held of `bits` is so no longer, on any worker: capr__signals_held. */
CAPR_HIDDEN void capr__signals_let_go(uint64_t bits);

/* A thread begins with its creator's mask, which is not empty, and is counted; a thread that ends is no longer. */
CAPR_HIDDEN void capr__signals_inherit(struct capr_thread *t);

/* The new thread has another mask than its creator: tells the kernel what all threads block now. */
CAPR_HIDDEN void capr__signals_mask_differs(void);
CAPR_HIDDEN void capr__signals_leave(struct capr_thread *self);

/* The running thread is about to end, and others block signals: those that were sent to the process before, and that only this thread takes,
 * come first. Natively the kernel has chosen the thread by the time that kill returns; here the first worker may have yet to. */
CAPR_HIDDEN void capr__signals_before_end(struct capr_thread *self);

/* Runs the handlers of what is pending for the running thread alone and that it does not block. May block. */
CAPR_HIDDEN void capr__signals_run_unblocked(const struct capr_thread *self);

/* On the first worker: lets signals come again. */
CAPR_HIDDEN void capr__signals_open(void);

/* What `number` does is about to be changed by the program: those that came before, and that the running thread takes, are handled first.
 * Natively it has run its handlers when a call returns, `alarm(0)` say, and no signal of before meets the next action; here a note of it may
 * not have been read. May block. */
CAPR_HIDDEN void capr__signals_before_change(int number);

/* It takes none any more. */
CAPR_HIDDEN void capr__signals_ending(struct capr_thread *self);

/* The main thread, alone yet, has the mask that the program was started with. */
CAPR_HIDDEN void capr__signals_begin(void);

/* In the child of a fork, where `self` is alone; and before exec or a spawn, which hand the calling thread's mask on, and after it. */
CAPR_HIDDEN void capr__signals_forked(struct capr_thread *self);
CAPR_HIDDEN void capr__signals_before_exec(void);
CAPR_HIDDEN void capr__signals_after_exec(void);

/* --- signals of one thread: sigqueue.c --------------------------------------------------------------------------------------- */

/* Sends `info` to `t`, as pthread_kill does. Returns 0, or EAGAIN when out of memory. Not on an alternate stack, unless `t` is the
 * running thread. */
CAPR_HIDDEN int capr__signal_send(struct capr_thread *t, const siginfo_t *info);

/* Takes a signal of `set` that is pending for the running thread alone. Returns its number or 0. */
CAPR_HIDDEN int capr__signal_take(uint64_t set, siginfo_t *info);

/* Signals pending for `t` alone. */
CAPR_HIDDEN uint64_t capr__signals_of(const struct capr_thread *t);

/* Runs the handlers of pending signals that the running thread does not block. Called by sigentry.S where a thread goes on. */
CAPR_HIDDEN void capr__signals_run(void);

/* The running thread is about to wait, and a signal was sent to it while it ran (CAPR_SIGNALS_ASKED): ends the wait, if its kind is one that
 * handlers end, and it goes on at once; then, or when it goes on some time, it calls capr__signals_run. */
CAPR_HIDDEN void capr__signals_asked(struct capr_thread *self);

/* Says that the running thread waits for a signal of `set` (0: no longer). Returns 0 or ENOMEM. */
CAPR_HIDDEN int capr__signals_await(uint64_t set);

/* Forgets signals `number` that threads have pending: SIG_IGN was set. */
CAPR_HIDDEN void capr__signals_discard(int number);

/* Frees what `t` has pending. */
struct capr_extra;
CAPR_HIDDEN void capr__signals_free(struct capr_extra *x);

/* --- signals of calls: sigcall.c ----------------------------------------------------------------------------------------------- */

/* Those that a worker takes which is not the first: what its own instructions and calls cause, and what the runtime sends it. */
#define CAPR_SIGNALS_OF_WORKER                                                                                                     \
    (CAPR_SIGNAL_BIT(SIGSEGV) | CAPR_SIGNAL_BIT(SIGBUS) | CAPR_SIGNAL_BIT(SIGILL) | CAPR_SIGNAL_BIT(SIGFPE) |                      \
     CAPR_SIGNAL_BIT(SIGTRAP) | CAPR_SIGNAL_BIT(SIGSYS) | CAPR_SIGNAL_BIT(SIGPIPE) | CAPR_SIGNAL_BIT(SIGXFSZ) |                    \
     CAPR_SIGNAL_BIT(CAPR_TURN_SIGNAL) | CAPR_SIGNAL_BIT(33))

#define CAPR_SIGNALS_OF_CALLS (CAPR_SIGNAL_BIT(SIGPIPE) | CAPR_SIGNAL_BIT(SIGXFSZ))

/* Those that some thread has blocked since the program began: the worker's mask in the kernel does not hold them, but for those of
 * them that are pending for the process while all threads block them. */
extern CAPR_HIDDEN uint64_t capr__signals_caught, capr__signals_held;

/* A thread is about to block `set`. */
CAPR_HIDDEN void capr__signals_catch(uint64_t set);

/* What the trampoline is to do with `number`, which came at `context`. */
enum capr_of_call {
    CAPR_OF_NO_CALL,
    CAPR_OF_THIS_CALL,  /* the running thread's own, which it does not block */
    CAPR_OF_CALL_DEALT, /* nothing: it is pending, or ends the process */
};
CAPR_HIDDEN enum capr_of_call capr__signal_of_call(int number, siginfo_t *info, void *context, int has_handler);

/* `number` was taken out of the kernel's hands. */
CAPR_HIDDEN void capr__signals_taken(int number);

/* Those of `bits`, which are held, become pending in the kernel, if they are not yet, or are held no longer. */
CAPR_HIDDEN void capr__signals_settle(uint64_t bits);

/* The kernel sent `number` to the kernel thread that made a call for the running thread. May run its handler. */
CAPR_HIDDEN void capr__signal_of_job(int number);

/* --- notes.c --------------------------------------------------------------------------------------------------------------------- */

/* A note for the poll loop: `info` is for `t`, or NULL: for whom it may concern. In a handler. */
CAPR_HIDDEN void capr__signals_note(struct capr_thread *t, const siginfo_t *info);

/* The same, however many there are; without `info`: `t` has run a handler, which ends its wait if that is one that handlers cut (`cutting`). */
CAPR_HIDDEN void capr__note_add(struct capr_thread *t, const siginfo_t *info, int cutting);

/* Not 0: among the notes are signals that nobody has been given. */
extern CAPR_HIDDEN volatile int capr__signals_unread;

/* So many have not been read that the first worker is to let no more signals come. */
CAPR_HIDDEN int capr__notes_half_full(void);

/* The running thread's own that the trampoline has noted, and that it blocks, become pending. Not in a handler. */
CAPR_HIDDEN void capr__signals_gather(void);

/* Whether main waits in a call that a signal ends: a signal of the process is main's then, and the idle thread gives it to it. */
static inline int capr__signals_main_waits(void) {
    const struct capr_thread *first = &capr__main_thread;
    return first->state == CAPR_PARKED && (first->wait_data == &capr__wait_interruptible || first->wait_data == &capr__wait_restartable);
}

/* --- signal.c ------------------------------------------------------------------------------------------------------------------ */

/* The trampoline gets `number` also where its action is the default one. Returns 0 or an errno. */
CAPR_HIDDEN int capr__signal_catch_default(int number);

/* The program's view of an action: SIG_DFL, SIG_IGN or a function in sa_sigaction. */
CAPR_HIDDEN void capr__signal_action(int number, struct sigaction *out);

/* Has `answer` called in a signal handler, on whatever kernel thread, when signal `number` comes: until the program sets that signal's action,
 * if it has not yet. The program does not see it: the action is SIG_DFL to it, and no wait ends. */
CAPR_HIDDEN void capr__signal_own(int number, void (*answer)(void));

/* True while the program has a handler for any signal, or has asked for threads to be started. */
CAPR_HIDDEN int capr__signals_have_handlers(void);

/* Runs the handler of `info` for the running thread: its mask is the action's meanwhile. `context`: what the handler gets, or NULL;
 * `masked`: the kernel's mask blocks everything, and is to again afterwards. */
CAPR_HIDDEN void capr__signal_handle(const siginfo_t *info, void *context, int masked);

/* sigentry.S: calls `handler` on the stack that ends at `top`. */
CAPR_HIDDEN void capr__signal_call_on(void *top, void (*handler)(int, siginfo_t *, void *), int number, siginfo_t *info, void *context);

/* sigentry.S: where a thread with signals due is made to go on. */
CAPR_HIDDEN void capr__signals_entry(void);

#endif
