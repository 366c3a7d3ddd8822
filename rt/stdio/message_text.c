/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The texts of err(3), error(3), perror(3) and psignal(3), put together in memory so that one write has all of it, and libc's own
 * functions of these names, for what is not ours to write. Plain code.
 */
#include "message_text.h"

#include <dlfcn.h>
#include <err.h>
#include <libintl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define REAL(name)                                                                                                                 \
    ({                                                                                                                             \
        static __typeof__(name) *real_;                                                                                            \
        if (!real_) real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                           \
        real_;                                                                                                                     \
    })

/* Not by <error.h>, which defines them inline. */
extern void error(int status, int error, const char *format, ...);
extern void error_at_line(int status, int error, const char *file, unsigned int line, const char *format, ...);

/* strerror_r's for unknown numbers, in any language. */
enum { ERROR_ROOM = 256 };

CAPR_HIDDEN ssize_t capr__message_text(char **text, const char *name, const struct capr_place *place, const int *error,
                                       const char *format, va_list ap) {
    char room[ERROR_ROOM], *message = NULL, *head = NULL;
    ssize_t result = -1;
    int n = 0, head_size;
    *text = NULL;
    if (format && (n = vasprintf(&message, format, ap)) < 0) return -1;
    if (!name) name = "";
    if (!place)
        head_size = asprintf(&head, "%s%s", name, *name ? ": " : "");
    else if (place->file)
        head_size = asprintf(&head, "%s%s%s:%u: ", name, *name ? ":" : "", place->file, place->line);
    else
        head_size = asprintf(&head, "%s%s ", name, *name ? ":" : "");
    if (head_size >= 0) {
        const char *why = error ? strerror_r(*error, room, sizeof room) : "";
        size_t size = (size_t)head_size + (size_t)n + strlen(why) + 4; /* ": ", the line's end, 0 */
        char *at = *text = malloc(size);
        if (at) {
            at = mempcpy(at, head, (size_t)head_size);
            if (n) at = mempcpy(at, message, (size_t)n);
            if (error && format) at = mempcpy(at, ": ", 2);
            at = stpcpy(at, why);
            *at++ = '\n';
            result = at - *text;
        }
        free(head);
    }
    free(message);
    return result;
}

static ssize_t after_colon(char **text, const char *s, const char *what) {
    int n = asprintf(text, "%s%s%s\n", s && *s ? s : "", s && *s ? ": " : "", what);
    if (n < 0) *text = NULL;
    return n;
}

CAPR_HIDDEN ssize_t capr__perror_text(char **text, const char *s, int error) {
    char room[ERROR_ROOM];
    return after_colon(text, s, strerror_r(error, room, sizeof room));
}

CAPR_HIDDEN ssize_t capr__psignal_text(char **text, const char *s, int sig) {
    const char *known = sigdescr_np(sig);
    if (known) return after_colon(text, s, dgettext("libc", known));
    int n = asprintf(text, dgettext("libc", "%s%sUnknown signal %d\n"), s && *s ? s : "", s && *s ? ": " : "", sig);
    if (n < 0) *text = NULL;
    return n;
}

CAPR_HIDDEN void capr__libc_perror(const char *s) { REAL(perror)(s); }
CAPR_HIDDEN void capr__libc_psignal(int sig, const char *s) { REAL(psignal)(sig, s); }
CAPR_HIDDEN void capr__libc_vwarn(const char *format, va_list ap) { REAL(vwarn)(format, ap); }
CAPR_HIDDEN void capr__libc_vwarnx(const char *format, va_list ap) { REAL(vwarnx)(format, ap); }

CAPR_HIDDEN void capr__libc_error(const struct capr_place *place, int number, const char *format, va_list ap) {
    char room[ERROR_ROOM], *message;
    va_list again;
    va_copy(again, ap);
    if (vasprintf(&message, format, ap) < 0) {
        vsnprintf(room, sizeof room, format, again);
        message = NULL;
    }
    va_end(again);
    if (place)
        REAL(error_at_line)(0, number, place->file, place->line, "%s", message ? message : room);
    else
        REAL(error)(0, number, "%s", message ? message : room);
    free(message);
}
