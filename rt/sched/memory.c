/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the kernel says of memory: in the files of the control group, of either version, and in /proc. Files are opened anew for each look, since
 * a daemon may close what it does not know. Plain code.
 */
#include "memory.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "../io/syscalls.h"
#include "../proc/env.h"

#define PAGE 4096.0
#define OVERHEAD 1048576.0      /* bytes, at least */
#define STALLED 10.0            /* percent of the last 10 s in which all tasks waited for memory */
#define FAULTS_A_SECOND 1000.0  /* page faults that read: half of what a disk of 100 us can do */

size_t capr__read_text(const char *file, char *text, size_t size) {
    long fd = capr__sys4(SYS_openat, AT_FDCWD, (long)file, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    long n = capr__sys3(SYS_read, fd, (long)text, (long)size - 1);
    capr__sys1(SYS_close, fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

/* The looks are on the idle stack, where no function of libc's may be called that a program could have replaced by a large one. */

static const char *behind_of(const char *text, const char *what) {
    for (; *text; text++) {
        size_t n = 0;
        while (what[n] && text[n] == what[n]) n++;
        if (!what[n]) return text + n;
    }
    return NULL;
}

/* The decimal number that begins here, behind blanks; *end where it ends. 0 if there is none. */
static double number_at(const char *text, const char **end) {
    double value = 0, place = 1;
    while (*text == ' ') text++;
    for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++) value += (*text - '0') * (place /= 10);
    if (end) *end = text;
    return value;
}

static double number_in(const char *file, const char *behind) {
    char text[4096];
    if (!capr__read_text(file, text, sizeof text)) return 0;
    const char *at = behind ? behind_of(text, behind) : text;
    return at ? number_at(at, NULL) : 0;
}

/* The memory controller's directory: version 2, then 1; empty if there is none that can be read. */
static char group[512];
static int group_version;

/* Appends to a text of `size` bytes as much as there is room for. */
static void add_text(char *text, size_t size, const char *more, size_t length) {
    size_t at = 0;
    while (text[at]) at++;
    while (length-- && *more && at + 1 < size) text[at++] = *more++;
    text[at] = 0;
}

/* The name of a file in a directory. */
static const char *file_in(const char *directory, const char *name) {
    static char file[600];
    file[0] = 0;
    add_text(file, sizeof file, directory, sizeof file);
    add_text(file, sizeof file, "/", 1);
    add_text(file, sizeof file, name, sizeof file);
    return file;
}

/* /sys/fs/cgroup/memory/PATH or /sys/fs/cgroup/PATH, if it has a limit. */
static int is_group(int version, const char *path, size_t length) {
    group[0] = 0;
    add_text(group, sizeof group, "/sys/fs/cgroup", sizeof group);
    if (version == 1) add_text(group, sizeof group, "/memory", sizeof group);
    add_text(group, sizeof group, path, length);
    return capr__read_text(file_in(group, version == 1 ? "memory.limit_in_bytes" : "memory.max"), (char[64]){0}, 64) != 0;
}

/* /proc/self/cgroup has a line for each hierarchy: NUMBER:CONTROLLERS:PATH, 0::PATH for version 2. */
static void find_group(void) {
    char text[4096];
    if (!capr__read_text("/proc/self/cgroup", text, sizeof text)) return;
    for (const char *line = text; line; line = behind_of(line, "\n")) {
        const char *one = behind_of(line, ":memory:"), *two = behind_of(line, "0::"), *end = behind_of(line, "\n");
        const char *path = one && (!end || one < end) ? one : two && two == line + 3 ? two : NULL;
        if (!path) continue;
        size_t length = end ? (size_t)(end - 1 - path) : sizeof text;
        /* In a container the group's own path may not be there: then what is mounted is the group. */
        group_version = path == one ? 1 : 2;
        if (is_group(group_version, path, length) || is_group(group_version, path, 0)) return;
        group_version = 0;
    }
    group[0] = 0;
}

/* A number in a file of a group's directory. */
static double group_number(const char *directory, const char *name, const char *behind) { return number_in(file_in(directory, name), behind); }

static double least_of(double a, double b) { return a > 0 && (b <= 0 || a < b) ? a : b; }

static double machine_memory(void) {
    struct sysinfo all;
    return syscall(SYS_sysinfo, &all) ? 0 : (double)all.totalram * (double)all.mem_unit;
}

/* What the tasks of a group may have, and what anonymous memory they have. "max" reads as 0: no limit. */
static double group_limit(const char *directory) {
    return group_version == 1 ? group_number(directory, "memory.limit_in_bytes", NULL)
                              : least_of(group_number(directory, "memory.high", NULL), group_number(directory, "memory.max", NULL));
}

static double group_used(const char *directory) {
    return group_version == 1 ? group_number(directory, "memory.stat", "total_rss ") : group_number(directory, "memory.stat", "anon ");
}

/* What the kernel counts beside the memory of tasks and the cache of files, which it takes back: its own tables, and what each processor
 * has put aside. */
static double group_overhead(const char *directory) {
    double all, cache;
    if (group_version == 1) {
        all = group_number(directory, "memory.usage_in_bytes", NULL);
        cache = group_number(directory, "memory.stat", "total_cache ");
    } else {
        all = group_number(directory, "memory.current", NULL);
        cache = group_number(directory, "memory.stat", "file ");
    }
    double over = all - cache - group_used(directory);
    return over > OVERHEAD ? over : OVERHEAD;
}

/* What others leave of `limit` to this process; half of what it has at least, since it cannot make them leave more. */
static double left_of(double limit, double used, double resident) {
    if (used <= resident) return limit;
    return limit - (used - resident) > resident / 2 ? limit - (used - resident) : resident / 2;
}

/* The next directory up, in place; 0 at the mount. */
static int parent_of(char *directory) {
    size_t end = 0, mount = sizeof "/sys/fs/cgroup" - 1 + (group_version == 1 ? sizeof "/memory" - 1 : 0);
    for (size_t i = mount; directory[i]; i++)
        if (directory[i] == '/') end = i;
    if (end < mount || !directory[mount]) return 0;
    directory[end] = 0;
    return 1;
}

/* What this process may have resident: of the machine's memory, and of the limit of its group and of each group that this one is in, what
 * others of that group leave. */
double capr__memory_limit(double resident) {
    static int found;
    if (!found) find_group(), found = 1;
    double machine = machine_memory(), least = machine;
    char directory[sizeof group];
    directory[0] = 0; /* and no memset */
    add_text(directory, sizeof directory, group, sizeof group);
    int more = group_version != 0;
    while (more) {
        double limit = group_limit(directory);
        if (limit > 0 && limit < machine) least = least_of(left_of(limit - group_overhead(directory), group_used(directory), resident), least);
        more = parent_of(directory);
    }
    if (group_version) /* without a limit of its own the group shares the machine's */
        least = least_of(left_of(machine, group_used(group), resident), least);
    return least_of((double)capr__env.memory, least);
}

/* Do the group's tasks, or the machine's, stand still for lack of memory? */
int capr__memory_stalls(double seconds) {
    static long faults;
    double full = group_version == 2 ? group_number(group, "memory.pressure", "full avg10=") : 0;
    if (full == 0) full = number_in("/proc/pressure/memory", "full avg10=");
    struct rusage usage;
    if (full > 0 || getrusage(RUSAGE_SELF, &usage)) return full > STALLED;
    double rate = faults && seconds > 0 ? (double)(usage.ru_majflt - faults) / seconds : 0;
    faults = usage.ru_majflt;
    return rate > FAULTS_A_SECOND;
}

double capr__memory_resident(void) {
    static double last; /* holds where no descriptor is to be had */
    char text[128];
    const char *at;
    if (!capr__read_text("/proc/self/statm", text, sizeof text)) return last;
    number_at(text, &at);
    double pages = number_at(at, &at), shared = number_at(at, NULL);
    return last = (pages - shared) * PAGE;
}
