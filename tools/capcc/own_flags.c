// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes one argument, produces a change of capcc's own settings. Values are checked here, on compile lines too,
// though only a link uses them: a wrong number in CFLAGS is better told at the first file than after the last.
#include "own_flags.h"

#include <string.h>

#define BYTES_WANTED "%s: give a number of bytes from %d to %d"

static const char *after(const char *text, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) ? NULL : text + length;
}

/// Digits only: no sign, no blank, no unit.
static bool bytes_from(const char *text, unsigned smallest, unsigned *bytes) {
    unsigned value = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > LARGEST_BYTES) return false;
        value = value * 10 + (unsigned)(*text - '0');
    }
    if (value < smallest || value > LARGEST_BYTES) return false;
    *bytes = value;
    return true;
}

static bool steps_known(const char *list) {
    static const char *const steps[] = {"frames", "graph", "placement", "blocking", "contexts"};
    for (;;) {
        size_t length = strcspn(list, ",");
        bool known = false;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            known |= length == strlen(steps[i]) && !strncmp(list, steps[i], length);
        if (!known) return false;
        if (!list[length]) return true;
        list += length + 1;
    }
}

/// -Wcapriccio-NAME with clang's prefixes. Other names are left to clang, which warns of them.
static bool take_warning(const char *text, struct own_flags *flags) {
    static const char *const prefixes[] = {"-Wcapriccio-", "-Wno-capriccio-", "-Werror=capriccio-", "-Wno-error=capriccio-"};
    enum { ON, OFF, ERROR, NO_ERROR } what = ON;
    const char *name = NULL;
    for (int i = ON; i <= NO_ERROR && !name; i++)
        if ((name = after(text, prefixes[i]))) what = i;
    if (!name) return false;
    struct own_warning *warning = !strcmp(name, "blocking-in-critical-section") ? &flags->blocking
                                  : !strcmp(name, "stdio-in-critical-section")  ? &flags->stdio
                                                                                : NULL;
    if (!warning) return false;
    if (what == ON || what == OFF) {
        warning->on = what == ON;
    } else {
        warning->on |= what == ERROR;
        warning->error = what == ERROR;
        warning->never_error = what == NO_ERROR;
    }
    return true;
}

bool own_flag_take(struct arena *arena, const char *text, struct own_flags *flags, const char **error) {
    const char *value;
    if (!strcmp(text, "--print-plan")) {
        flags->print_plan = true;
    } else if (!strcmp(text, "--extract-bc")) {
        flags->extract = true;
    } else if (!strcmp(text, "-fno-capriccio") || !strcmp(text, "-fcapriccio")) {
        flags->plain = text[2] == 'n';
    } else if (!strcmp(text, "-fno-capriccio-verify") || !strcmp(text, "-fcapriccio-verify")) {
        flags->no_verify = text[2] == 'n';
    } else if (!strcmp(text, "-fno-capriccio-probes") || !strcmp(text, "-fcapriccio-probes")) {
        flags->full_probes = text[2] != 'n';
    } else if (!strcmp(text, "-fno-capriccio-graph") || !strcmp(text, "-fcapriccio-graph")) {
        flags->no_graph = text[2] == 'n';
    } else if (!strcmp(text, "-fno-capriccio-spin") || !strcmp(text, "-fcapriccio-spin")) {
        flags->no_spin = text[2] == 'n';
    } else if (!strcmp(text, "-fno-capriccio-preempt") || !strcmp(text, "-fcapriccio-preempt")) {
        flags->no_preempt = text[2] == 'n';
    } else if ((value = after(text, "-fcapriccio-max-path="))) {
        if (!bytes_from(value, SMALLEST_BYTES, &flags->max_path)) *error = arena_printf(arena, BYTES_WANTED, text, SMALLEST_BYTES, LARGEST_BYTES);
    } else if ((value = after(text, "-fcapriccio-min-chunk="))) {
        if (!bytes_from(value, SMALLEST_BYTES, &flags->min_chunk)) *error = arena_printf(arena, BYTES_WANTED, text, SMALLEST_BYTES, LARGEST_BYTES);
    } else if ((value = after(text, "-fcapriccio-report="))) {
        flags->report = value;
        if (!*value) *error = "-fcapriccio-report=: give the file for the JSON report after the equals sign";
    } else if ((value = after(text, "-fcapriccio-profile-use="))) {
        flags->profile = value;
        if (!*value) *error = "-fcapriccio-profile-use=: give the file that CAPRICCIO_PROFILE named after the equals sign";
    } else if ((value = after(text, "-fcapriccio-print="))) {
        flags->print = value;
        if (!steps_known(value)) *error = arena_printf(arena, "%s: give a comma-separated list of frames, graph, placement, blocking, contexts", text);
    } else if ((value = after(text, "-fcapriccio-icalls="))) {
        flags->icalls = value;
        if (strcmp(value, "signature") && strcmp(value, "pointsto") && strcmp(value, "pointsto-strict"))
            *error = arena_printf(arena, "%s: give signature, pointsto or pointsto-strict", text);
    } else if (!strcmp(text, "-fcapriccio-check-icalls")) {
        flags->check_icalls = "1";
    } else if ((value = after(text, "-fcapriccio-check-icalls="))) {
        flags->check_icalls = value;
        if (!after(value, "without:") || !value[strlen("without:")])
            *error = arena_printf(arena, "%s: give without:FUNCTION after the equals sign, or no equals sign", text);
    } else if ((value = after(text, "-fcapriccio-stacks="))) {
        flags->stacks = value;
        if (strcmp(value, "linked") && strcmp(value, "two"))
            *error = arena_printf(arena, "%s: give linked or two", text);
    } else if ((value = after(text, "-fcapriccio-inline-frame-limit="))) {
        if (!strcmp(value, "off"))
            flags->inline_limit = 0;
        else if (!bytes_from(value, SMALLEST_INLINE_LIMIT, &flags->inline_limit))
            *error = arena_printf(arena, "%s: give a number of bytes from %d to %d, or off", text, SMALLEST_INLINE_LIMIT, LARGEST_BYTES);
    } else if (take_warning(text, flags)) {
        return true;
    } else if (after(text, "-fcapriccio") || after(text, "-fno-capriccio")) {
        *error = arena_printf(arena, "%s: unknown flag; `capcc --help` lists the -fcapriccio flags", text);
    } else {
        return false;
    }
    return true;
}
