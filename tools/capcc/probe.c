// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A configure script links some hundred programs of a few lines to learn what the libraries have, and a link with the pass takes
// fifty times as long as one without, since the runtime comes along. What such a program finds out is to be the same as with clang. So a
// probe is linked by clang as it is, and goes through the pass only where that fails: what it needs may be what capcc adds. The
// first program that autoconf tries, a.out, and CMake's test of the compiler are none: a capcc that does not work is found out there.
#include "probe.h"

#include "plan.h"
#include "process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool line_is_probe(const struct line *line) {
    if (line->action != ACTION_EXECUTABLE || line->dry_run || line->verbose || line->own.full_probes || !line->output) return false;
    const char *name = base_of(line->output);
    bool autoconf = !strcmp(name, "conftest"), cmake = !strncmp(name, "cmTC_", 5), seen = false;
    for (size_t i = 0; i < line->input_count; i++) {
        const struct input *input = &line->inputs[i];
        if (input->kind == INPUT_BITCODE || input->kind == INPUT_IR) return false;
        seen |= autoconf && !strncmp(base_of(input->path), "conftest.", 9);
        seen |= cmake && strstr(input->path, "CMakeFiles/cmTC_") != NULL;
    }
    return seen;
}

static void show(const char *path) {
    char text[4096];
    FILE *file = fopen(path, "r");
    if (!file) return;
    for (size_t n; (n = fread(text, 1, sizeof text, file)) > 0;) fwrite(text, 1, n, stderr);
    fclose(file);
}

int probe_try(struct arena *arena, const struct step *step, const char *scratch) {
    const char *path = arena_printf(arena, "%s/said", scratch);
    int said = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), before = dup(2);
    if (said < 0 || before < 0) return 1;
    dup2(said, 2);
    int status = process_run(arena, &step->argv, &step->env, NULL);
    dup2(before, 2);
    close(before);
    close(said);
    if (status == 0) show(path);
    return status != 0;
}
