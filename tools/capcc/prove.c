// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a linked program or shared object, produces the certainty that the pass saw it. Needed because every way to lose the pass
// is silent: another linker, -fno-lto from a configuration file, a clang that passes another plugin; the program would
// then run on full stacks or, worse, half of it.
#include "prove.h"

#include "diag.h"
#include "elf_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Must match what the pass writes; see docs/abi.md.
#define NOTE_NAME "Capriccio"
#define NOTE_TYPE 1
#define ABI_VERSION 1
#define NOTE_BYTES (6 * 4)

static int refuse(const char *path, const char *what) {
    unlink(path);
    return diag_error("%s: %s", path, what);
}

/// The first name of the dynamic list, up to its `#`, that `file` does not export; null if it exports all. A replacement that shared
/// libraries do not see is no matter of speed: a signal handler that such a library installs by libc's own sigaction
/// would run on a thread's small stack.
static const char *missing_export(struct arena *arena, struct bytes file, const char *dynlist) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    struct bytes list;
    const char *missing = NULL;
    if (file_map(dynlist, &list)) return NULL; // was there before the link
    const char *text = arena_copy(arena, (const char *)list.data, list.size);
    file_unmap(&list);
    while (*text && *text != '#' && !missing) {
        size_t length = strspn(text, letters);
        const char *name = arena_copy(arena, text, length);
        if (length && !elf_exports(file, name)) missing = name;
        text += length ? length : 1;
    }
    return missing;
}

int prove_linked(struct arena *arena, const char *path, const char *dynlist) {
    struct stat stat_buffer;
    struct bytes file;
    if (!stat(path, &stat_buffer) && !S_ISREG(stat_buffer.st_mode)) return 0;
    int error = file_map(path, &file);
    if (error)
        return diag_error("%s: cannot be read after the link: %s; check the directory's permissions", path, strerror(-error));
    struct bytes note = elf_note(file, NOTE_NAME, NOTE_TYPE);
    uint32_t version = 0;
    if (note.size >= NOTE_BYTES) memcpy(&version, note.data, sizeof version);
    bool dynamic = !dynlist || elf_needs(file, "libc.so.6") || !elf_section(file, ".shstrtab").size;
    const char *hidden = dynlist ? missing_export(arena, file, dynlist) : NULL;
    file_unmap(&file);
    if (!version)
        return refuse(path, "linked without the Capriccio pass; take away what replaces the linker or LTO (run with -v), or link "
                            "with -fno-capriccio");
    if (version != ABI_VERSION)
        return refuse(path, "linked by a pass of another version of capcc; install driver, pass and runtime from one build");
    if (!dynamic)
        return refuse(path, "linked without the dynamic libc, whose blocking calls the runtime replaces; drop what makes the link "
                            "static, or use -fno-capriccio");
    if (hidden) {
        unlink(path);
        return diag_error("%s: does not export %s, so shared libraries would call libc's own; drop --exclude-libs, or name it in "
                          "the version script",
                          path, hidden);
    }
    return 0;
}
