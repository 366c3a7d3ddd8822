// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libFuzzer target: the bytes are a command line and a response file; parse, refuse, plan and print must neither crash
// nor break what they promise. Words are separated by newlines; a line of a single `@` starts the contents of every
// response file that the command line names. The other half of the input space, the readers of object files, is
// fuzz_files.c's.
#include "parse.h"
#include "paths.h"
#include "plan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct response {
    const char *text;
    size_t length;
};

static const char *read_response(void *context, struct arena *arena, const char *path, size_t *length) {
    const struct response *response = context;
    (void)arena;
    if (!response->text || path[0] == 'x') return NULL; // names with x are files that do not exist
    *length = response->length;
    return response->text;
}

static void require(int condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "fuzz_parse: broken: %s\n", what);
        abort();
    }
}

static void check_line(const struct line *line) {
    size_t inputs = 0, own = 0;
    for (size_t i = 0; i < line->arg_count; i++) {
        require(line->args[i].text != NULL, "every argument has a text");
        own += line->args[i].role == ROLE_OWN;
        if (line->args[i].role == ROLE_INPUT) {
            require(inputs < line->input_count && line->inputs[inputs].arg == i && line->inputs[inputs].path == line->args[i].text,
                    "inputs are in order");
            inputs++;
        }
    }
    require(inputs == line->input_count, "every input is an argument");
    require(line->own.max_path >= 256 && line->own.max_path <= 1048576 && line->own.min_chunk >= 256 &&
                line->own.min_chunk <= 1048576,
            "sizes in range");
}

static int is_own(const char *word) {
    return !strcmp(word, "--print-plan") || !strcmp(word, "--extract-bc") || !strncmp(word, "-fcapriccio", 11) || !strncmp(word, "-fno-capriccio", 14);
}

static void check_plan(struct arena *arena, const struct line *line, const struct plan *plan) {
    require(plan->count > 0, "a plan does something");
    int proves = 0, bare = 0;
    for (size_t i = 0; i < plan->notes.count; i++) bare |= !strncmp(plan->notes.items[i], "linked without the pass", 23);
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        proves |= step->kind == STEP_PROVE;
        require(step->kind != STEP_EXEC || i + 1 == plan->count, "only the last step becomes another program");
        for (size_t k = 0; k < step->argv.count; k++) require(step->argv.items[k] != NULL, "no holes in a command");
        if (step->argv.count) free(strdup(command_text(arena, &step->env, &step->argv)));
    }
    int links = (line->action == ACTION_EXECUTABLE || line->action == ACTION_SHARED) && !line->own.plain && !line->dry_run;
    require(!bare || line->action == ACTION_SHARED, "a program is never linked without the pass");
    require(proves == (links && !bare), "every link with the pass is proved, and nothing else");
}

/// Reading back what response_quote wrote gives the same words.
static void check_quoting(struct arena *arena, const struct strvec *words) {
    char *text = response_quote(arena, words, 0);
    struct response again = {text, strlen(text)};
    const struct file_reader reader = {read_response, &again};
    const char *argv[] = {"@file"};
    struct strvec out = {0};
    for (size_t i = 0; i < words->count; i++)
        if (words->items[i][0] == '@') return; // would be expanded again
    require(!response_expand(arena, 1, argv, &reader, &out) && out.count == words->count, "quoting keeps the number of words");
    for (size_t i = 0; i < out.count; i++) require(!strcmp(out.items[i], words->items[i]), "quoting keeps words");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena = {0};
    char *text = arena_copy(&arena, (const char *)data, size);
    struct strvec words = {0};
    struct response response = {0};
    strvec_push(&arena, &words, "capcc");
    for (size_t at = 0; at < size;) {
        size_t length = strcspn(text + at, "\n");
        if (length == 1 && text[at] == '@' && at + 2 <= size) {
            response = (struct response){text + at + 2, size - at - 2};
            break;
        }
        text[at + length] = '\0';
        strvec_push(&arena, &words, text + at);
        at += length + 1;
    }
    const struct file_reader reader = {read_response, &response};
    struct line line;
    parse_line(&arena, (int)words.count, words.items, &reader, &line);
    if (!line.error) {
        check_line(&line);
        if (!refuse_line(&arena, &line)) {
            const struct paths paths = {.clang = "clang", .llvm_bin = "/llvm", .self = "/capcc", .plugin = "/plugin",
                                        .runtime = "/runtime", .runtime_calls = "/calls", .shared = "/shared",
                                        .shared_calls = "/shared-calls", .dynlist = "/dynlist", .include = "/include",
                                        .capstack = "/capstack"};
            struct plan plan;
            make_plan(&arena, &line, &paths, "/scratch", &plan);
            check_plan(&arena, &line, &plan);
            require(line.arg_count == 0 || !is_own(line.args[0].text) || line.args[0].role == ROLE_OWN ||
                        line.args[0].role == ROLE_INPUT || !strncmp(line.args[0].text, "-cc1", 4),
                    "own flags have their role");
        }
    }
    check_quoting(&arena, &words);
    arena_free(&arena);
    return 0;
}
