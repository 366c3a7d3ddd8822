/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What libc prints to stderr inside of itself, where a full pipe stops the worker: the family of err(3), error(3), perror(3),
 * psignal(3). The text is made in memory and goes out in one piece, as fputs would write it; where that is not ours to write (a
 * file, wide characters, no thread of ours) libc's own function does all of it. Fat code.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message_text.h"

/* <error.h> defines its functions inline. */
extern void (*error_print_progname)(void);
extern unsigned int error_message_count;
extern int error_one_per_line;

/* warn and warnx; `number`: errno, NULL for none. */
static __attribute__((noinline)) void warn_of(const int *number, const char *format, va_list ap) {
    int saved = errno;
    char *text;
    va_list again;
    va_copy(again, ap);
    ssize_t n = capr__message_text(&text, program_invocation_short_name, NULL, number, format, again);
    va_end(again);
    struct capr_file_lock *l = capr__file_enter(stderr);
    struct capr_fd *d = n >= 0 ? capr__file_under(stderr, 1) : NULL;
    errno = saved;
    if (d)
        capr__file_put(stderr, d, text, (size_t)n);
    else if (number)
        capr__libc_vwarn(format, ap);
    else
        capr__libc_vwarnx(format, ap);
    capr__file_leave(l);
    free(text);
    errno = saved;
    capr__cancel_point();
}

/* Each returns by `end`, which is nothing or the end of the program. */
#define WARN(number, end)                                                                                                          \
    va_list ap;                                                                                                                    \
    va_start(ap, format);                                                                                                          \
    int now = errno;                                                                                                               \
    warn_of((number) ? &now : NULL, format, ap);                                                                                   \
    va_end(ap);                                                                                                                    \
    end

/* Outside: what runs at exit is the program's. */
static _Noreturn void end_with(int status) {
    capr__out();
    exit(status);
}

/* err(3). Block. */
CAPR_INTERPOSE void vwarn(const char *format, va_list ap) {
    CAPR_MONITOR;
    int now = errno;
    warn_of(&now, format, ap);
}
CAPR_INTERPOSE void vwarnx(const char *format, va_list ap) { CAPR_MONITOR; warn_of(NULL, format, ap); }
CAPR_INTERPOSE void warn(const char *format, ...) { CAPR_MONITOR; WARN(1, ); }
CAPR_INTERPOSE void warnx(const char *format, ...) { CAPR_MONITOR; WARN(0, ); }
CAPR_INTERPOSE _Noreturn void verr(int status, const char *format, va_list ap) {
    CAPR_MONITOR;
    int now = errno;
    warn_of(&now, format, ap);
    end_with(status);
}
CAPR_INTERPOSE _Noreturn void verrx(int status, const char *format, va_list ap) {
    CAPR_MONITOR;
    warn_of(NULL, format, ap);
    end_with(status);
}
CAPR_INTERPOSE _Noreturn void err(int status, const char *format, ...) { CAPR_MONITOR; WARN(1, end_with(status)); }
CAPR_INTERPOSE _Noreturn void errx(int status, const char *format, ...) { CAPR_MONITOR; WARN(0, end_with(status)); }

/* As libc's, all of it is without cancellation, stdout goes first, and the program may say its name itself. */
static __attribute__((noinline)) void error_of(int status, int number, const struct capr_place *place, const char *format,
                                               va_list ap) {
    int cancel_state;
    char *text = NULL;
    va_list again;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    va_copy(again, ap);
    ssize_t n = -1;
    if (capr__may_switch() && stderr->_mode <= 0)
        n = capr__message_text(&text, error_print_progname ? NULL : program_invocation_name, place, number ? &number : NULL, format,
                               again);
    va_end(again);
    if (n < 0) {
        capr__libc_error(place, number, format, ap);
    } else {
        fflush(stdout);
        struct capr_file_lock *l = capr__file_enter(stderr);
        if (error_print_progname) {
            uint32_t depth = capr__out();
            error_print_progname();
            capr__in(depth);
        }
        struct capr_fd *d = capr__file_under(stderr, 1);
        if (d)
            capr__file_put(stderr, d, text, (size_t)n);
        else
            capr__libc_write(text, 1, (size_t)n, stderr);
        error_message_count++;
        fflush(stderr);
        capr__file_leave(l);
        free(text);
    }
    if (status) end_with(status);
    pthread_setcancelstate(cancel_state, NULL);
}

/* error(3), error_at_line(3). Block. */
CAPR_INTERPOSE void error(int status, int number, const char *format, ...) {
    CAPR_MONITOR;
    va_list ap;
    va_start(ap, format);
    error_of(status, number, NULL, format, ap);
    va_end(ap);
}

CAPR_INTERPOSE void error_at_line(int status, int number, const char *file, unsigned int line, const char *format, ...) {
    CAPR_MONITOR;
    static const char *last_file;
    static unsigned int last_line;
    if (error_one_per_line) {
        if (last_line == line && (file == last_file || (file && last_file && strcmp(file, last_file) == 0))) return;
        last_file = file;
        last_line = line;
    }
    struct capr_place place = {file, line};
    va_list ap;
    va_start(ap, format);
    error_of(status, number, &place, format, ap);
    va_end(ap);
}

/* perror(3). Blocks. A stderr that is neither narrow nor wide yet stays so, as in libc, which goes past it by a FILE for reading
 * and writing: where the descriptor is for both. */
CAPR_INTERPOSE void perror(const char *s) {
    CAPR_MONITOR;
    int saved = errno;
    char *text;
    ssize_t n = capr__perror_text(&text, s, saved);
    struct capr_file_lock *l = capr__file_enter(stderr);
    struct capr_fd *d = n >= 0 ? capr__file_under(stderr, 1) : NULL;
    int past = d && stderr->_mode == 0 && (capr__sys2(SYS_fcntl, stderr->_fileno, F_GETFL) & O_ACCMODE) == O_RDWR;
    errno = saved;
    if (!d)
        capr__libc_perror(s);
    else if (!past)
        capr__file_put(stderr, d, text, (size_t)n);
    capr__file_leave(l);
    for (ssize_t done = 0, r; past && done < n; done += r) {
        r = write(fileno(stderr), text + done, (size_t)(n - done));
        if (r >= 0) continue;
        stderr->_flags |= CAPR_FILE_ERROR;
        break;
    }
    free(text);
    errno = saved;
    capr__cancel_point();
}

/* psignal(3). Blocks. */
CAPR_INTERPOSE void psignal(int sig, const char *s) {
    CAPR_MONITOR;
    char *text;
    ssize_t n = capr__psignal_text(&text, s, sig);
    struct capr_file_lock *l = capr__file_enter(stderr);
    struct capr_fd *d = n >= 0 ? capr__file_under(stderr, 1) : NULL;
    if (d)
        capr__file_put(stderr, d, text, (size_t)n);
    else
        capr__libc_psignal(sig, s);
    capr__file_leave(l);
    free(text);
    capr__cancel_point();
}
