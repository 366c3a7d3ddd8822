// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the libc's file, produces its bounds file. Reading the machine code of libc takes longer than a small link,
// and a configure script links hundreds of programs, so the result is cached. The key is the libc's build id and a hash
// of capstack itself: bounds found by a capstack that has since been corrected must not live on. The file appears under
// its name whole or not at all, since parallel builds race for it.
#include "bounds.h"

#include "diag.h"
#include "elf_file.h"
#include "output.h"
#include "process.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NT_GNU_BUILD_ID_TYPE 3
#define SLOWER "calls to libc will all use the big stack"

/// 64-bit FNV-1a: it tells builds of capstack apart, nobody attacks it (who can write there can write to the cache).
static uint64_t hash(struct bytes bytes) {
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < bytes.size; i++) value = (value ^ bytes.data[i]) * 0x100000001b3;
    return value;
}

static const char *hex(struct arena *arena, struct bytes bytes) {
    char *text = arena_alloc(arena, bytes.size * 2 + 1);
    for (size_t i = 0; i < bytes.size; i++) sprintf(text + 2 * i, "%02x", bytes.data[i]);
    return text;
}

/// The first line of a file, without its newline.
static const char *first_line(struct arena *arena, const char *path) {
    struct bytes bytes;
    if (file_map(path, &bytes)) return "";
    const void *newline = bytes.size ? memchr(bytes.data, '\n', bytes.size) : NULL;
    size_t length = newline ? (size_t)((const unsigned char *)newline - bytes.data) : 0;
    const char *line = arena_copy(arena, (const char *)bytes.data, length);
    file_unmap(&bytes);
    return line;
}

/// A bounds file names the library that it is for, with its build id, in its first line.
static int is_for(struct arena *arena, const char *path, const char *build_id) {
    const char *line = first_line(arena, path), *last = strrchr(line, ' ');
    return !strncmp(line, "library ", 8) && last && (!build_id || !strcmp(last + 1, build_id));
}

/// Where bounds of this libc by this capstack are cached; null if they cannot be told apart from others or there is no
/// home.
static const char *cache_name(struct arena *arena, const char *build_id, const char *capstack) {
    struct bytes tool;
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (!build_id || file_map(capstack, &tool)) return NULL;
    uint64_t key = hash(tool);
    file_unmap(&tool);
    const char *root = cache && cache[0] == '/' ? cache : home && home[0] == '/' ? arena_printf(arena, "%s/.cache", home) : NULL;
    if (!root) return NULL;
    mkdir(root, 0700); // where it fails, writing the file will too
    const char *directory = arena_printf(arena, "%s/capcc", root);
    mkdir(directory, 0700);
    return arena_printf(arena, "%s/bounds-%s-%016llx", directory, build_id, (unsigned long long)key);
}

/// Copies `from` to `to` so that no reader ever sees a part of it. Returns true if `to` is there.
static int publish(struct arena *arena, const char *from, const char *to) {
    struct bytes bytes;
    const char *unfinished = arena_printf(arena, "%s.%ld", to, (long)getpid());
    if (file_map(from, &bytes)) return 0;
    int done = !output_write(unfinished, bytes);
    file_unmap(&bytes);
    if (done && rename(unfinished, to)) {
        unlink(unfinished);
        done = 0;
    }
    return done;
}

const char *bounds_file(struct arena *arena, const struct strvec *ask_libc, const char *capstack, const char *scratch) {
    const char *answer = arena_printf(arena, "%s/libc", scratch), *fresh = arena_printf(arena, "%s/bounds", scratch);
    if (access(capstack, X_OK)) {
        diag_warning("%s: not there, so " SLOWER "; install capcc whole", capstack);
        return NULL;
    }
    if (process_run(arena, ask_libc, NULL, answer)) return NULL; // clang has said why, and the link will fail for the same reason
    const char *libc = first_line(arena, answer), *build_id = NULL;
    struct bytes image;
    int error = file_map(libc, &image);
    if (error) {
        diag_warning("%s: cannot be read: %s, so " SLOWER "; install libc6-dev", *libc ? libc : "libc.so.6", strerror(-error));
        return NULL;
    }
    struct bytes id = elf_note(image, "GNU", NT_GNU_BUILD_ID_TYPE);
    if (id.size) build_id = hex(arena, id);
    file_unmap(&image);

    const char *cached = cache_name(arena, build_id, capstack);
    if (cached && is_for(arena, cached, build_id)) return cached;
    struct strvec argv = {0};
    strvec_push(arena, &argv, capstack);
    strvec_push(arena, &argv, "bounds");
    strvec_push(arena, &argv, "--whitelist");
    strvec_push(arena, &argv, libc);
    if (process_run(arena, &argv, NULL, fresh) || !is_for(arena, fresh, build_id)) {
        diag_warning("%s: capstack found no bounds for it, so " SLOWER, libc);
        return NULL;
    }
    return cached && publish(arena, fresh, cached) ? cached : fresh;
}
