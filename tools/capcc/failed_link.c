// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lld maps its output, a temporary file beside the final one, and writes it by several threads. A full disk ends it by SIGBUS, with a page on
// how to report a crash of LLVM; where two threads meet the end of the disk at once, the second one's signal ends the process before
// the first one's handler has removed the file. So capcc looks for the file, and says what it was.
#include "failed_link.h"

#include "diag.h"
#include "paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/// NAME.tmp and seven hexadecimal digits, as LLVM's FileOutputBuffer names them.
static bool is_temporary_of(const char *base, const char *name) {
    size_t length = strlen(base);
    if (strncmp(name, base, length) || strncmp(name + length, ".tmp", 4)) return false;
    const char *digits = name + length + 4;
    return strlen(digits) == 7 && strspn(digits, "0123456789abcdef") == 7;
}

static void remove_unfinished(struct arena *arena, const char *output, time_t began) {
    DIR *directory = opendir(path_directory(arena, output));
    if (!directory) return;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat st;
        if (is_temporary_of(path_base(output), entry->d_name) && !fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_mtime + 1 >= began) // a file system's clock is behind by a tick
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
}

/// The smallest program linked with the runtime takes a quarter of this.
static void explain_full_disk(struct arena *arena, const char *output) {
    const unsigned long enough = 2 << 20;
    struct statvfs fs;
    if (statvfs(path_directory(arena, output), &fs)) return;
    unsigned long long left = (unsigned long long)fs.f_bavail * fs.f_frsize;
    if (left < enough)
        diag_error("%s: the link failed, and its disk has %llu KiB left; free some space there", output, left >> 10);
}

void after_failed_link(struct arena *arena, const char *output, time_t began) {
    if (!output) return;
    explain_full_disk(arena, output); // what the temporary file takes would pass for room
    remove_unfinished(arena, output, began);
}
