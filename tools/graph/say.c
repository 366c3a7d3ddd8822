// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Messages quote names of files and texts of programs.
#include "say.h"

#include "clean.h"

#include <stdarg.h>
#include <stdio.h>

const char *say_tool = "?";
char *say_instead;

int say_error(const char *format, ...) {
    char line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    clean(line);
    if (say_instead) {
        snprintf(say_instead, SAY_BYTES, "%s", line);
        return 1;
    }
    fflush(stdout);
    fprintf(stderr, "%s: error: %s\n", say_tool, line);
    return 1;
}
