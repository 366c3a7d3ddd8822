// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a `-r` line, produces its steps. Partial links need their own plan because lld drops the `.llvm.lto`
// sections of the inputs and GNU ld puts them one after the other, which no LTO link can read: so the machine code is
// linked by lld, the bitcode by llvm-link, and both are put into one fat object. The linker's --trace tells which
// members of archives took part; their bitcode, and no other, belongs into the result.
#include "plan.h"

#include <string.h>

/// The flags that matter for compiling, without inputs, phases and output.
static void push_compile_flags(struct arena *arena, const struct line *line, struct strvec *argv) {
    for (size_t i = 0; i < line->arg_count; i++)
        if (line->args[i].role == ROLE_OTHER || line->args[i].role == ROLE_EXCEPTIONS)
            strvec_push(arena, argv, plan_word(line, &line->args[i]));
}

static bool needs_compiling(const struct input *input) { return input->kind != INPUT_LINKED && input->kind != INPUT_HEADER; }

static const char *plan_source(struct arena *arena, const struct line *line, const struct paths *paths, const char *scratch,
                               size_t index, struct plan *plan) {
    const struct input *input = &line->inputs[index];
    const char *object = arena_printf(arena, "%s/input-%zu.o", scratch, index);
    struct step *step = plan_add(plan, STEP_RUN);
    plan_start_clang(arena, line, paths, &step->argv);
    strvec_push(arena, &step->argv, "-flto=full");
    strvec_push(arena, &step->argv, "-ffat-lto-objects");
    plan_push_inline_limit(arena, &line->own, &step->argv);
    strvec_push(arena, &step->argv, "-Wno-unused-command-line-argument"); // the line's flags for linking are here without use
    strvec_push(arena, &step->argv, "-idirafter");
    strvec_push(arena, &step->argv, paths->include);
    push_compile_flags(arena, line, &step->argv);
    strvec_push(arena, &step->argv, "-c");
    strvec_push(arena, &step->argv, "-o");
    strvec_push(arena, &step->argv, object);
    if (input->language) {
        strvec_push(arena, &step->argv, "-x");
        strvec_push(arena, &step->argv, input->language);
    }
    if (strcmp(input->path, "-")) strvec_push(arena, &step->argv, "--"); // after which a lone dash would be a file
    strvec_push(arena, &step->argv, input->path);
    return object;
}

void plan_relocatable(struct arena *arena, const struct line *line, const struct paths *paths, const char *scratch,
                      struct plan *plan) {
    const char **objects = arena_alloc(arena, (line->input_count + 1) * sizeof *objects);
    for (size_t i = 0; i < line->input_count; i++)
        objects[i] = needs_compiling(&line->inputs[i]) ? plan_source(arena, line, paths, scratch, i, plan) : line->inputs[i].path;

    struct step *link = plan_add(plan, STEP_RUN);
    const char *trace = arena_printf(arena, "%s/trace", scratch), *machine = arena_printf(arena, "%s/machine.o", scratch);
    struct strvec *argv = &link->argv;
    plan_start_clang(arena, line, paths, argv);
    strvec_push(arena, argv, "-fuse-ld=lld");
    strvec_push(arena, argv, "-Wno-unused-command-line-argument"); // the line's flags for compiling are here without use
    const char *reasons = arena_printf(arena, "%s/reasons", scratch);
    strvec_push(arena, argv, "-Xlinker"); // not -Wl, which would split a path at its commas
    strvec_push(arena, argv, arena_printf(arena, "--why-extract=%s", reasons));
    strvec_push(arena, argv, "-r");
    strvec_push(arena, argv, "-Wl,--trace");
    size_t next_input = 0;
    for (size_t i = 0; i < line->arg_count; i++) switch (line->args[i].role) {
        case ROLE_OTHER:
        case ROLE_LINKER:
            strvec_push(arena, argv, line->args[i].text);
            break;
        case ROLE_INPUT:
      // A name that starts with a dash stood after `--`, which cannot be kept here.
            strvec_push(arena, argv,
                        objects[next_input][0] == '-' ? arena_printf(arena, "./%s", objects[next_input]) : objects[next_input]);
            next_input++;
            break;
        default:
            break;
        }
    strvec_push(arena, argv, "-o");
    strvec_push(arena, argv, machine);
    link->output = trace;

    struct step *merge = plan_add(plan, STEP_MERGE);
    merge->input = trace;
    merge->machine = machine;
    merge->reasons = reasons;
    merge->output = line->output ? line->output : "a.out";
    strvec_push(arena, &merge->files, arena_printf(arena, "%s/llvm-link", paths->llvm_bin));
    strvec_push(arena, &merge->files, arena_printf(arena, "%s/llvm-objcopy", paths->llvm_bin));
    strvec_push(arena, &plan->notes, "the result holds bitcode only if every object that takes part in it does");
}
