// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a command line of clang's language, produces the facts and roles in struct line. Only what a plan or a
// refusal depends on is understood; every other word goes to clang untouched, which judges it far better. What must be
// right is which words are values of the word before, and which are inputs.
#include "parse.h"

#include "options.h"
#include "own_flags.h"

#include <string.h>

/// Which of clang's phases the line stops after; the earliest one named wins, whatever the order on the line.
enum { STOP_PREPROCESS = 1, STOP_EARLY = 2, STOP_ASSEMBLY = 4, STOP_OBJECT = 8 };

struct parser {
    struct arena *arena;
    struct line *line;
    struct strvec words;
    const char *language; ///< -x in force
    unsigned stops;
    bool query, help, version, linker_query;
    bool shared, relocatable;
    struct strvec sanitizers; ///< in force so far
};

static bool starts(const char *text, const char *prefix) { return !strncmp(text, prefix, strlen(prefix)); }

static const char *after(const char *text, const char *prefix) { return starts(text, prefix) ? text + strlen(prefix) : NULL; }

static bool is_one_of(const char *text, const char *const *list) {
    for (; *list; list++)
        if (!strcmp(text, *list)) return true;
    return false;
}
#define ONE_OF(text, ...) is_one_of(text, (const char *const[]){__VA_ARGS__, NULL})

static enum input_kind kind_of_language(const char *language) {
    if (ONE_OF(language, "assembler", "assembler-with-cpp")) return INPUT_ASSEMBLY;
    if (!strcmp(language, "ir")) return INPUT_IR;
    size_t length = strlen(language);
    if (length > 7 && !strcmp(language + length - 7, "-header")) return INPUT_HEADER;
    return INPUT_SOURCE;
}

/// By the suffix, as clang does. A file without a known one is the linker's.
static enum input_kind kind_of_path(const char *path) {
    const char *base = strrchr(path, '/');
    const char *dot = strrchr(base ? base : path, '.');
    if (!dot || !dot[1]) return INPUT_LINKED;
    const char *suffix = dot + 1;
    if (ONE_OF(suffix, "c", "i", "C", "cc", "cp", "cpp", "cxx", "c++", "CC", "CPP", "CXX", "C++", "ii", "m", "mi", "M", "mm", "mii",
               "cppm", "ccm", "cxxm", "c++m", "iim", "cl", "clcpp", "cu", "cui", "hip", "cir"))
        return INPUT_SOURCE;
    if (ONE_OF(suffix, "s", "asm", "S")) return INPUT_ASSEMBLY;
    if (ONE_OF(suffix, "h", "H", "hh", "hpp", "hxx")) return INPUT_HEADER;
    if (!strcmp(suffix, "bc")) return INPUT_BITCODE;
    return strcmp(suffix, "ll") ? INPUT_LINKED : INPUT_IR;
}

/// Preprocessed sources, IR and plain assembly are no longer looked at for #include, and clang warns of an include path
/// that has no use.
static bool reads_headers(const struct input *input) {
    if (input->kind == INPUT_LINKED || input->kind == INPUT_IR || input->kind == INPUT_BITCODE) return false;
    if (input->language) return !strstr(input->language, "cpp-output") && strcmp(input->language, "assembler");
    const char *dot = strrchr(input->path, '.');
    return !dot || !ONE_OF(dot, ".i", ".ii", ".mi", ".mii", ".iim", ".cui", ".s", ".asm");
}

/// Whether all that clang compiles on the line is C. Other languages may throw; IR and assembly know nothing of the flags about it.
static bool compiles_c(const struct line *line) {
    size_t found = 0;
    for (size_t i = 0; i < line->input_count; i++) {
        const struct input *input = &line->inputs[i];
        if (input->kind != INPUT_SOURCE && input->kind != INPUT_HEADER) continue;
        const char *dot = strrchr(input->path, '.');
        bool is_c = input->language ? ONE_OF(input->language, "c", "cpp-output", "c-header")
                                    : dot && ONE_OF(dot, ".c", ".i", ".h") && !line->cpp_language;
        if (!is_c) return false;
        found++;
    }
    return found;
}

static void fail(struct parser *p, const char *error) {
    if (!p->line->error) p->line->error = error;
}

static size_t add(struct parser *p, const char *text, enum role role) {
    p->line->args[p->line->arg_count] = (struct argument){text, role};
    return p->line->arg_count++;
}

static void add_input(struct parser *p, const char *path) {
    struct input *input = &p->line->inputs[p->line->input_count++];
    input->path = path;
    input->language = p->language;
    input->arg = add(p, path, ROLE_INPUT);
    if (p->language)
        input->kind = kind_of_language(p->language);
    else if (!strcmp(path, "-"))
        input->kind = INPUT_SOURCE;
    else
        input->kind = kind_of_path(path);
    input->reads_headers = reads_headers(input);
}

static const char *const relocatable_flags[] = {"-r", "--relocatable", "-i", NULL};

/// `-Wl,a,b` as one argument again, without those words that make the link a partial one: the plan for -r states that
/// itself. Null if none is left.
static const char *without_relocatable(struct parser *p, const char *text) {
    const char *kept = "-Wl";
    for (const char *at = text + 3; *at == ',';) {
        size_t length = strcspn(++at, ",");
        const char *word = arena_copy(p->arena, at, length);
        if (!is_one_of(word, relocatable_flags)) kept = arena_printf(p->arena, "%s,%s", kept, word);
        at += length;
    }
    return strlen(kept) > 4 ? kept : NULL;
}

static void take_comma_list(struct parser *p, const char *text) {
    bool relocatable = false;
    for (const char *at = text + 3; *at == ',';) {
        size_t length = strcspn(++at, ",");
        const char *word = arena_copy(p->arena, at, length);
        strvec_push(p->arena, &p->line->linker_args, word);
        relocatable |= is_one_of(word, relocatable_flags);
        at += length;
    }
    p->line->has_linker_input = true;
    const char *kept = relocatable ? without_relocatable(p, text) : text;
    if (kept) add(p, kept, ROLE_LINKER);
}

/// Adds and removes kinds of -fsanitize in the order of the line, since the last word on each counts.
static void take_sanitizers(struct parser *p, const char *list, bool on) {
    struct strvec *kinds = &p->sanitizers;
    while (*list) {
        size_t length = strcspn(list, ",");
        const char *kind = arena_copy(p->arena, list, length);
        size_t kept = 0;
        for (size_t i = 0; i < kinds->count; i++)
            if (strcmp(kinds->items[i], kind) && !(!on && !strcmp(kind, "all"))) kinds->items[kept++] = kinds->items[i];
        kinds->count = kept;
        if (on) strvec_push(p->arena, kinds, kind);
        list += length;
        if (*list == ',') list++;
    }
}

/// -flto, -fuse-ld and their kin, which are the plan's to state.
static bool take_lto(struct parser *p, const char *text) {
    struct line *line = p->line;
    const char *value;
    if ((value = after(text, "-flto="))) {
        line->thin_lto = strcmp(value, "thin") ? NULL : text;
    } else if (ONE_OF(text, "-flto", "-fno-lto")) {
        line->thin_lto = NULL;
    } else if ((value = after(text, "-fuse-ld="))) {
        line->other_linker = strcmp(value, "lld") ? text : NULL;
    } else if (starts(text, "--ld-path=")) {
        line->other_linker = text;
    } else if (!ONE_OF(text, "-ffat-lto-objects", "-fno-fat-lto-objects")) {
        return false;
    }
    add(p, text, ROLE_LTO);
    return true;
}

/// Where the line ends, and what clang would only print.
static bool take_phase(struct parser *p, const char *text) {
    if (ONE_OF(text, "-c", "--compile")) {
        p->stops |= STOP_OBJECT;
        add(p, text, ROLE_PHASE);
        return true;
    }
    if (ONE_OF(text, "-E", "--preprocess", "-M", "-MM", "--dependencies", "--user-dependencies"))
        p->stops |= STOP_PREPROCESS;
    else if (ONE_OF(text, "-S", "--assemble"))
        p->stops |= STOP_ASSEMBLY;
    else if (option_stops_early(text))
        p->stops |= STOP_EARLY;
    else if (option_is_query(text))
        p->query = true;
    else if (ONE_OF(text, "--help", "-help"))
        p->help = true;
    else if (ONE_OF(text, "--version", "-version"))
        p->version = true;
    else
        return false;
    add(p, text, ROLE_OTHER);
    return true;
}

/// Facts about the machine and the shape of the output.
static bool take_shape(struct parser *p, const char *text) {
    struct line *line = p->line;
    const char *value;
    if (ONE_OF(text, "-r", "--relocatable")) {
        p->relocatable = true;
        add(p, text, ROLE_SHAPE);
        return true;
    }
    if (ONE_OF(text, "-shared", "--shared"))
        p->shared = true;
    else if (ONE_OF(text, "-static", "--static", "-static-pie"))
        line->static_link = text;
    else if (ONE_OF(text, "-nostdlib", "--no-standard-libraries", "-nodefaultlibs", "-nolibc"))
        line->no_libc = text;
    else if (ONE_OF(text, "-m32", "-mx32", "-m16"))
        line->machine = text;
    else if (!strcmp(text, "-m64"))
        line->machine = NULL;
    else if ((value = after(text, "--target=")))
        line->target = value;
    else if (!strcmp(text, "-fsplit-stack"))
        line->split_stack = text;
    else if (!strcmp(text, "-fno-split-stack"))
        line->split_stack = NULL;
    else if (!strcmp(text, "-femulated-tls"))
        line->emulated_tls = text;
    else if (!strcmp(text, "-fno-emulated-tls"))
        line->emulated_tls = NULL;
    else if (!strcmp(text, "-fexceptions")) {
        add(p, text, ROLE_EXCEPTIONS);
        return true;
    } else if (!strcmp(text, "-fmemory-profile") || after(text, "-fmemory-profile="))
        line->memory_profile = text;
    else if (!strcmp(text, "-fno-memory-profile"))
        line->memory_profile = NULL;
    else if ((value = after(text, "-fsanitize=")))
        take_sanitizers(p, value, true);
    else if ((value = after(text, "-fno-sanitize=")))
        take_sanitizers(p, value, false);
    else if ((value = after(text, "--driver-mode=")))
        line->cpp_language = !strcmp(value, "g++");
    else
        return false;
    add(p, text, ROLE_OTHER);
    return true;
}

/// Options whose value matters, joined or in the next word.
static enum role role_with_value(struct parser *p, const char *option, const char *value) {
    struct line *line = p->line;
    if (ONE_OF(option, "-o", "--output")) {
        line->output = value;
        return ROLE_OUTPUT;
    }
    if (ONE_OF(option, "-x", "--language")) {
        p->language = strcmp(value, "none") ? value : NULL;
        return ROLE_LANGUAGE;
    }
    if (!strcmp(option, "-l")) {
        strvec_push(p->arena, &line->libraries, value);
        line->has_linker_input = true;
        return ROLE_LINKER;
    }
    if (ONE_OF(option, "-Xlinker", "--for-linker")) {
        strvec_push(p->arena, &line->linker_args, value);
        line->has_linker_input = true;
        return is_one_of(value, relocatable_flags) ? ROLE_SHAPE : ROLE_LINKER;
    }
    if (ONE_OF(option, "-L", "--library-directory"))
        strvec_push(p->arena, &line->library_dirs, value);
    else if (!strcmp(option, "-z"))
        strvec_push(p->arena, &line->linker_args, arena_printf(p->arena, "-z%s", value));
    else if (!strcmp(option, "-target"))
        line->target = value;
    else if (ONE_OF(option, "--print-file-name", "--print-prog-name"))
        p->query = true;
    else if (!strcmp(option, "--sysroot"))
        strvec_push(p->arena, &line->search, arena_printf(p->arena, "--sysroot=%s", value));
    else if (!strcmp(option, "-B"))
        strvec_push(p->arena, &line->search, arena_printf(p->arena, "-B%s", value));
    return ROLE_OTHER;
}

/// Takes the option at words[at] with its values; returns the index of the last word taken.
static size_t take_valued(struct parser *p, size_t at, size_t values) {
    const char *option = p->words.items[at];
    if (p->words.count - at - 1 < values) {
        fail(p,
             arena_printf(p->arena, "%s: its value is missing; give %s after it", option, values == 1 ? "one word" : "its words"));
        return p->words.count - 1;
    }
    enum role role = role_with_value(p, option, p->words.items[at + 1]);
    for (size_t i = 0; i <= values; i++) add(p, p->words.items[at + i], role);
    return at + values;
}

static void take_joined(struct parser *p, const char *text) {
    static const struct {
        const char *prefix, *option;
    } joined[] = {{"--output=", "-o"},
                  {"--language=", "-x"},
                  {"--library-directory=", "-L"},
                  {"--for-linker=", "-Xlinker"},
                  {"--sysroot=", "--sysroot"},
                  {"-o", "-o"},
                  {"-x", "-x"},
                  {"-l", "-l"},
                  {"-L", "-L"},
                  {"-B", "-B"}};
    struct line *line = p->line;
    enum role role = ROLE_OTHER;
    if (starts(text, "-O"))
        line->optimise = text;
    else if (ONE_OF(text, "-Werror", "-Wno-error"))
        line->own.warnings_are_errors = text[2] == 'e';
    else if (ONE_OF(text, "-w", "--no-warnings"))
        line->own.no_warnings = true;
    else if (!strcmp(text, "-###"))
        line->dry_run = true;
    else if (ONE_OF(text, "-v", "--verbose"))
        line->verbose = true;
    else if (starts(text, "--gcc-toolchain=") || starts(text, "--gcc-install-dir=") || starts(text, "--gcc-triple="))
        strvec_push(p->arena, &line->search, text);
    else if (!starts(text, "-objcmt") && !starts(text, "-object"))
        for (size_t i = 0; i < sizeof joined / sizeof *joined && role == ROLE_OTHER; i++)
            if (starts(text, joined[i].prefix)) {
                role = role_with_value(p, joined[i].option, text + strlen(joined[i].prefix));
                break;
            }
    add(p, text, role);
}

static void take_words(struct parser *p) {
    for (size_t at = 0; at < p->words.count; at++) {
        const char *text = p->words.items[at];
        const char *error = NULL;
        if (!strcmp(text, "--")) {
            add(p, text, ROLE_SEPARATOR);
            while (++at < p->words.count) add_input(p, p->words.items[at]);
            return;
        }
        size_t values;
        if (text[0] != '-' || !text[1])
            add_input(p, text);
        else if (own_flag_take(p->arena, text, &p->line->own, &error))
            error ? fail(p, error) : (void)add(p, text, ROLE_OWN);
        else if (starts(text, "-Wl,"))
            take_comma_list(p, text);
        else if ((values = (size_t)option_values(text)))
            at = take_valued(p, at, values);
        else if (!take_lto(p, text) && !take_phase(p, text) && !take_shape(p, text))
            take_joined(p, text);
    }
}

/// What the words for the linker say; the last output named there is the one that is written.
static void read_linker_args(struct parser *p) {
    struct line *line = p->line;
    for (size_t i = 0; i < line->linker_args.count; i++) {
        const char *text = line->linker_args.items[i];
        const char *value = NULL;
        if (linker_option_values(text) && i + 1 < line->linker_args.count) value = line->linker_args.items[++i];
        if (value && ONE_OF(text, "-o", "--output"))
            line->output = value;
        else if (starts(text, "--output="))
            line->output = text + 9;
        else if (value && !strcmp(text, "-m") && strcmp(value, "elf_x86_64"))
            line->machine = arena_printf(p->arena, "-Wl,-m,%s", value);
        else if (is_one_of(text, relocatable_flags))
            p->relocatable = true;
        else if (starts(text, "--version-script") || starts(text, "-version-script"))
            line->version_script = true;
        else if (ONE_OF(text, "-shared", "--shared", "-Bshareable", "--Bshareable"))
            p->shared = true;
        else if (ONE_OF(text, "--version", "-version", "--help", "-help"))
            p->linker_query = true;
    }
}

static enum action decide(const struct parser *p) {
    const struct line *line = p->line;
    size_t headers = 0;
    for (size_t i = 0; i < line->input_count; i++) headers += line->inputs[i].kind == INPUT_HEADER;
    bool nothing = !line->input_count && !line->has_linker_input;
    if (p->help) return ACTION_HELP;
    if (p->version) return ACTION_VERSION;
    if (p->query || (nothing && line->verbose)) return ACTION_QUERY;
    if (line->own.extract) return ACTION_EXTRACT;
    if (p->stops & (STOP_PREPROCESS | STOP_EARLY | STOP_ASSEMBLY)) return ACTION_PLAIN;
    if (headers && headers == line->input_count) return ACTION_PLAIN;
    if (p->stops & STOP_OBJECT) return ACTION_COMPILE;
    if (p->linker_query) return ACTION_QUERY;
    return p->relocatable ? ACTION_RELOCATABLE : p->shared ? ACTION_SHARED : ACTION_EXECUTABLE;
}

/// The last kind in `kinds` that may not be linked with capcc, or null. The parts of -fsanitize=undefined only add
/// checks and calls to their runtime; every other kind, known or of a later clang, is taken to depend on the stack.
static const char *unsafe_sanitizer(const struct strvec *kinds) {
    static const char *const harmless[] = {"undefined",
                                           "bounds",
                                           "array-bounds",
                                           "local-bounds",
                                           "alignment",
                                           "bool",
                                           "builtin",
                                           "enum",
                                           "float-cast-overflow",
                                           "float-divide-by-zero",
                                           "implicit-conversion",
                                           "implicit-bitfield-conversion",
                                           "implicit-integer-truncation",
                                           "implicit-integer-sign-change",
                                           "implicit-signed-integer-truncation",
                                           "implicit-unsigned-integer-truncation",
                                           "implicit-integer-arithmetic-value-change",
                                           "integer",
                                           "integer-divide-by-zero",
                                           "nonnull-attribute",
                                           "null",
                                           "nullability",
                                           "nullability-arg",
                                           "nullability-assign",
                                           "nullability-return",
                                           "object-size",
                                           "pointer-overflow",
                                           "return",
                                           "returns-nonnull-attribute",
                                           "shift",
                                           "shift-base",
                                           "shift-exponent",
                                           "signed-integer-overflow",
                                           "unreachable",
                                           "unsigned-integer-overflow",
                                           "unsigned-shift-base",
                                           "vla-bound",
                                           "vptr",
                                           "function",
                                           NULL};
    const char *found = NULL;
    for (size_t i = 0; i < kinds->count; i++)
        if (!is_one_of(kinds->items[i], harmless)) found = kinds->items[i];
    return found;
}

void parse_line(struct arena *arena, int argc, const char *const *argv, const struct file_reader *reader, struct line *line) {
    *line = (struct line){.own = {.max_path = DEFAULT_MAX_PATH, .min_chunk = DEFAULT_MIN_CHUNK, .inline_limit = DEFAULT_INLINE_LIMIT}};
    struct parser p = {.arena = arena, .line = line};
    if (argc < 1) {
        line->error = "called without a name; exec it with argv[0] set";
        return;
    }
    line->error = response_expand(arena, argc - 1, argv + 1, reader, &p.words);
    if (line->error) return;
    size_t name_length = strlen(argv[0]);
    if (name_length > 2 && !strcmp(argv[0] + name_length - 2, "++")) {
        line->driver_mode = "--driver-mode=g++";
        line->cpp_language = true;
    }
    line->args = arena_alloc(arena, (p.words.count + 1) * sizeof *line->args);
    line->inputs = arena_alloc(arena, (p.words.count + 1) * sizeof *line->inputs);
    if (p.words.count && ONE_OF(p.words.items[0], "-cc1", "-cc1as", "-cc1gen-reproducer")) {
        for (size_t i = 0; i < p.words.count; i++) add(&p, p.words.items[i], ROLE_OTHER);
        line->action = ACTION_QUERY;
        return;
    }
    take_words(&p);
    read_linker_args(&p);
    line->action = decide(&p);
    line->compiles_c = compiles_c(line);
    for (size_t i = 0; i < line->libraries.count; i++)
        if (!strcmp(line->libraries.items[i], "c")) line->no_libc = NULL;
    line->sanitizer = unsafe_sanitizer(&p.sanitizers);
}

const char *action_name(enum action action) {
    static const char *const names[] = {[ACTION_HELP] = "help",
                                        [ACTION_VERSION] = "version",
                                        [ACTION_QUERY] = "query",
                                        [ACTION_PLAIN] = "plain compile",
                                        [ACTION_COMPILE] = "compile",
                                        [ACTION_EXECUTABLE] = "link an executable",
                                        [ACTION_SHARED] = "link a shared object",
                                        [ACTION_RELOCATABLE] = "link a relocatable object",
                                        [ACTION_EXTRACT] = "extract bitcode"};
    return names[action];
}

const char *input_kind_name(enum input_kind kind) {
    static const char *const names[] = {[INPUT_SOURCE] = "source", [INPUT_ASSEMBLY] = "assembly",
                                        [INPUT_HEADER] = "header", [INPUT_BITCODE] = "bitcode",
                                        [INPUT_IR] = "IR",         [INPUT_LINKED] = "for the linker"};
    return names[kind];
}
