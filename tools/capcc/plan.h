// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is to be done for a line, as data: execute carries it out, --print-plan shows it, and neither decides anything.
#ifndef CAPCC_PLAN_H
#define CAPCC_PLAN_H

#include "parse.h"
#include "paths.h"

enum step_kind {
    STEP_EXEC,    ///< becomes `argv`; always the last step
    STEP_RUN,     ///< runs `argv` with `env`; goes on if it ends with status 0
    STEP_TRY,     ///< runs `argv`; if it ends with status 0 that is all
    STEP_INPUTS,  ///< each of `files` can be read; of a link, neither they nor what -l and -Wl name is made for thin LTO
    STEP_PARTS,   ///< each of `files`, capcc's own parts, is there
    STEP_PROFILE, ///< `input` is a whole profile
    STEP_BOUNDS,  ///< `argv` prints the libc to bound; the next STEP_RUN gets CAPCC_BOUNDS
    STEP_MERGE,   ///< the bitcode of what the linker's trace in `input` names, and the machine code in `machine`, become `output`
    STEP_EXTRACT, ///< the bitcode of `files`, joined by the llvm-link in `input`, becomes `output`
    STEP_PROVE,   ///< `output` holds the note that the pass leaves and, a program, exports what `input` lists, else it is removed
    STEP_VERIFY,  ///< the capstack in `input` finds no violation in `output`, else it is removed
};

struct step {
    enum step_kind kind;
    struct strvec argv;
    struct strvec env;    ///< NAME=value, and NAME alone to unset it
    struct strvec files;
    const char *input;
    const char *machine;
    const char *reasons;  ///< for STEP_MERGE: what made the linker take members of archives, if it says so there
    const char *output;   ///< for STEP_RUN: where its standard output goes, or null
};

struct plan {
    struct step *steps;
    size_t count;
    struct strvec notes; ///< for --print-plan: what a person may not expect
};

/// Makes the plan for a line that refuse_line let pass. `scratch` is the directory for temporary files, which need not
/// exist yet. Looks at no file.
void make_plan(struct arena *arena, const struct line *line, const struct paths *paths, const char *scratch, struct plan *plan);

/// True if some step of the plan writes to the scratch directory.
bool plan_needs_scratch(const struct plan *plan);

/// Used between the files of the planner: appends an empty step (make_plan has made room).
struct step *plan_add(struct plan *plan, enum step_kind kind);

/// The same: appends `clang` with the mode that capcc was called by.
void plan_start_clang(struct arena *arena, const struct line *line, const struct paths *paths, struct strvec *argv);

/// The same: the flag that keeps callees with large frames out of line where sources are compiled.
void plan_push_inline_limit(struct arena *arena, const struct own_flags *own, struct strvec *argv);

/// The same: an argument's word as clang gets it.
const char *plan_word(const struct line *line, const struct argument *arg);

/// The same: the steps of `-r`.
void plan_relocatable(struct arena *arena, const struct line *line, const struct paths *paths, const char *scratch,
                      struct plan *plan);

/// Writes how the line was understood and what would be done to standard output.
void print_plan(struct arena *arena, const struct line *line, const struct plan *plan);

/// `argv` and `env` as a line that a shell could run.
char *command_text(struct arena *arena, const struct strvec *env, const struct strvec *argv);

#endif
