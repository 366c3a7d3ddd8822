/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Between messages.c, which writes to stderr and may wait, and message_text.c, which makes the texts and never does.
 */
#ifndef CAPR_MESSAGE_TEXT_H
#define CAPR_MESSAGE_TEXT_H

#include "file.h"

/* What error_at_line names. */
struct capr_place {
    const char *file;
    unsigned int line;
};

/* A line "NAME: message: error" in memory that the caller frees. NULL for each: no name; no place; no error; no message. Returns
 * its bytes, or -1 where memory or the format do not do; *text is then NULL. */
CAPR_HIDDEN ssize_t capr__message_text(char **text, const char *name, const struct capr_place *place, const int *error,
                                       const char *format, va_list ap);
CAPR_HIDDEN ssize_t capr__perror_text(char **text, const char *s, int error);
CAPR_HIDDEN ssize_t capr__psignal_text(char **text, const char *s, int sig);

CAPR_HIDDEN void capr__libc_perror(const char *s);
CAPR_HIDDEN void capr__libc_psignal(int sig, const char *s);
CAPR_HIDDEN void capr__libc_vwarn(const char *format, va_list ap);
CAPR_HIDDEN void capr__libc_vwarnx(const char *format, va_list ap);
/* error or error_at_line (`place` not NULL), with status 0. */
CAPR_HIDDEN void capr__libc_error(const struct capr_place *place, int number, const char *format, va_list ap);

#endif
