// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A configure script links some hundred programs of a few lines to learn what the libraries have, and a link with the pass takes
// fifty times as long as one without, since the runtime comes along. What such a program finds out is to be the same as with clang. So a
// probe is linked by clang as it is, and goes through the pass only where that fails: what it needs may be what capcc adds. The
// first program that autoconf tries, a.out, and CMake's test of the compiler are none: a capcc that does not work is found out there.
#include "probe.h"

#include "paths.h"

#include <string.h>

bool line_is_probe(const struct line *line) {
    if (line->action != ACTION_EXECUTABLE || line->dry_run || line->verbose || line->own.full_probes || !line->output) return false;
    const char *name = path_base(line->output);
    bool autoconf = !strcmp(name, "conftest"), cmake = !strncmp(name, "cmTC_", 5), seen = false;
    for (size_t i = 0; i < line->input_count; i++) {
        const struct input *input = &line->inputs[i];
        if (input->kind == INPUT_BITCODE || input->kind == INPUT_IR) return false;
        seen |= autoconf && !strncmp(path_base(input->path), "conftest.", 9);
        seen |= cmake && strstr(input->path, "CMakeFiles/cmTC_") != NULL;
    }
    return seen;
}
