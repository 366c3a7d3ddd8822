/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Extended attributes: on the pool, as what names.c has. Fat code.
 */
#include "disk.h"

#include <sys/xattr.h>

static __attribute__((noinline)) long call(long number, long a, long b, long c, long d, long e) {
    return capr__result(capr__disk_call(number, a, b, c, d, e));
}

/* getxattr(2), setxattr(2), listxattr(2), removexattr(2) and their relatives. Block. */
CAPR_INTERPOSE ssize_t getxattr(const char *path, const char *name, void *value, size_t size) {
    CAPR_MONITOR;
    return call(SYS_getxattr, (long)path, (long)name, (long)value, (long)size, 0);
}
CAPR_INTERPOSE ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size) {
    CAPR_MONITOR;
    return call(SYS_lgetxattr, (long)path, (long)name, (long)value, (long)size, 0);
}
CAPR_INTERPOSE ssize_t fgetxattr(int fd, const char *name, void *value, size_t size) {
    CAPR_MONITOR;
    return call(SYS_fgetxattr, fd, (long)name, (long)value, (long)size, 0);
}
CAPR_INTERPOSE int setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    CAPR_MONITOR;
    return (int)call(SYS_setxattr, (long)path, (long)name, (long)value, (long)size, flags);
}
CAPR_INTERPOSE int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    CAPR_MONITOR;
    return (int)call(SYS_lsetxattr, (long)path, (long)name, (long)value, (long)size, flags);
}
CAPR_INTERPOSE int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags) {
    CAPR_MONITOR;
    return (int)call(SYS_fsetxattr, fd, (long)name, (long)value, (long)size, flags);
}
CAPR_INTERPOSE ssize_t listxattr(const char *path, char *list, size_t size) {
    CAPR_MONITOR;
    return call(SYS_listxattr, (long)path, (long)list, (long)size, 0, 0);
}
CAPR_INTERPOSE ssize_t llistxattr(const char *path, char *list, size_t size) {
    CAPR_MONITOR;
    return call(SYS_llistxattr, (long)path, (long)list, (long)size, 0, 0);
}
CAPR_INTERPOSE ssize_t flistxattr(int fd, char *list, size_t size) { CAPR_MONITOR; return call(SYS_flistxattr, fd, (long)list, (long)size, 0, 0); }
CAPR_INTERPOSE int removexattr(const char *path, const char *name) {
    CAPR_MONITOR;
    return (int)call(SYS_removexattr, (long)path, (long)name, 0, 0, 0);
}
CAPR_INTERPOSE int lremovexattr(const char *path, const char *name) {
    CAPR_MONITOR;
    return (int)call(SYS_lremovexattr, (long)path, (long)name, 0, 0, 0);
}
CAPR_INTERPOSE int fremovexattr(int fd, const char *name) { CAPR_MONITOR; return (int)call(SYS_fremovexattr, fd, (long)name, 0, 0, 0); }
