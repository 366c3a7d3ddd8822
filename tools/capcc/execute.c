// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a plan, produces files by running its steps. A plan of one command ends in that command's process, so that a
// compile costs no more than clang's.
#include "execute.h"

#include "bounds.h"
#include "diag.h"
#include "extract.h"
#include "failed_link.h"
#include "inputs.h"
#include "merge.h"
#include "process.h"
#include "profile.h"
#include "prove.h"
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int check_parts(const struct step *step) {
    for (size_t i = 0; i < step->files.count; i++)
        if (access(step->files.items[i], R_OK))
            return diag_error("%s: this part of capcc cannot be read: %s; install capcc whole, or link with -fno-capriccio",
                              step->files.items[i], strerror(errno));
    return 0;
}

/// The environment of a link is part of the command; clang shows the rest.
static void show_environment(struct arena *arena, const struct step *step) {
    struct strvec nothing = {0};
    if (step->env.count) fprintf(stderr, " %s\n", command_text(arena, &step->env, &nothing));
}

static int become(struct arena *arena, const struct line *line, const struct step *step) {
    if (line->dry_run || line->verbose) show_environment(arena, step);
    if (!process_too_long(&step->argv)) return process_become(&step->argv, &step->env);
    char *scratch = scratch_make(arena);
    if (!scratch)
        return diag_error("%s: no temporary directory: %s; set TMPDIR", line->output ? line->output : "a.out", strerror(errno));
    process_start(scratch);
    return process_run(arena, &step->argv, &step->env, NULL);
}

static int do_step(struct arena *arena, const struct line *line, struct step *step, const char *scratch, const char **bounds) {
    switch (step->kind) {
    case STEP_EXEC:
        return become(arena, line, step);
    case STEP_RUN:
        if (*bounds && step->env.count) strvec_push(arena, &step->env, arena_printf(arena, "CAPCC_BOUNDS=%s", *bounds));
        if (line->verbose) show_environment(arena, step);
        return process_run(arena, &step->argv, &step->env, step->output);
    case STEP_TRY: // execute_plan's
        break;
    case STEP_INPUTS:
        return inputs_check(arena, line, &step->files);
    case STEP_PARTS:
        return check_parts(step);
    case STEP_PROFILE:
        return profile_check(step->input);
    case STEP_BOUNDS:
        *bounds = bounds_file(arena, &step->argv, step->input, scratch);
        return 0;
    case STEP_MERGE:
        return merge_relocatable(arena, step, scratch, line->verbose);
    case STEP_EXTRACT:
        return extract_bitcode(arena, step, scratch);
    case STEP_PROVE:
        return prove_linked(arena, step->output, step->input);
    case STEP_VERIFY:
        return verify_linked(arena, step->input, *bounds, step->output);
    }
    return 1;
}

static void show_step(struct arena *arena, const struct step *step) {
    if (step->kind == STEP_RUN)
        fprintf(stderr, " %s%s%s\n", command_text(arena, &step->env, &step->argv), step->output ? " > " : "",
                step->output ? step->output : "");
    if (step->kind == STEP_MERGE)
        fprintf(stderr, " # the bitcode of all inputs, merged by %s, is added to %s by %s: %s\n", step->files.items[0],
                step->machine, step->files.items[1], step->output);
    if (step->kind == STEP_EXTRACT) fprintf(stderr, " # the bitcode of all inputs, joined by %s: %s\n", step->input, step->output);
}

static void show_text(const char *path) {
    char text[4096];
    FILE *file = fopen(path, "r");
    if (!file) return;
    for (size_t n; (n = fread(text, 1, sizeof text, file)) > 0;) fwrite(text, 1, n, stderr);
    fclose(file);
}

/// Runs the plain link of a probe; what it says is shown only if it succeeds. Returns 0, or 1: the pass is to try.
static int try_plainly(struct arena *arena, const struct step *step, const char *scratch) {
    const char *path = arena_printf(arena, "%s/said", scratch);
    int said = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), before = dup(2);
    if (said < 0 || before < 0) return 1;
    dup2(said, 2);
    int status = process_run(arena, &step->argv, &step->env, NULL);
    dup2(before, 2);
    close(before);
    close(said);
    if (status == 0) show_text(path);
    return status != 0;
}

int execute_plan(struct arena *arena, const struct line *line, const struct plan *plan, const char *scratch) {
    const char *bounds = NULL;
    const time_t began = time(NULL);
    if (scratch) process_start(scratch);
    int status = 0;
    bool link_failed = false;
    for (size_t i = 0; i < plan->count && !status; i++) {
        if (plan->steps[i].kind == STEP_TRY) {
            if (try_plainly(arena, &plan->steps[i], scratch)) continue;
            scratch_remove();
            return 0;
        }
        if (line->dry_run && (plan->steps[i].kind == STEP_RUN || plan->steps[i].kind == STEP_MERGE ||
                             plan->steps[i].kind == STEP_EXTRACT))
            show_step(arena, &plan->steps[i]);
        else
            status = do_step(arena, line, &plan->steps[i], scratch, &bounds);
        link_failed = status && i + 1 < plan->count && plan->steps[i + 1].kind == STEP_PROVE;
    }
    const struct step *last = plan->count ? &plan->steps[plan->count - 1] : NULL;
    if (link_failed) after_failed_link(arena, last->output, began);
    scratch_remove();
    return status;
}
