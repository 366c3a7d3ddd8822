// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a line and its plan, produces text for people and for FileCheck: how the line was understood, then the steps
// in order. So parsing and planning are tested without compiling, and a build system's odd line can be explained
// without running it.
#include "plan.h"

#include <stdio.h>
#include <string.h>

/// Words that a shell would take apart are put in single quotes.
static const char *shell_word(struct arena *arena, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%^";
    if (*word && strspn(word, plain) == strlen(word)) return word;
    char *text = arena_alloc(arena, strlen(word) * 4 + 3), *end = text;
    *end++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            end += sprintf(end, "'\\''");
        else
            *end++ = *word;
    }
    *end++ = '\'';
    return text;
}

char *command_text(struct arena *arena, const struct strvec *env, const struct strvec *argv) {
    size_t room = 1;
    struct strvec words = {0};
    for (size_t i = 0; env && i < env->count; i++)
        if (strchr(env->items[i], '=')) {
            size_t name = strcspn(env->items[i], "=") + 1;
            strvec_push(arena, &words,
                        arena_printf(arena, "%.*s%s", (int)name, env->items[i], shell_word(arena, env->items[i] + name)));
        }
    for (size_t i = 0; i < argv->count; i++) strvec_push(arena, &words, shell_word(arena, argv->items[i]));
    for (size_t i = 0; i < words.count; i++) room += strlen(words.items[i]) + 1;
    char *text = arena_alloc(arena, room), *end = text;
    for (size_t i = 0; i < words.count; i++) end += sprintf(end, "%s%s", i ? " " : "", words.items[i]);
    return text;
}

static const char *joined(struct arena *arena, const struct strvec *words) {
    const char *text = "";
    for (size_t i = 0; i < words->count; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " " : "", shell_word(arena, words->items[i]));
    return text;
}

static void print_line(struct arena *arena, const struct line *line) {
    printf("action: %s%s\n", line->own.plain ? "clang alone, to " : "", action_name(line->action));
    for (size_t i = 0; i < line->input_count; i++) {
        const struct input *input = &line->inputs[i];
        printf("input: %s (%s%s%s)\n", input->path, input_kind_name(input->kind), input->language ? ", -x " : "",
               input->language ? input->language : "");
    }
    if (line->linker_args.count) printf("linker arguments: %s\n", joined(arena, &line->linker_args));
    if (line->output) printf("output: %s\n", line->output);
    if (line->own.plain || line->action == ACTION_EXTRACT) return;
    if (line->action >= ACTION_EXECUTABLE)
        printf("link-time optimisation: %s\n", line->optimise ? line->optimise : "-O2, since the line has no -O");
    if (line->action == ACTION_EXECUTABLE)
        printf("capriccio: max-path %u bytes, min-chunk %u bytes, report %s, print %s\n", line->own.max_path, line->own.min_chunk,
               line->own.report ? line->own.report : "none", line->own.print ? line->own.print : "nothing");
}

void print_plan(struct arena *arena, const struct line *line, const struct plan *plan) {
    print_line(arena, line);
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        printf("%zu. ", i + 1);
        switch (step->kind) {
        case STEP_EXEC:
        case STEP_RUN:
            printf("%s: %s%s%s\n", step->kind == STEP_EXEC ? "become" : "run", command_text(arena, &step->env, &step->argv),
                   step->output ? " > " : "", step->output ? step->output : "");
            break;
        case STEP_TRY:
            printf("try: %s, and if that works it is all\n", command_text(arena, NULL, &step->argv));
            break;
        case STEP_INPUTS:
            printf("check inputs: %s\n", joined(arena, &step->files));
            break;
        case STEP_PARTS:
            printf("check parts: %s\n", joined(arena, &step->files));
            break;
        case STEP_PROFILE:
            printf("check profile: %s\n", step->input);
            break;
        case STEP_BOUNDS:
            printf("bounds: %s bounds --whitelist $(%s), cached by build id, as CAPCC_BOUNDS\n", step->input,
                   command_text(arena, NULL, &step->argv));
            break;
        case STEP_MERGE:
            printf("merge: bitcode of the files in %s, with %s, into %s\n", step->input, step->machine, step->output);
            break;
        case STEP_EXTRACT:
            printf("extract: bitcode of %s, joined by %s, into %s\n", joined(arena, &step->files), step->input, step->output);
            break;
        case STEP_PROVE:
            printf("prove: %s holds the note of the pass%s%s%s\n", step->output, step->input ? " and exports what " : "",
                   step->input ? step->input : "", step->input ? " lists" : "");
            break;
        case STEP_VERIFY:
            printf("verify: %s finds no violation in %s\n", step->input, step->output);
            break;
        }
    }
    for (size_t i = 0; i < plan->notes.count; i++) printf("note: %s\n", plan->notes.items[i]);
}
