// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the facts of a line and the paths of this machine, produces steps. Wherever it is right, the user's whole
// line is handed to clang with flags added in front: clang then decides names of temporaries, order of the inputs and
// what is unused, as it would without capcc. In front, because a last option that lacks its value must not swallow
// ours, and because the runtime's definitions must come before those of archives on the line. Only `-z now` comes last,
// since the last -z counts.
#include "plan.h"

#include "probe.h"
#include "undefined.h"

#include <string.h>

/// More than any plan but that of a -r line, whose steps are one for each source.
static size_t most_steps(const struct line *line) { return line->input_count + 10; }

struct step *plan_add(struct plan *plan, enum step_kind kind) {
    struct step *step = &plan->steps[plan->count++];
    *step = (struct step){.kind = kind};
    return step;
}

static bool has_kind(const struct line *line, unsigned kinds) {
    for (size_t i = 0; i < line->input_count; i++)
        if (kinds & 1u << line->inputs[i].kind) return true;
    return false;
}
#define COMPILED_KINDS (1u << INPUT_SOURCE | 1u << INPUT_IR | 1u << INPUT_HEADER | 1u << INPUT_BITCODE)

void plan_start_clang(struct arena *arena, const struct line *line, const struct paths *paths, struct strvec *argv) {
    strvec_push(arena, argv, paths->clang);
    if (line->driver_mode) strvec_push(arena, argv, line->driver_mode);
}

static void push_linker(struct arena *arena, struct strvec *argv, const char *word) {
  // not -Wl, which would split a path at its commas
    strvec_push(arena, argv, "-Xlinker");
    strvec_push(arena, argv, word);
}

/// lld is the linker. What a program walks by __start_NAME and __stop_NAME stays under --gc-sections, as with GNU ld, clang's own
/// choice on Debian: lld would drop it. A -z of the user's comes later, and counts.
static void push_linker_choice(struct arena *arena, struct strvec *argv) {
    strvec_push(arena, argv, "-Wl,-z,nostart-stop-gc");
    strvec_push(arena, argv, "-fuse-ld=lld");
}

/// A -Wl argument without `--exclude-libs ALL`, or null if nothing else is in it. That flag would hide the runtime's
/// replacements of libc calls from shared libraries too; of an executable it hides nothing else that anyone could see,
/// unless -rdynamic asks for it.
static const char *without_exclude_all(struct arena *arena, const char *text) {
    static const char *const spellings[] = {"--exclude-libs,ALL", "-exclude-libs,ALL", "--exclude-libs=ALL", "-exclude-libs=ALL"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        size_t length = strlen(spellings[i]);
        for (const char *at = text + 3; *at; at += 1 + strcspn(at + 1, ","))
            if (!strncmp(at + 1, spellings[i], length) && (at[1 + length] == ',' || !at[1 + length])) {
                const char *rest = arena_printf(arena, "%.*s%s", (int)(at - text), text, at + 1 + length);
                return strlen(rest) > 4 ? rest : NULL;
            }
    }
    return text;
}

/// In C only <pthread.h> asks for exceptions: under -fexceptions it makes pthread_cleanup_push a variable with __attribute__((cleanup)),
/// which takes an unwinder that crosses pieces of stack; without, a record that the runtime runs. What else the flag gives C, unwind
/// tables, stays.
const char *plan_word(const struct line *line, const struct argument *arg) {
    return arg->role == ROLE_EXCEPTIONS && line->compiles_c ? "-funwind-tables" : arg->text;
}

/// The user's arguments, without capcc's own and, unless `all`, without those that the plan states itself. Bitcode
/// files go straight to the linker: handed to clang they would be optimised and made machine code once for nothing.
/// `last` is put at the end, before a `--`.
static void push_user_args(struct arena *arena, const struct line *line, bool all, bool link, const char *last,
                           struct strvec *argv) {
    size_t next_input = 0;
    bool inputs_only = false;
    for (size_t i = 0; i < line->arg_count; i++) {
        const struct argument *arg = &line->args[i];
        const struct input *input = NULL;
        if (arg->role == ROLE_INPUT) input = &line->inputs[next_input++];
        if (arg->role == ROLE_OWN || (arg->role == ROLE_LTO && !all)) continue;
        if (arg->role == ROLE_SEPARATOR) {
            inputs_only = true;
            if (last) strvec_push(arena, argv, last);
            last = NULL;
        }
        const char *text = all ? arg->text : plan_word(line, arg);
        if (arg->role == ROLE_LINKER && line->action == ACTION_EXECUTABLE && !all && !strncmp(text, "-Wl,", 4) &&
            !(text = without_exclude_all(arena, text)))
            continue;
        if (link && input && input->kind == INPUT_BITCODE && !inputs_only)
            push_linker(arena, argv, text);
        else
            strvec_push(arena, argv, text);
    }
    if (last) strvec_push(arena, argv, last);
}

static void push_lto(struct arena *arena, struct strvec *argv) {
    strvec_push(arena, argv, "-flto=full");
    strvec_push(arena, argv, "-ffat-lto-objects");
}

/// Clang notes the limit in each function that it compiles, where the inliner looks it up, now and at the link: no plugin has to be
/// loaded for each file.
void plan_push_inline_limit(struct arena *arena, const struct own_flags *own, struct strvec *argv) {
    if (own->inline_limit) strvec_push(arena, argv, arena_printf(arena, "-finline-max-stacksize=%u", own->inline_limit));
}

/// The flags that compile sources for a link with the pass.
static void push_compile(struct arena *arena, const struct line *line, struct strvec *argv) {
    push_lto(arena, argv);
    if (has_kind(line, 1u << INPUT_SOURCE)) plan_push_inline_limit(arena, &line->own, argv); // clang warns of a flag without use
}

static void push_include(struct arena *arena, const struct line *line, const struct paths *paths, struct strvec *argv) {
    bool used = false;
    for (size_t i = 0; i < line->input_count; i++) used |= line->inputs[i].reads_headers;
    if (!used) return; // clang would warn of a flag without use
    strvec_push(arena, argv, "-idirafter");
    strvec_push(arena, argv, paths->include);
}

static void plan_inputs(struct arena *arena, const struct line *line, struct plan *plan) {
    struct step *step = plan_add(plan, STEP_INPUTS);
    for (size_t i = 0; i < line->input_count; i++)
        if (strcmp(line->inputs[i].path, "-")) strvec_push(arena, &step->files, line->inputs[i].path);
    if (!step->files.count && !line->has_linker_input) plan->count--; // nothing but standard input
}

static void plan_compile(struct arena *arena, const struct line *line, const struct paths *paths, bool lto, struct plan *plan) {
    plan_inputs(arena, line, plan);
    struct step *step = plan_add(plan, STEP_EXEC);
    plan_start_clang(arena, line, paths, &step->argv);
    if (lto) push_compile(arena, line, &step->argv);
    push_include(arena, line, paths, &step->argv);
    push_user_args(arena, line, false, false, NULL, &step->argv);
}

/// Null, or what keeps the pass from a shared object. Its code is then external to the programs that use it, as any library's is.
static const char *pass_hindrance(struct arena *arena, const struct line *line) {
    if (line->sanitizer) return arena_printf(arena, "of -fsanitize=%s", line->sanitizer);
    if (line->no_libc) return arena_printf(arena, "of %s", line->no_libc);
    if (line->static_link) return arena_printf(arena, "of %s", line->static_link);
    if (line->cpp_language) return "C++ may throw, and exceptions do not cross linked stacks";
    return NULL;
}

static void plan_shared_without_pass(struct arena *arena, const struct line *line, const struct paths *paths, const char *why,
                                     struct plan *plan) {
    plan_inputs(arena, line, plan);
    struct step *step = plan_add(plan, STEP_EXEC);
    plan_start_clang(arena, line, paths, &step->argv);
    push_linker_choice(arena, &step->argv);
    push_compile(arena, line, &step->argv);
    push_include(arena, line, paths, &step->argv);
    push_user_args(arena, line, false, true, NULL, &step->argv);
    strvec_push(arena, &plan->notes,
                arena_printf(arena, "linked without the pass because %s: its code is external to the program that uses it", why));
}

static const char *add_warning(struct arena *arena, const struct own_flags *own, const struct own_warning *warning, const char *name,
                               const char *before) {
    bool error = warning->error || (own->warnings_are_errors && !own->no_warnings && !warning->never_error);
    if (!warning->on || (own->no_warnings && !error)) return before;
    return arena_printf(arena, "%s%s%s%s", before, strchr(before, '=') ? "," : "=", name, error ? "=error" : "");
}

/// `CAPCC_WARN=NAME,NAME=error`, or the name of the variable alone where no warning is on.
static const char *warnings(struct arena *arena, const struct own_flags *own) {
    const char *text = add_warning(arena, own, &own->blocking, "blocking-in-critical-section", "CAPCC_WARN");
    return add_warning(arena, own, &own->stdio, "stdio-in-critical-section", text);
}

static void push_environment(struct arena *arena, const struct own_flags *own, const char *shared, struct strvec *env) {
    strvec_push(arena, env, arena_printf(arena, "CAPCC_MAX_PATH=%u", own->max_path));
    strvec_push(arena, env, arena_printf(arena, "CAPCC_MIN_CHUNK=%u", own->min_chunk));
    strvec_push(arena, env,
                own->inline_limit ? arena_printf(arena, "CAPCC_INLINE_LIMIT=%u", own->inline_limit) : "CAPCC_INLINE_LIMIT=off");
  // Unset what the line does not ask for: a value left over in the caller's environment would change the program
  // without a trace in the build log.
    strvec_push(arena, env, own->report ? arena_printf(arena, "CAPCC_REPORT=%s", own->report) : "CAPCC_REPORT");
    strvec_push(arena, env, own->profile ? arena_printf(arena, "CAPCC_PROFILE=%s", own->profile) : "CAPCC_PROFILE");
    strvec_push(arena, env, own->print ? arena_printf(arena, "CAPCC_PRINT=%s", own->print) : "CAPCC_PRINT");
    strvec_push(arena, env, own->icalls ? arena_printf(arena, "CAPCC_ICALLS=%s", own->icalls) : "CAPCC_ICALLS");
    strvec_push(arena, env,
                own->check_icalls ? arena_printf(arena, "CAPCC_CHECK_ICALLS=%s", own->check_icalls) : "CAPCC_CHECK_ICALLS");
    strvec_push(arena, env, own->no_spin ? "CAPCC_SPIN=off" : "CAPCC_SPIN");
    strvec_push(arena, env, own->no_preempt ? "CAPCC_PREEMPT=off" : "CAPCC_PREEMPT");
    strvec_push(arena, env, own->stacks ? arena_printf(arena, "CAPCC_STACKS=%s", own->stacks) : "CAPCC_STACKS");
    strvec_push(arena, env, own->no_graph ? "CAPCC_GRAPH=off" : "CAPCC_GRAPH");
    strvec_push(arena, env, warnings(arena, own));
    strvec_push(arena, env, "CAPCC_BOUNDS");
    strvec_push(arena, env, shared ? arena_printf(arena, "CAPCC_SHARED=%s", shared) : "CAPCC_SHARED");
}

/// By the long names of -L and -l: and not by its path: CMake looks through the link line that -v shows for -l, -L and archives, and
/// would add this one to links by other compilers.
static void push_archive(struct arena *arena, const char *path, struct strvec *argv) {
    push_linker(arena, argv, arena_printf(arena, "--library=:%s", path_base(path)));
}

static void push_whole(struct arena *arena, const char *path, const char *second, struct strvec *argv) {
    push_linker(arena, argv, arena_printf(arena, "--library-path=%s", path_directory(arena, path)));
    push_linker(arena, argv, "--whole-archive");
    push_archive(arena, path, argv);
    if (second) push_archive(arena, second, argv);
    push_linker(arena, argv, "--no-whole-archive");
}

static bool ends_in(const char *text, const char *suffix) {
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && !strcmp(text + length - tail, suffix);
}

/// Whether something on the line may be a shared library of somebody's own. The linker sees what such a library refers to, but
/// under a version's name (poll@GLIBC_2.2.5), for which it takes nothing out of an archive.
static bool links_other_libraries(const struct line *line) {
    static const char *const of_libc[] = {"c", "m", "pthread", "rt", "dl", "util", "resolv", "anl", "gcc", "gcc_s", "atomic"};
    for (size_t i = 0; i < line->libraries.count; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof of_libc / sizeof *of_libc; k++) known |= !strcmp(line->libraries.items[i], of_libc[k]);
        if (!known) return true;
    }
    for (size_t i = 0; i < line->input_count; i++) {
        const struct input *input = &line->inputs[i];
        if (input->kind == INPUT_LINKED && !ends_in(input->path, ".o") && !ends_in(input->path, ".a")) return true;
    }
    for (size_t i = 0; i < line->linker_args.count; i++) {
        const char *text = line->linker_args.items[i];
        if (!strncmp(text, "-l", 2) || !strncmp(text, "--library=", 10) || text[0] != '-') return true;
    }
    return line->cpp_language;
}

/// Whole what soundness depends on, whoever calls it. Of the calls that only let other threads run, those that the program
/// refers to; all where shared libraries may want them, and with a version script, since that may name only what is there.
static void push_runtime(struct arena *arena, const struct line *line, const struct paths *paths, struct strvec *argv) {
    bool all = line->version_script || links_other_libraries(line);
    push_whole(arena, paths->runtime, all ? paths->runtime_calls : NULL, argv);
    if (!all) push_archive(arena, paths->runtime_calls, argv);
}

static void plan_probe(struct arena *arena, const struct line *line, const struct paths *paths, struct plan *plan) {
    struct step *step = plan_add(plan, STEP_TRY);
    plan_start_clang(arena, line, paths, &step->argv);
    push_linker_choice(arena, &step->argv);
    push_include(arena, line, paths, &step->argv);
    push_user_args(arena, line, false, false, NULL, &step->argv);
    strvec_push(arena, &plan->notes, "a probe of configure's or CMake's: linked without the pass if that works; -fcapriccio-probes has it go through the pass");
}

/// The link of a program or of a shared object, with the pass. What the one exports of the runtime, the other refers to.
static void plan_with_pass(struct arena *arena, const struct line *line, const struct paths *paths, const char *scratch,
                           struct plan *plan) {
    bool shared = line->action == ACTION_SHARED;
    plan_inputs(arena, line, plan);
    if (line_is_probe(line)) plan_probe(arena, line, paths, plan);
    struct step *parts = plan_add(plan, STEP_PARTS);
    strvec_push(arena, &parts->files, paths->plugin);
    strvec_push(arena, &parts->files, shared ? paths->shared : paths->runtime);
    strvec_push(arena, &parts->files, shared ? paths->shared_calls : paths->runtime_calls);
    strvec_push(arena, &parts->files, paths->dynlist);
    if (line->own.profile) plan_add(plan, STEP_PROFILE)->input = line->own.profile;
    if (!line->dry_run) {
        struct step *bounds = plan_add(plan, STEP_BOUNDS);
        plan_start_clang(arena, line, paths, &bounds->argv);
        strvec_append(arena, &bounds->argv, &line->search);
        strvec_push(arena, &bounds->argv, "-print-file-name=libc.so.6");
        bounds->input = paths->capstack;
    }
    struct step *link = plan_add(plan, line->dry_run ? STEP_EXEC : STEP_RUN);
    struct strvec *argv = &link->argv;
    push_environment(arena, &line->own, shared ? paths->dynlist : NULL, &link->env);
    strvec_push(arena, &link->env, line->dry_run ? CALLERS_VARIABLE : arena_printf(arena, CALLERS_VARIABLE "=%s/callers", scratch));
    plan_start_clang(arena, line, paths, argv);
    push_linker_choice(arena, argv);
    push_compile(arena, line, argv);
    push_include(arena, line, paths, argv);
    push_linker(arena, argv, arena_printf(arena, "--load-pass-plugin=%s", paths->plugin));
    push_linker(arena, argv, arena_printf(arena, "--error-handling-script=%s", paths->self));
    if (!shared) push_linker(arena, argv, arena_printf(arena, "--dynamic-list=%s", paths->dynlist));
    if (!shared && line->version_script) // an exact name here counts more than the `local: *` of the user's script
        push_linker(arena, argv, arena_printf(arena, "--version-script=%s", paths->dynlist));
    if (shared) {
        push_whole(arena, paths->shared, NULL, argv);
        push_archive(arena, paths->shared_calls, argv);
    } else
        push_runtime(arena, line, paths, argv);
    push_user_args(arena, line, false, true, "-Wl,-z,now", argv);
    if (!line->dry_run) {
        struct step *prove = plan_add(plan, STEP_PROVE);
        prove->input = shared ? NULL : paths->dynlist;
        prove->output = line->output ? line->output : "a.out";
        if (!line->own.no_verify) {
            strvec_push(arena, &parts->files, paths->capstack);
            struct step *verify = plan_add(plan, STEP_VERIFY);
            verify->input = paths->capstack;
            verify->output = prove->output;
        }
    }
}

static void plan_extract(struct arena *arena, const struct line *line, const struct paths *paths, struct plan *plan) {
    plan_inputs(arena, line, plan);
    struct step *step = plan_add(plan, STEP_EXTRACT);
    for (size_t i = 0; i < line->input_count; i++) strvec_push(arena, &step->files, line->inputs[i].path);
    step->input = arena_printf(arena, "%s/llvm-link", paths->llvm_bin);
    step->output = line->output ? line->output : arena_printf(arena, "%s.bc", line->inputs[0].path);
}

/// Clang alone: what it prints, or all that it does with -fno-capriccio.
static void plan_clang(struct arena *arena, const struct line *line, const struct paths *paths, struct plan *plan) {
    struct step *step = plan_add(plan, STEP_EXEC);
    plan_start_clang(arena, line, paths, &step->argv);
    if (line->action == ACTION_QUERY && line->linker_args.count && !line->own.plain)
        strvec_push(arena, &step->argv, "-fuse-ld=lld"); // -Wl,--version tells a build system which linker it will get
    if (line->own.plain) push_include(arena, line, paths, &step->argv);
    push_user_args(arena, line, true, false, NULL, &step->argv);
}

void make_plan(struct arena *arena, const struct line *line, const struct paths *paths, const char *scratch, struct plan *plan) {
    *plan = (struct plan){.steps = arena_alloc(arena, most_steps(line) * sizeof *plan->steps)};
    if (line->own.plain && line->action != ACTION_EXTRACT) {
        plan_clang(arena, line, paths, plan);
        return;
    }
    switch (line->action) {
    case ACTION_HELP:
    case ACTION_VERSION:
    case ACTION_QUERY:
        plan_clang(arena, line, paths, plan);
        break;
    case ACTION_PLAIN:
        plan_compile(arena, line, paths, false, plan);
        break;
    case ACTION_COMPILE:
        plan_compile(arena, line, paths, has_kind(line, COMPILED_KINDS), plan);
        break;
    case ACTION_EXECUTABLE:
        plan_with_pass(arena, line, paths, scratch, plan);
        break;
    case ACTION_SHARED: {
        const char *why = pass_hindrance(arena, line);
        if (why)
            plan_shared_without_pass(arena, line, paths, why, plan);
        else
            plan_with_pass(arena, line, paths, scratch, plan);
        break;
    }
    case ACTION_RELOCATABLE:
        plan_inputs(arena, line, plan);
        plan_relocatable(arena, line, paths, scratch, plan);
        break;
    case ACTION_EXTRACT:
        plan_extract(arena, line, paths, plan);
        break;
    }
    for (size_t i = 0; i < line->arg_count; i++)
        if (line->action > ACTION_QUERY && plan_word(line, &line->args[i]) != line->args[i].text) {
            strvec_push(arena, &plan->notes, "C is compiled without the exceptions of -fexceptions: pthread_cleanup_push takes the form that the runtime runs");
            break;
        }
    if (has_kind(line, 1u << INPUT_ASSEMBLY) && line->action >= ACTION_COMPILE)
        strvec_push(arena, &plan->notes, "assembly files have no bitcode: their code is external to the pass");
}

bool plan_needs_scratch(const struct plan *plan) {
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == STEP_BOUNDS || plan->steps[i].kind == STEP_MERGE ||
            plan->steps[i].kind == STEP_EXTRACT)
            return true;
    return false;
}
