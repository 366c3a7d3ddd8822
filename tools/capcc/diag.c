// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a message, produces one line on standard error. The message may quote file names, and those may hold
// newlines: they are shown as `?`, so that a line stays a line for whoever reads build logs.
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say(const char *kind, const char *format, va_list args) {
    char line[8192];
    int used = snprintf(line, sizeof line, "capcc: %s: ", kind);
    vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    size_t length = strlen(line);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ') line[i] = '?';
    line[length++] = '\n';
    fflush(stdout);
    fflush(stderr);
    for (size_t done = 0; done < length;) {
        ssize_t n = write(STDERR_FILENO, line + done, length - done);
        if (n <= 0) return; // nobody reads our standard error: nobody to tell
        done += (size_t)n;
    }
}

int diag_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("error", format, args);
    va_end(args);
    return 1;
}

void diag_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("note", format, args);
    va_end(args);
}

void diag_warning(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("warning", format, args);
    va_end(args);
}
