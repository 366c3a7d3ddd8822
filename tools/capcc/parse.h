// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a command line says, as facts: no file is looked at (response files come through a reader), nothing is decided
// that depends on the machine.
#ifndef CAPCC_PARSE_H
#define CAPCC_PARSE_H

#include "arena.h"
#include "response.h"

#include <stdbool.h>
#include <stddef.h>

/// The furthest that the line goes, in the terms of the plan that it needs.
enum action {
    ACTION_HELP,        ///< --help: capcc's flags, then clang's
    ACTION_VERSION,     ///< --version
    ACTION_QUERY,       ///< clang or lld prints something and builds nothing: -print-*, -v alone, -Wl,--version, -cc1
    ACTION_PLAIN, ///< ends before an object: -E, -M, -S, -fsyntax-only, precompiled headers, bitcode
    ACTION_COMPILE, ///< -c
    ACTION_EXECUTABLE, ///< a link that makes a program
    ACTION_SHARED, ///< -shared
    ACTION_RELOCATABLE, ///< -r
    ACTION_EXTRACT, ///< --extract-bc: what objects and archives hold of bitcode, in one file
};

/// What an argument is for, so that a plan can leave out or replace some and keep the order of the others. A separate
/// value has its option's role.
enum role {
    ROLE_OTHER,
    ROLE_INPUT, ///< a file, or `-`
    ROLE_LINKER, ///< -Wl, -Xlinker, -l: keeps its place among the inputs
    ROLE_LANGUAGE, ///< -x
    ROLE_OUTPUT, ///< -o
    ROLE_PHASE, ///< -c
    ROLE_SHAPE, ///< -r and its spellings
    ROLE_EXCEPTIONS, ///< -fexceptions, which C is compiled without
    ROLE_LTO, ///< -flto, -ffat-lto-objects, -fuse-ld and their opposites, which the plan states itself
    ROLE_OWN, ///< --print-plan, --extract-bc, -fcapriccio-*, -Wcapriccio-*: never reaches clang
    ROLE_SEPARATOR, ///< `--`: all after it are inputs
};

enum input_kind {
    INPUT_SOURCE, ///< a language that clang compiles to LLVM IR
    INPUT_ASSEMBLY, ///< .s, .S: machine code only, external to the pass
    INPUT_HEADER, ///< to be precompiled
    INPUT_BITCODE, ///< .bc, handed to the linker as it is
    INPUT_IR, ///< .ll, or IR named by -x ir: compiled like a source
    INPUT_LINKED, ///< objects, archives, shared objects, linker scripts: the linker's
};

struct input {
    const char *path; ///< as written; `-` is standard input
    const char *language; ///< the -x in force, or null where the suffix decides
    enum input_kind kind;
    bool reads_headers; ///< goes through the preprocessor
    size_t arg; ///< its index in line.args
};

struct argument {
    const char *text;
    enum role role;
};

/// A warning of the pass: what the line says of it, later words over earlier ones.
struct own_warning {
    bool on; ///< -W and -Werror= over -Wno-
    bool error; ///< -Werror=, until -Wno-error=
    bool never_error; ///< -Wno-error=, until -Werror=
};

/// The -fcapriccio-* and -Wcapriccio-* flags.
struct own_flags {
    bool plain; ///< -fno-capriccio
    bool print_plan; ///< --print-plan
    bool extract; ///< --extract-bc
    bool no_verify; ///< -fno-capriccio-verify
    bool no_graph;  ///< -fno-capriccio-graph
    bool full_probes; ///< -fcapriccio-probes
    bool no_preempt; ///< -fno-capriccio-preempt
    bool no_spin; ///< -fno-capriccio-spin
    unsigned max_path; ///< bytes, 256 to 1048576
    unsigned min_chunk; ///< bytes, 256 to 1048576
    unsigned inline_limit; ///< bytes, 64 to 1048576, or 0: no limit
    const char *report; ///< file, or null
    const char *profile; ///< file, or null
    const char *icalls; ///< "signature", "pointsto" or "pointsto-strict", or null
    const char *check_icalls; ///< "1", or "without:FUNCTION" for tests, or null
    const char *stacks; ///< "linked" or "two", or null
    const char *print; ///< comma-separated steps, or null
    struct own_warning blocking; ///< -Wcapriccio-blocking-in-critical-section
    struct own_warning stdio; ///< -Wcapriccio-stdio-in-critical-section
    bool warnings_are_errors; ///< -Werror, which clang gets, too
    bool no_warnings; ///< -w, which clang gets, too
};

/// All that plan needs to know. Strings belong to the arena or to argv.
struct line {
    const char *error; ///< null, or what is wrong with the line, without `capcc: error: `; all else is then unspecified
    enum action action;
    struct argument *args; ///< response files expanded, without argv[0]
    size_t arg_count;
    struct input *inputs;
    size_t input_count;
    struct strvec linker_args; ///< what stands in -Wl and -Xlinker, taken apart
    struct own_flags own;
    const char *output; ///< -o, or null
    const char *optimise; ///< the last -O as written, or null
    const char *driver_mode; ///< `--driver-mode=g++` when capcc was called by a name ending in ++, or null
    bool cpp_language; ///< linking as C++ (--driver-mode=g++)
    bool compiles_c; ///< there are sources, and all are C
    bool dry_run; ///< -###
    bool verbose; ///< -v
    bool version_script; ///< the linker gets a --version-script
    bool has_linker_input; ///< there is something to link besides files: -l, -Wl, -Xlinker
    // Facts that a refusal may rest on; null or false when absent. The string is the argument to blame.
    const char *target; ///< triple of --target or -target
    const char *machine; ///< -m32, -mx32, -m16, `-Wl,-m,elf_i386`
    const char *static_link; ///< -static, -static-pie
    const char *no_libc; ///< -nostdlib and its kin, unless -lc is on the line
    const char *split_stack; ///< -fsplit-stack
    const char *emulated_tls; ///< -femulated-tls
    const char *thin_lto; ///< -flto=thin
    const char *other_linker; ///< -fuse-ld other than lld, --ld-path
    const char *memory_profile; ///< -fmemory-profile
    const char *sanitizer; ///< the -fsanitize kind that cannot work on linked stacks
    struct strvec search; ///< options that decide which libc clang finds: --sysroot, --gcc-toolchain, -B, -L is not among them
    struct strvec library_dirs; ///< of -L, in order
    struct strvec libraries; ///< of -l, in order
};

/// Reads `argv[0..argc)`. A pure function of the arguments and of what `reader` returns. Never blocks by itself.
void parse_line(struct arena *arena, int argc, const char *const *argv, const struct file_reader *reader, struct line *line);

/// A short name for people: "link an executable".
const char *action_name(enum action action);
const char *input_kind_name(enum input_kind kind);

/// Null, or why the line is refused and what to do instead, without `capcc: error: `. Judges only the facts in `line`.
const char *refuse_line(struct arena *arena, const struct line *line);

#endif
