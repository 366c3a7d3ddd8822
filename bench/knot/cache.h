/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The bounded cache of small files: path in, response head and contents in memory out. A hit is one lock, one hash lookup and
 * no system call; the file is looked at again at most once a second. What does not fit comes back as an open descriptor.
 */
#ifndef KNOT_CACHE_H
#define KNOT_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct cache_entry;

/* A file for the length of one response. `entry` and `fd` belong to it until cache_close. */
struct file {
    struct cache_entry *entry; /* null when not cached */
    const char *head;          /* when cached: the head of a 200 response up to the Date header; owned by the entry */
    const char *body;          /* when cached: the contents; owned by the entry */
    size_t head_len;           /* bytes */
    off_t size;                /* bytes */
    time_t modified;
    const char *type; /* content type, static */
    int fd;           /* when not cached: to be read with pread; -1 when cached */
};

struct cache_counts {
    uint64_t hits, misses, evictions;
    uint64_t peak_bytes; /* sum over the shards of each one's highest */
};

/* Sets the bound on all cached bytes, heads and records included, before the first request. 0 turns the cache off. */
void cache_limit(size_t bytes);

/* Finds path[0..len), as path_normalise leaves it, or reads it from disk. Returns 200 and fills *file, or the status of the
 * response: 301 for a directory without its slash, 403, 404, 414, 500, 503. Several threads that miss the same file read it once:
 * one reads, the others wait. May wait for the disk. */
int cache_open(const char *path, size_t len, struct file *file);

/* Gives back what cache_open filled. Does not block. */
void cache_close(struct file *file);

/* What happened since the start; does not block but for the locks. */
struct cache_counts cache_count(void);

#endif
