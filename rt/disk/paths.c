/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See paths.h. Two tables, of which a place holds what was noted last: paths by a hash, where one that is taken for another costs time at
 * most, and pages of memory that paths lay in. The kernel drops names and inodes of which it is short, the oldest first: what has been used
 * within WINDOW_NS is not among them.
 *
 * A fifo must never be opened on a worker. So what is known to be a regular file is that for the few instructions from a program's stat to its
 * open, and not once this process has begun to change a name; relative paths, whose directory may be another, never. Plain code.
 */
#include "paths.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define WINDOW_NS 100000000u   /* 100 ms: a look in so many is one that never waits, and costs 1.5 us more */
#define REGULAR_NS 300000u     /* programs that stat and open do so within 10 us; to run another program that makes a fifo takes a ms */
#define PAGES_NS 10000000000u  /* 10 s: memory that paths are in stays for long, and each connection of a server has its own */
#define PATHS 4096             /* powers of two; of both tables (96 and 128 KiB) the kernel makes what is touched */
#define PAGES 16384
#define PAGE 4096u
#define LONGEST 4096u          /* PATH_MAX */

static struct {
    uint64_t key, found, regular; /* ns of CLOCK_MONOTONIC */
} paths[PATHS];

static uint64_t pages[PAGES], pages_since; /* numbers of pages; ns: when the first was noted */

static uint32_t changing; /* calls under way that change names */
static uint64_t changed;  /* ns: when one of them last began or ended */

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 29;
}

static uint64_t key_of(int dir, const char *path, size_t length, int follow) {
    uint64_t hash = mix(length << 1 | (uint64_t)(follow != 0), *path == '/' ? 0 : (uint64_t)(uint32_t)dir + 1), word;
    for (; length >= 8; path += 8, length -= 8) {
        memcpy(&word, path, 8);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, path, length);
    hash = mix(hash, word);
    return hash ? hash : 1;
}

static uint64_t *place_of(uint64_t page) { return &pages[mix(0, page) >> 32 & (PAGES - 1)]; }

/* Of a path in pages in which the kernel has read paths lately; 0: it does not lie there. */
static size_t length_of(const char *path, uint64_t now) {
    if (now - pages_since > PAGES_NS) return 0;
    for (size_t length = 0; length < LONGEST;) {
        uint64_t at = (uint64_t)path + length, page = at / PAGE;
        if (!page || *place_of(page) != page) return 0;
        size_t room = PAGE - at % PAGE, piece = strnlen((const char *)at, room);
        length += piece;
        if (piece < room) return length;
    }
    return 0;
}

CAPR_HIDDEN int capr__path_known(int dir, const char *path, int follow, uint64_t *key) {
    uint64_t now = capr__now();
    size_t length = length_of(path, now);
    *key = 0;
    if (!length) return 0;
    uint64_t own = key_of(dir, path, length, follow);
    uint32_t place = (uint32_t)own & (PATHS - 1);
    if (paths[place].key != own || now - paths[place].found > WINDOW_NS) return 0;
    *key = own;
    uint64_t regular = paths[place].regular;
    return CAPR_PATH_RECENT | (!changing && regular > changed && now - regular <= REGULAR_NS ? CAPR_PATH_REGULAR : 0);
}

/* Nothing there waits for another machine, or for a process, which may be this one. */
static int is_of_this_machine(int fd) {
    struct statfs fs;
    if (capr__sys2(SYS_fstatfs, fd, (long)&fs) < 0) return 0;
    switch ((unsigned int)fs.f_type) {
    case EXT4_SUPER_MAGIC: /* ext2 and ext3, too */
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case SQUASHFS_MAGIC:
    case 0xe0f5e1e2: /* EROFS */
    case 0x2fc12fc1: /* ZFS */
    case 0xca451a4e: /* bcachefs */
        return 1;
    }
    return 0;
}

/* The kernel has read `path` there. */
static void note_pages(const char *path, size_t length, uint64_t now) {
    if (now - pages_since > PAGES_NS) {
        memset(pages, 0, sizeof pages);
        pages_since = now;
    }
    for (uint64_t page = (uint64_t)path / PAGE; page <= ((uint64_t)path + length) / PAGE; page++) *place_of(page) = page;
}

CAPR_HIDDEN void capr__path_found(int dir, const char *path, int follow, int fd, const struct stat *st) {
    uint64_t now = capr__now();
    size_t length = strlen(path);
    if (length >= LONGEST || !is_of_this_machine(fd)) return;
    note_pages(path, length, now);
    uint64_t key = key_of(dir, path, length, follow);
    uint32_t place = (uint32_t)key & (PATHS - 1);
    paths[place].key = key;
    paths[place].found = now;
    paths[place].regular = 0;
    capr__path_is(key, path, st);
}

CAPR_HIDDEN void capr__path_walked(uint64_t key) {
    uint32_t place = (uint32_t)key & (PATHS - 1);
    if (paths[place].key == key) paths[place].found = capr__now();
}

CAPR_HIDDEN void capr__path_is(uint64_t key, const char *path, const struct stat *st) {
    uint32_t place = (uint32_t)key & (PATHS - 1);
    if (paths[place].key == key && *path == '/') paths[place].regular = S_ISREG(st->st_mode) && !changing ? capr__now() : 0;
}

CAPR_HIDDEN void capr__paths_change(int begins) {
    changing += (uint32_t)begins;
    changed = capr__now();
}
