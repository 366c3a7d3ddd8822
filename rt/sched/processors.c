/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See processors.h. The quota is the least of the process's control group and those above it, in version 2 (cpu.max) or 1
 * (cpu.cfs_quota_us and cpu.cfs_period_us). What cannot be read sets no limit. Plain code.
 */
#include "processors.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../io/syscalls.h"
#include "memory.h"

/* The kernel's own limit is 8,192 processors. */
#define MASK_WORDS 128

uint32_t capr__processors(void) {
    unsigned long mask[MASK_WORDS];
    long bytes = capr__sys3(SYS_sched_getaffinity, 0, sizeof mask, (long)mask);
    uint32_t count = 0;
    for (long i = 0; i < bytes / (long)sizeof *mask; i++) count += (uint32_t)__builtin_popcountl(mask[i]);
    return count ? count : 1;
}

static uint32_t whole(long long quota, long long period) {
    return quota > 0 && period > 0 && quota / period < UINT32_MAX ? (uint32_t)((quota + period - 1) / period) : UINT32_MAX;
}

static uint32_t quota_of(const char *directory) {
    char path[4224], text[64], more[64], *end;
    snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (capr__read_text(path, text, sizeof text)) {
        long long quota = strtoll(text, &end, 10);
        return end == text ? UINT32_MAX : whole(quota, strtoll(end, NULL, 10));
    }
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    if (!capr__read_text(path, text, sizeof text)) return UINT32_MAX;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    return capr__read_text(path, more, sizeof more) ? whole(strtoll(text, NULL, 10), strtoll(more, NULL, 10)) : UINT32_MAX;
}

/* From a group up to the root of its hierarchy, which is mounted at `mount`. */
static uint32_t least_quota(const char *mount, const char *group) {
    char directory[4160];
    uint32_t least = UINT32_MAX;
    size_t root = strlen(mount), length = root + strlen(group);
    if (length >= sizeof directory) return least;
    memcpy(directory, mount, root);
    memcpy(directory + root, group, length - root + 1);
    for (;;) {
        uint32_t quota = quota_of(directory);
        least = quota < least ? quota : least;
        char *slash = strrchr(directory, '/');
        if (slash < directory + root) return least;
        *slash = 0;
    }
}

/* Whether `list`, which commas divide and a colon ends, has "cpu". */
static int has_cpu(const char *list) {
    for (; *list && *list != ':'; list += *list == ',') {
        size_t length = strcspn(list, ",:");
        if (length == 3 && !memcmp(list, "cpu", 3)) return 1;
        list += length;
    }
    return 0;
}

uint32_t capr__processors_of_quota(void) {
    char text[4096], *rest = text;
    uint32_t least = UINT32_MAX;
    if (!capr__read_text("/proc/self/cgroup", text, sizeof text)) return least;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) { /* number:controllers:group */
        char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
        if (!group) continue;
        group++;
        int unified = list[1] == ':';
        if (!unified && !has_cpu(list + 1)) continue;
        if (!strcmp(group, "/")) group = (char *)"";
        uint32_t quota = least_quota(unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", group);
        least = quota < least ? quota : least;
    }
    return least;
}
