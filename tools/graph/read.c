// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A graph's text from wherever the user says that it is. A file of digits only is reached as ./123.
#include "read.h"

#include "../capcc/file_map.h"
#include "ask.h"
#include "say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

pid_t read_pid(const char *text) {
    if (!*text || text[strspn(text, "0123456789")]) return 0;
    errno = 0;
    unsigned long n = strtoul(text, NULL, 10);
    // The kernel's own limit of pid_max.
    return n < 1 || n > 1ul << 22 || errno ? -1 : (pid_t)n;
}

int read_source(const char *source, char **text, size_t *length) {
    pid_t pid = read_pid(source);
    if (pid < 0) return say_error("%s: no process has this number; a file of that name is ./%s", source, source);
    if (pid) return ask_process(pid, text, length);
    struct bytes file;
    int error = file_map(source, &file);
    if (error == -ENOENT)
        return say_error("%s: no such file; CAPRICCIO_GRAPH=FILE has a program write one at its end and on SIGUSR2", source);
    if (error) return say_error("%s: cannot be read: %s", source, strerror(-error));
    *length = file.size;
    *text = malloc(file.size + 1);
    if (*text && file.size) memcpy(*text, file.data, file.size);
    file_unmap(&file);
    return *text ? 0 : say_error("%s: out of memory", source);
}
