// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the facts of a line, produces the reason why it cannot be done with linked stacks, if there is one, and the
// remedy. Refused early and by name, because each of these would otherwise compile, and fail at run time or silently
// lose what capcc is for.
#include "parse.h"

#include <string.h>

/// x86-64 Linux with glibc, in the spellings that clang accepts: ARCH-OS-ENV or ARCH-VENDOR-OS-ENV. No ENV means gnu;
/// gnux32, musl and android are others.
static bool target_is_ours(const char *triple) {
    size_t arch = strcspn(triple, "-");
    if (!(arch == 6 && !strncmp(triple, "x86_64", 6)) && !(arch == 5 && !strncmp(triple, "amd64", 5))) return false;
    const char *linux_part = strstr(triple + arch, "-linux");
    if (!linux_part) return false;
    const char *env = linux_part + 6;
    return !*env || !strcmp(env, "-gnu");
}

static bool links(enum action action) {
    return action == ACTION_EXECUTABLE || action == ACTION_SHARED || action == ACTION_RELOCATABLE;
}

static bool is_refused_action(enum action action) {
    return action != ACTION_HELP && action != ACTION_VERSION && action != ACTION_QUERY;
}

/// Only what holds bitcode already, and no library that the linker would have to look for.
static const char *refuse_extract(struct arena *arena, const struct line *line) {
    if (!line->input_count) return "--extract-bc: no input files; name objects and archives that capcc made";
    for (size_t i = 0; i < line->input_count; i++)
        if (line->inputs[i].kind != INPUT_LINKED && line->inputs[i].kind != INPUT_BITCODE)
            return arena_printf(arena, "%s: --extract-bc takes objects, archives and bitcode; compile it with `capcc -c` first",
                                line->inputs[i].path);
    if (line->libraries.count)
        return arena_printf(arena, "-l%s: --extract-bc looks for no libraries; name the archive as a file", line->libraries.items[0]);
    if (!line->output && line->input_count > 1) return "--extract-bc: several input files; name the output with -o";
    return NULL;
}

const char *refuse_line(struct arena *arena, const struct line *line) {
    if (line->error) return line->error;
    if (!is_refused_action(line->action)) return NULL;
    if (line->action == ACTION_EXTRACT) return refuse_extract(arena, line);
    if (!line->input_count && !(links(line->action) && line->has_linker_input)) return "no input files";
    if (line->own.plain) return NULL;
    if (line->target && !target_is_ours(line->target))
        return arena_printf(arena, "--target=%s: only x86_64-linux-gnu is supported; use -fno-capriccio for other targets",
                            line->target);
    if (line->machine)
        return arena_printf(arena, "%s: only 64-bit x86-64 code is supported; drop it, or use -fno-capriccio", line->machine);
    if (line->split_stack)
        return "-fsplit-stack: its stack limit register and capcc's are the same; drop the flag, capcc links stacks by itself";
    if (line->emulated_tls)
        return "-femulated-tls: thread-local variables are the runtime's, which finds them by the thread's own block; drop the flag, or use "
               "-fno-capriccio";
    if (line->thin_lto) return "-flto=thin: the pass must see the whole program in one module; use -flto=full or no -flto flag";
    if (!links(line->action)) return NULL;
    if (line->other_linker)
        return arena_printf(arena, "%s: the pass runs inside ld.lld; drop the flag, capcc uses clang's own lld",
                            line->other_linker);
    if (line->action != ACTION_EXECUTABLE) return NULL;
    if (line->static_link)
        return arena_printf(arena,
                            "%s: the runtime replaces libc's blocking calls by symbol interposition, which needs the dynamic libc; "
                            "link without %s, or with "
                            "-fno-capriccio",
                            line->static_link, line->static_link);
    if (line->no_libc)
        return arena_printf(arena, "%s: the runtime needs libc; add -lc, or link with -fno-capriccio", line->no_libc);
    if (line->memory_profile)
        return arena_printf(
            arena, "%s: its runtime takes the place of libc's threads, as capcc's does; link without it, or with -fno-capriccio",
            line->memory_profile);
    if (line->sanitizer)
        return arena_printf(
            arena,
            "-fsanitize=%s: sanitizers assume one contiguous stack per kernel thread; link without it, or with -fno-capriccio",
            line->sanitizer);
    return NULL;
}
