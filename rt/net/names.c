/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names of hosts: libc's resolver reads files and asks servers inside of libc, for seconds if one does not answer, so its calls
 * run on the pool. h_errno is each kernel thread's own and is carried back. Results in static memory (gethostbyname) are as
 * little a thread's own as natively. Fat code.
 *
 * The resolver allocates. libc's own malloc is made for kernel threads; one that the program or a library brings may lock mutexes
 * of ours, which the worker takes without atomic instructions. In such a program these calls are made in place.
 */
#include "names.h"

/* Runs `call` with the job on the pool. */
static inline long resolve(struct capr_name_job *n, int call) {
    n->job.run = capr__names_run;
    n->job.kind = CAPR_JOB_NAMES;
    n->call = call;
    if (capr__in_place() || !capr__names_allowed())
        capr__names_run(&n->job);
    else
        capr__pool_run(&n->job);
    capr__names_errors(n);
    return n->job.result;
}

/* getaddrinfo(3), getnameinfo(3). Block. */
CAPR_INTERPOSE int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                               struct addrinfo **restrict result) {
    struct capr_name_job n = {.arg = {(long)node, (long)service, (long)hints, (long)result}};
    return (int)resolve(&n, CAPR_GETADDRINFO);
}

CAPR_INTERPOSE int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host, socklen_t host_size,
                               char *restrict service, socklen_t service_size, int flags) {
    struct capr_name_job n = {.arg = {(long)address, length, (long)host, host_size, (long)service, service_size, flags}};
    return (int)resolve(&n, CAPR_GETNAMEINFO);
}

/* gethostbyname(3) and its relatives. Block. */
CAPR_INTERPOSE struct hostent *gethostbyname(const char *name) {
    struct capr_name_job n = {.arg = {(long)name}};
    return (struct hostent *)resolve(&n, CAPR_GETHOSTBYNAME);
}

CAPR_INTERPOSE struct hostent *gethostbyname2(const char *name, int family) {
    struct capr_name_job n = {.arg = {(long)name, family}};
    return (struct hostent *)resolve(&n, CAPR_GETHOSTBYNAME2);
}

CAPR_INTERPOSE struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
    struct capr_name_job n = {.arg = {(long)address, length, family}};
    return (struct hostent *)resolve(&n, CAPR_GETHOSTBYADDR);
}

CAPR_INTERPOSE int gethostbyname_r(const char *restrict name, struct hostent *restrict entry, char *restrict buffer, size_t size,
                                   struct hostent **restrict result, int *restrict error) {
    struct capr_name_job n = {.arg = {(long)name, (long)entry, (long)buffer, (long)size, (long)result, (long)error}};
    return (int)resolve(&n, CAPR_GETHOSTBYNAME_R);
}

CAPR_INTERPOSE int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict entry, char *restrict buffer,
                                    size_t size, struct hostent **restrict result, int *restrict error) {
    struct capr_name_job n = {.arg = {(long)name, family, (long)entry, (long)buffer, (long)size, (long)result, (long)error}};
    return (int)resolve(&n, CAPR_GETHOSTBYNAME2_R);
}

CAPR_INTERPOSE int gethostbyaddr_r(const void *restrict address, socklen_t length, int family, struct hostent *restrict entry,
                                   char *restrict buffer, size_t size, struct hostent **restrict result, int *restrict error) {
    struct capr_name_job n = {
        .arg = {(long)address, length, family, (long)entry, (long)buffer, (long)size, (long)result, (long)error}};
    return (int)resolve(&n, CAPR_GETHOSTBYADDR_R);
}
