/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See paths.h. The kernel drops names and inodes of which it is short, the oldest first: what was walked in memory within RECENT_NS is not
 * among them, and the plain call does not wait. That holds where all of the walk was on one mount, of a file system whose answers come
 * from no other machine and no process, and while this process changes no name. The table has what was noted last at each place, by a hash:
 * a path that is taken for another costs time at most.
 *
 * What the program's own stat has just said to be a regular file is opened without another look, and should it have become a fifo since, the
 * opening does not wait: O_NONBLOCK is for that alone, and is taken back. Plain code.
 */
#include "paths.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define RECENT_NS 100000000u    /* 100 ms: a look in so many is one that never waits, and costs 1.5 us more */
#define REGULAR_NS 300000u      /* programs that stat and open do so within 10 us */
#define ELSEWHERE_NS 1000000000u/* 1 s: it is not asked again whether the walk is on one mount */
#define STUCK_NS 1000000000u    /* a change of names of which the end was not seen, since the process forked or a handler jumped, is over */
#define PATHS 4096              /* a power of two; of the table, 160 KiB, the kernel makes what is touched */
#define PAGE 4096u
#define LONGEST 4096u           /* PATH_MAX */

struct path {
    uint64_t key;
    uint64_t seen;      /* ns of CLOCK_MONOTONIC: walked in memory, */
    uint64_t found;     /* on one mount, */
    uint64_t regular;   /* and a regular file */
    uint64_t elsewhere; /* not on one mount */
};
static struct path paths[PATHS];

/* ns: when the path that lay at an address, by a hash, was last found to name nothing. Apache asks for a file in each directory of a path: what
 * is said at once is not worth more. */
#define VAIN 1024
static uint64_t vain[VAIN];

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
    return mix(hash, word) | 1;
}

/* An address that is none is for the kernel to refuse. It reads a set of signals before it says that there is no such thing to do with it. */
static int readable(uint64_t at) { return capr__sys4(SYS_rt_sigprocmask, -1, (long)(at & ~7ull), 0, 8) == -EINVAL; }

/* 0: there is none, or it can't be read, or is too long. */
static size_t length_of(const char *path) {
    size_t length = 0;
    while (length < LONGEST && readable((uint64_t)path + length)) {
        size_t room = PAGE - ((uint64_t)path + length) % PAGE, piece = strnlen(path + length, room);
        length += piece;
        if (piece < room) return length;
    }
    return 0;
}

/* A call's view of its path. Between its steps other workers may change the table. */
struct look {
    uint64_t key, now; /* key 0: nothing is to be known */
    struct path *place;
    int recent;        /* the plain call does not wait */
    int again;         /* it may be worth to find out whether it does */
    uint64_t *vain;
};

static void begin(struct look *l, int dir, const char *path, int follow) {
    l->now = capr__now();
    l->vain = &vain[mix(0, (uint64_t)path) >> 32 & (VAIN - 1)];
    size_t length = l->now - *l->vain > RECENT_NS ? length_of(path) : 0;
    l->key = length ? key_of(dir, path, length, follow) : 0;
    l->place = &paths[l->key >> 1 & (PATHS - 1)];
    int quiet = !changing || l->now - changed > STUCK_NS, known = l->key && l->place->key == l->key && quiet;
    l->recent = known && l->place->found > changed && l->now - l->place->found <= RECENT_NS;
    l->again = known && !l->recent && l->now - l->place->seen <= RECENT_NS && l->now - l->place->elsewhere > ELSEWHERE_NS;
}

static void note(struct look *l, const char *path, const struct stat *st, int here) {
    struct path *p = l->place;
    if (!l->key) return;
    if (p->key != l->key) *p = (struct path){.key = l->key};
    p->seen = l->now;
    if (here) p->found = l->now;
    p->regular = S_ISREG(st->st_mode) && *path == '/' ? l->now : 0; /* of another directory's file nothing is known */
}

/* Nothing there waits for another machine, or for a process, which may be this one. */
static int is_of_this_machine(long fd) {
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

/* Whether a walk with RESOLVE_NO_XDEV was on one mount. Where it would leave it, the kernel's walk that does not wait gives up before it says so. */
static int is_here(long fd) { return fd != -EXDEV && fd != -EAGAIN; }

static long look(struct look *l, int dir, const char *path, int follow, struct stat *st) {
    if (l->recent) {
        long r = CAPR_OUTSIDE(capr__sys4(SYS_newfstatat, dir, (long)path, (long)st, AT_NO_AUTOMOUNT | (follow ? 0 : AT_SYMLINK_NOFOLLOW)));
        if (r == 0) note(l, path, st, 0);
        return r;
    }
    long fd = l->again ? capr__path_cached(dir, path, follow, RESOLVE_NO_XDEV) : -EXDEV;
    int here = is_here(fd);
    if (!here) {
        if (l->again && l->place->key == l->key) l->place->elsewhere = l->now;
        fd = capr__path_cached(dir, path, follow, 0);
    }
    *l->vain = fd == -ENOENT || fd == -ENOTDIR ? l->now : 0;
    if (fd < 0) return fd;
    long r = capr__sys2(SYS_fstat, fd, (long)st);
    if (r == 0) note(l, path, st, here && is_of_this_machine(fd));
    capr__sys1(SYS_close, fd);
    return r;
}

CAPR_HIDDEN long capr__path_stat(int dir, const char *path, int follow, struct stat *st) {
    struct look l;
    begin(&l, dir, path, follow);
    return look(&l, dir, path, follow, st);
}

/* What F_SETFL sets that open may have set. */
#define STATUS (O_APPEND | O_DIRECT | O_NOATIME)

/* Of a path that was a regular file. */
static long open_regular(struct look *l, int dir, const char *path, int flags, long *ghost) {
    struct stat st;
    long fd = l->recent ? capr__open_cached(dir, path, flags | O_NONBLOCK, RESOLVE_NO_XDEV) : -EXDEV;
    int here = is_here(fd);
    if (l->recent && l->place->key == l->key) l->place->found = here ? l->now : 0;
    if (!here) fd = capr__open_cached(dir, path, flags | O_NONBLOCK, 0);
    if (fd == -ENXIO) return -EAGAIN; /* a fifo that nobody reads */
    if (fd < 0) return fd;
    if (capr__sys2(SYS_fstat, fd, (long)&st) == 0 && S_ISFIFO(st.st_mode) && (flags & O_ACCMODE) == O_RDONLY) {
        *ghost = fd;
        return CAPR_IS_FIFO;
    }
    capr__sys3(SYS_fcntl, fd, F_SETFL, flags & STATUS);
    return fd;
}

CAPR_HIDDEN long capr__path_open(int dir, const char *path, int flags, long *ghost) {
    struct look l;
    struct stat st;
    int follow = !(flags & O_NOFOLLOW);
    *ghost = -1;
    if (flags & (O_CREAT | O_TRUNC)) return -EAGAIN; /* the kernel has no form of these that does not wait */
    begin(&l, dir, path, follow);
    uint64_t regular = l.place->regular;
    if (!l.recent || regular <= changed || l.now - regular > REGULAR_NS) {
        long r = look(&l, dir, path, follow, &st);
        if (r) return r;
        if (S_ISFIFO(st.st_mode)) return CAPR_IS_FIFO;
        if (!S_ISREG(st.st_mode) || (flags & O_ASYNC)) return capr__open_cached(dir, path, flags, 0);
    }
    return open_regular(&l, dir, path, flags, ghost);
}

CAPR_HIDDEN void capr__paths_change(int begins) {
    changing += (uint32_t)begins;
    changed = capr__now();
}
