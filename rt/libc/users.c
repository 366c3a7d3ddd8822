/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names of users and groups: libc reads /etc/passwd and /etc/group, or asks a directory server through a module, so these run on
 * the pool. Results in static memory (getpwnam) are as little a thread's own as natively. Fat code.
 */
#include <grp.h>
#include <pwd.h>

#include "call.h"

/* getpwnam(3) and its relatives. Block. */
CAPR_INTERPOSE struct passwd *getpwnam(const char *name) { CAPR_MONITOR; return (struct passwd *)CAPR_LIBC_CALL("getpwnam", (long)name); }
CAPR_INTERPOSE struct passwd *getpwuid(uid_t user) { CAPR_MONITOR; return (struct passwd *)CAPR_LIBC_CALL("getpwuid", user); }
CAPR_INTERPOSE int getpwnam_r(const char *restrict name, struct passwd *restrict entry, char *restrict buffer, size_t size,
                              struct passwd **restrict result) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getpwnam_r", (long)name, (long)entry, (long)buffer, (long)size, (long)result);
}
CAPR_INTERPOSE int getpwuid_r(uid_t user, struct passwd *restrict entry, char *restrict buffer, size_t size,
                              struct passwd **restrict result) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getpwuid_r", user, (long)entry, (long)buffer, (long)size, (long)result);
}

/* getgrnam(3) and its relatives. Block. */
CAPR_INTERPOSE struct group *getgrnam(const char *name) { CAPR_MONITOR; return (struct group *)CAPR_LIBC_CALL("getgrnam", (long)name); }
CAPR_INTERPOSE struct group *getgrgid(gid_t group) { CAPR_MONITOR; return (struct group *)CAPR_LIBC_CALL("getgrgid", group); }
CAPR_INTERPOSE int getgrnam_r(const char *restrict name, struct group *restrict entry, char *restrict buffer, size_t size,
                              struct group **restrict result) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getgrnam_r", (long)name, (long)entry, (long)buffer, (long)size, (long)result);
}
CAPR_INTERPOSE int getgrgid_r(gid_t group, struct group *restrict entry, char *restrict buffer, size_t size,
                              struct group **restrict result) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getgrgid_r", group, (long)entry, (long)buffer, (long)size, (long)result);
}

/* getgrouplist(3). Blocks. */
CAPR_INTERPOSE int getgrouplist(const char *user, gid_t group, gid_t *groups, int *count) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getgrouplist", (long)user, group, (long)groups, (long)count);
}
