/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The file cache: 16 shards by hash of the path, each with its lock, its table, its list from newest to oldest use and its share
 * of the bytes. An entry is counted against the bound until its last user is done, not until it leaves the table, so slow
 * clients on many evicted files cannot push memory past the bound: then files are served from disk until they finish.
 */
#include "cache.h"
#include "path.h"
#include "response.h"
#include "ticker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHARDS = 16, BUCKETS = 1024 };

enum state { LOADING, READY, FAILED, UNCACHED };

struct cache_entry {
    struct cache_entry *next;           /* in its bucket; under the shard's lock */
    struct cache_entry *newer, *older;  /* in the order of use; under the shard's lock */
    struct shard *shard;                /* constant */
    _Atomic uint32_t users;             /* responses that use it, and one for the table */
    uint32_t hash;                      /* constant */
    uint32_t checked;                   /* ticker second of the last look at the file; under the shard's lock */
    bool in_order;                      /* linked by newer and older; under the shard's lock */
    enum state state;                   /* under the shard's lock; constant once not LOADING */
    int status;                         /* of the response, when FAILED */
    size_t charge;                      /* bytes counted against the bound, when READY */
    size_t head_len, size;              /* bytes */
    struct timespec modified;           /* this and the next: what the file was when read */
    ino_t inode;
    const char *type;                   /* static */
    char *content;                      /* head, then body; owned */
    size_t path_len;                    /* bytes, no NUL */
    char path[];
};

struct shard {
    pthread_mutex_t lock;
    pthread_cond_t loaded; /* some entry of this shard is no longer LOADING */
    struct cache_entry *buckets[BUCKETS];
    struct cache_entry *newest, *oldest;
    _Atomic size_t used; /* bytes charged; rises only under the lock */
    uint64_t hits, misses, evictions, peak; /* under the lock */
};

static struct shard shards[SHARDS];
static size_t shard_limit; /* bytes; constant once serving */

/* Larger files are served from disk: the cache is for the many small ones, and one response must not evict a whole shard. */
static const size_t file_limit = 1 << 20;

void cache_limit(size_t bytes) {
    shard_limit = bytes / SHARDS;
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&shards[i].lock, NULL);
        pthread_cond_init(&shards[i].loaded, NULL);
    }
}

/* FNV-1a: paths are short, and its low and high bits are both good enough to choose a shard and a bucket. */
static uint32_t hash_path(const char *path, size_t len) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)path[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static void release(struct cache_entry *e) {
    if (atomic_fetch_sub_explicit(&e->users, 1, memory_order_acq_rel) != 1) return;
    atomic_fetch_sub_explicit(&e->shard->used, e->charge, memory_order_relaxed);
    free(e->content);
    free(e);
}

/* The functions from here to forget() need the shard's lock. */

static void order_unlink(struct cache_entry *e) {
    *(e->newer ? &e->newer->older : &e->shard->newest) = e->older;
    *(e->older ? &e->older->newer : &e->shard->oldest) = e->newer;
    e->in_order = false;
}

static void order_push(struct cache_entry *e) {
    struct shard *s = e->shard;
    e->newer = NULL;
    e->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
    e->in_order = true;
}

static struct cache_entry **bucket_of(struct shard *s, uint32_t hash) { return &s->buckets[hash / SHARDS % BUCKETS]; }

static struct cache_entry *find(struct shard *s, uint32_t hash, const char *path, size_t len) {
    struct cache_entry *e = *bucket_of(s, hash);
    while (e && (e->hash != hash || e->path_len != len || memcmp(e->path, path, len))) e = e->next;
    return e;
}

/* Takes an entry out of the table, if it is still there. Its memory goes with its last user. */
static void forget(struct cache_entry *e) {
    struct cache_entry **link = bucket_of(e->shard, e->hash);
    while (*link && *link != e) link = &(*link)->next;
    if (!*link) return;
    *link = e->next;
    if (e->in_order) order_unlink(e);
    release(e);
}

static struct cache_entry *insert_loading(struct shard *s, uint32_t hash, const char *path, size_t len) {
    struct cache_entry *e = calloc(1, sizeof *e + len);
    if (!e) return NULL;
    e->shard = s;
    e->users = 2;
    e->hash = hash;
    e->path_len = len;
    memcpy(e->path, path, len);
    struct cache_entry **bucket = bucket_of(s, hash);
    e->next = *bucket;
    *bucket = e;
    return e;
}

/* Charges an entry's bytes to its shard, evicting the longest unused. False when they do not fit. Takes the lock. */
static bool reserve(struct cache_entry *e, size_t bytes) {
    struct shard *s = e->shard;
    if (bytes > shard_limit) return false;
    pthread_mutex_lock(&s->lock);
    while (s->oldest && s->used + bytes > shard_limit) {
        s->evictions++;
        forget(s->oldest);
    }
    bool fits = s->used + bytes <= shard_limit;
    if (fits) {
        size_t used = atomic_fetch_add_explicit(&s->used, bytes, memory_order_relaxed) + bytes;
        e->charge = bytes;
        if (used > s->peak) s->peak = used;
    }
    pthread_mutex_unlock(&s->lock);
    return fits;
}

/* Ends LOADING: lets those who wait go on, and keeps the entry only if READY. */
static void loaded(struct cache_entry *e, enum state state, int status) {
    struct shard *s = e->shard;
    pthread_mutex_lock(&s->lock);
    e->status = status;
    if (state == READY) {
        e->state = READY;
        order_push(e);
    } else {
        forget(e);
        e->state = state;
    }
    pthread_cond_broadcast(&s->loaded);
    pthread_mutex_unlock(&s->lock);
}

static void file_of_entry(struct cache_entry *e, struct file *file) {
    *file = (struct file){.entry = e,
                          .head = e->content,
                          .body = e->content + e->head_len,
                          .head_len = e->head_len,
                          .size = (off_t)e->size,
                          .modified = e->modified.tv_sec,
                          .type = e->type,
                          .fd = -1};
}

/* Opens path, which has to be a regular file. Returns 200 and fills *file and *info, or the status of the response. */
static int open_file(const char *path, size_t len, struct file *file, struct stat *info) {
    /* O_NONBLOCK: a FIFO opens at once and is then refused. On regular files it means nothing. */
    int fd = path_open(path, len, O_RDONLY | O_NONBLOCK, &file->type);
    if (fd < 0) return -fd;
    int status = 200;
    if (fstat(fd, info))
        status = 500;
    else if (S_ISDIR(info->st_mode))
        status = path[len - 1] == '/' ? 403 : 301;
    else if (!S_ISREG(info->st_mode))
        status = 403;
    if (status != 200) {
        close(fd);
        return status;
    }
    file->entry = NULL;
    file->fd = fd;
    file->size = info->st_size;
    file->modified = info->st_mtim.tv_sec;
    return 200;
}

/* Reads the contents behind a response head into memory for e. False when memory is out or the file is not as long as it was. */
static bool read_content(struct cache_entry *e, const struct file *file) {
    e->content = malloc(RESPONSE_HEAD_BYTES + e->size);
    if (!e->content) return false;
    e->head_len = response_head(e->content, 200, file->type, file->size, file->modified);
    for (size_t done = 0; done < e->size;) {
        ssize_t n = pread(file->fd, e->content + e->head_len + done, e->size - done, (off_t)done);
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

/* This and the next two are not inlined: what a hit needs no memory for should be in no frame of a hit, since the thread's
 * stack has to hold that frame for as long as the client takes to read. */

/* Reads a file for an entry that this thread put into the table. Owns one use of it, which goes to *file if it is kept. */
__attribute__((noinline)) static int load(struct cache_entry *e, struct file *file) {
    struct stat info;
    int status = open_file(e->path, e->path_len, file, &info);
    if (status == 200) {
        e->size = (size_t)info.st_size;
        e->modified = info.st_mtim;
        e->inode = info.st_ino;
        e->type = file->type;
        if (e->size <= file_limit && reserve(e, sizeof *e + e->path_len + RESPONSE_HEAD_BYTES + e->size) && read_content(e, file)) {
            close(file->fd);
            file_of_entry(e, file);
            loaded(e, READY, 200);
            return 200;
        }
        loaded(e, UNCACHED, 200);
    } else {
        loaded(e, FAILED, status);
    }
    release(e);
    return status;
}

/* Whether the file is still the one that was read. A failure counts as a change, since loading again finds out what it is; but when
 * descriptors are out loading would fail too, and the cached file is the best answer there is. */
__attribute__((noinline)) static bool unchanged(const struct cache_entry *e) {
    int fd = path_open(e->path, e->path_len, O_PATH, NULL);
    if (fd < 0) return fd == -503;
    struct stat info;
    bool same = !fstat(fd, &info) && info.st_ino == e->inode && (size_t)info.st_size == e->size &&
                info.st_mtim.tv_sec == e->modified.tv_sec && info.st_mtim.tv_nsec == e->modified.tv_nsec;
    close(fd);
    return same;
}

__attribute__((noinline)) static int open_uncached(const char *path, size_t len, struct file *file) {
    struct stat info;
    return open_file(path, len, file, &info);
}

int cache_open(const char *path, size_t len, struct file *file) {
    if (!shard_limit) return open_uncached(path, len, file);
    uint32_t hash = hash_path(path, len);
    struct shard *s = &shards[hash % SHARDS];
    for (;;) {
        pthread_mutex_lock(&s->lock);
        struct cache_entry *e = find(s, hash, path, len);
        if (!e) {
            e = insert_loading(s, hash, path, len);
            if (e) e->checked = ticker_now();
            s->misses++;
            pthread_mutex_unlock(&s->lock);
            return e ? load(e, file) : 503;
        }
        atomic_fetch_add_explicit(&e->users, 1, memory_order_relaxed);
        while (e->state == LOADING) pthread_cond_wait(&s->loaded, &s->lock);
        enum state state = e->state;
        bool stale = state == READY && e->checked != ticker_now();
        if (stale) e->checked = ticker_now();
        if (e->in_order && s->newest != e) { /* not when evicted while we waited */
            order_unlink(e);
            order_push(e);
        }
        s->hits++;
        pthread_mutex_unlock(&s->lock);

        if (state == READY && (!stale || unchanged(e))) {
            file_of_entry(e, file);
            return 200;
        }
        if (state == READY) {
            pthread_mutex_lock(&s->lock);
            forget(e);
            pthread_mutex_unlock(&s->lock);
        }
        int status = e->status;
        release(e);
        if (state == FAILED) return status;
        if (state == UNCACHED) return open_uncached(path, len, file);
    }
}

void cache_close(struct file *file) {
    if (file->entry) release(file->entry);
    if (file->fd >= 0) close(file->fd);
}

struct cache_counts cache_count(void) {
    struct cache_counts sum = {0};
    for (int i = 0; i < SHARDS; i++) {
        struct shard *s = &shards[i];
        pthread_mutex_lock(&s->lock);
        sum.hits += s->hits;
        sum.misses += s->misses;
        sum.evictions += s->evictions;
        sum.peak_bytes += s->peak;
        pthread_mutex_unlock(&s->lock);
    }
    return sum;
}
