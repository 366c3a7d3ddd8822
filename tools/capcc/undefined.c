// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An undefined function is called by its stub alone (NAME$b), and that is where ld.lld says it is referred to, though nobody wrote
// one. ld.lld's --error-handling-script names the program that it asks about such an error before it prints it: capcc itself, which
// reads in the pass's list who called the stub.
#include "undefined.h"

#include "diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool undefined_asked(int argc, const char *const *argv) {
    return argc == 3 && (!strcmp(argv[1], "undefined-symbol") || !strcmp(argv[1], "missing-lib")) && getenv(CALLERS_VARIABLE);
}

void undefined_tell(const char *symbol) {
    const char *path = getenv(CALLERS_VARIABLE);
    FILE *list = path ? fopen(path, "r") : NULL;
    if (!list) return;
    size_t length = strlen(symbol), room = 0;
    char *line = NULL;
    while (getline(&line, &room, list) > 0)
        if (!strncmp(line, symbol, length) && line[length] == '\t') {
            line[strcspn(line, "\n")] = '\0';
            diag_note("%s: called in %s", symbol, line + length + 1);
        }
    free(line);
    fclose(list);
}
