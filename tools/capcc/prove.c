// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a linked executable, produces the certainty that the pass saw it. Needed because every way to lose the pass is silent: another linker, -fno-lto from
// a configuration file, a clang that passes another plugin; the program would then run on full stacks or, worse, half of it.
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

int prove_linked(const char *path) {
  struct stat stat_buffer;
  struct bytes file;
  if (!stat(path, &stat_buffer) && !S_ISREG(stat_buffer.st_mode))
    return 0;
  int error = file_map(path, &file);
  if (error)
    return diag_error("%s: cannot be read after the link: %s; check the directory's permissions", path, strerror(-error));
  struct bytes note = elf_note(file, NOTE_NAME, NOTE_TYPE);
  uint32_t version = 0;
  if (note.size >= NOTE_BYTES)
    memcpy(&version, note.data, sizeof version);
  bool dynamic = elf_needs(file, "libc.so.6") || !elf_section(file, ".shstrtab").size;
  file_unmap(&file);
  if (!version)
    return refuse(path, "linked without the Capriccio pass; take away what replaces the linker or LTO (run with -v), or link with -fno-capriccio");
  if (version != ABI_VERSION)
    return refuse(path, "linked by a pass of another version of capcc; install driver, pass and runtime from one build");
  if (!dynamic)
    return refuse(path, "linked without the dynamic libc, whose blocking calls the runtime replaces; drop what makes the link static, or use -fno-capriccio");
  return 0;
}
