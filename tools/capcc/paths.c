// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the environment, produces paths. The prefix is found from the running executable and never compiled in, so
// that an installed tree may be moved and a build tree is used like an installed one (docs/abi.md has the layout).
#include "paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Where Debian's and LLVM's packages for version 22 put the tools, if PATH has no clang-22.
#define PACKAGED_CLANG "/usr/lib/llvm-22/bin/clang"

char *path_directory(struct arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return arena_copy(arena, ".", 1);
    return arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

const char *path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *search_path(struct arena *arena, const char *name) {
    const char *list = getenv("PATH");
    while (list && *list) {
        size_t length = strcspn(list, ":");
        const char *candidate = arena_printf(arena, "%.*s%s%s", (int)length, list, length ? "/" : "./", name);
        if (!access(candidate, X_OK)) return candidate;
        list += length + (list[length] == ':');
    }
    return NULL;
}

static const char *find_clang(struct arena *arena) {
    const char *given = getenv("CAPCC_CLANG");
    if (given && *given) return strchr(given, '/') ? given : search_path(arena, given);
#ifdef CAPCC_CLANG
    if (!access(CAPCC_CLANG, X_OK)) return CAPCC_CLANG;
#endif
    const char *found = search_path(arena, "clang-22");
    return found ? found : PACKAGED_CLANG;
}

const char *paths_find(struct arena *arena, struct paths *paths) {
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return "/proc/self/exe: cannot read it to find capcc's own parts; mount /proc";
    self[length] = '\0';
    const char *bin = path_directory(arena, self);
    const char *prefix = path_directory(arena, bin);
    const char *lib = arena_printf(arena, "%s/lib/capcc", strcmp(prefix, "/") ? prefix : "");
    paths->self = arena_printf(arena, "%s", self);
    paths->plugin = arena_printf(arena, "%s/CapriccioPass.so", lib);
    paths->runtime = arena_printf(arena, "%s/libcapr.a", lib);
    paths->runtime_calls = arena_printf(arena, "%s/libcapr_calls.a", lib);
    paths->shared = arena_printf(arena, "%s/libcapr_shared.a", lib);
    paths->shared_calls = arena_printf(arena, "%s/libcapr_shared_calls.a", lib);
    paths->dynlist = arena_printf(arena, "%s/capr.dynlist", lib);
    paths->include = arena_printf(arena, "%s/include", lib);
    paths->capstack = arena_printf(arena, "%s/capstack", bin);
    paths->clang = find_clang(arena);
    if (!paths->clang || access(paths->clang, X_OK)) {
        const char *given = getenv("CAPCC_CLANG");
        if (given && *given)
            return arena_printf(arena, "%s: CAPCC_CLANG names no executable; set it to clang of version 22", given);
        return "clang-22: not found; install clang-22 and lld-22, or set CAPCC_CLANG";
    }
  // Beside clang's own executable, not beside a link or a wrapper script (ccache's, for one) that stands for it.
    char real[PATH_MAX];
    paths->llvm_bin = path_directory(arena, realpath(paths->clang, real) ? real : PACKAGED_CLANG);
    if (access(arena_printf(arena, "%s/llvm-link", paths->llvm_bin), X_OK)) paths->llvm_bin = path_directory(arena, PACKAGED_CLANG);
    return NULL;
}
