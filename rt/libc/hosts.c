/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names of hosts: libc's resolver reads files and asks servers inside of libc, for seconds if one does not answer, so its calls
 * run on the pool. h_errno is each kernel thread's own and is carried back. Results in static memory (gethostbyname) are as
 * little a thread's own as natively. Fat code.
 */
#include <netdb.h>

#include "call.h"

/* getaddrinfo(3), getnameinfo(3). Block. */
CAPR_INTERPOSE int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                               struct addrinfo **restrict result) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getaddrinfo", (long)node, (long)service, (long)hints, (long)result);
}

CAPR_INTERPOSE int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host, socklen_t host_size,
                               char *restrict service, socklen_t service_size, int flags) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("getnameinfo", (long)address, length, (long)host, host_size, (long)service, service_size, flags);
}

/* gethostbyname(3) and its relatives. Block. */
CAPR_INTERPOSE struct hostent *gethostbyname(const char *name) {
    CAPR_MONITOR;
    return (struct hostent *)CAPR_LIBC_CALL("gethostbyname", (long)name);
}

CAPR_INTERPOSE struct hostent *gethostbyname2(const char *name, int family) {
    CAPR_MONITOR;
    return (struct hostent *)CAPR_LIBC_CALL("gethostbyname2", (long)name, family);
}

CAPR_INTERPOSE struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
    CAPR_MONITOR;
    return (struct hostent *)CAPR_LIBC_CALL("gethostbyaddr", (long)address, length, family);
}

CAPR_INTERPOSE int gethostbyname_r(const char *restrict name, struct hostent *restrict entry, char *restrict buffer, size_t size,
                                   struct hostent **restrict result, int *restrict error) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("gethostbyname_r", (long)name, (long)entry, (long)buffer, (long)size, (long)result, (long)error);
}

CAPR_INTERPOSE int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict entry, char *restrict buffer,
                                    size_t size, struct hostent **restrict result, int *restrict error) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("gethostbyname2_r", (long)name, family, (long)entry, (long)buffer, (long)size, (long)result, (long)error);
}

CAPR_INTERPOSE int gethostbyaddr_r(const void *restrict address, socklen_t length, int family, struct hostent *restrict entry,
                                   char *restrict buffer, size_t size, struct hostent **restrict result, int *restrict error) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("gethostbyaddr_r", (long)address, length, family, (long)entry, (long)buffer, (long)size, (long)result,
                               (long)error);
}
