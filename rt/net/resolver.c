/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The pool's side of names.c: libc's own functions, whose names the executable has taken. They are found on the worker, before
 * the job goes to the pool, since dlsym locks. Plain code.
 */
#include "names.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>

static struct {
    __typeof__(getaddrinfo) *addrinfo;
    __typeof__(getnameinfo) *nameinfo;
    __typeof__(gethostbyname) *byname;
    __typeof__(gethostbyname2) *byname2;
    __typeof__(gethostbyaddr) *byaddr;
    __typeof__(gethostbyname_r) *byname_r;
    __typeof__(gethostbyname2_r) *byname2_r;
    __typeof__(gethostbyaddr_r) *byaddr_r;
} libc;

static int malloc_is_libcs;

static void find(void) {
    Dl_info ours, theirs;
    void *allocator = dlsym(RTLD_DEFAULT, "malloc");
    malloc_is_libcs = allocator && dladdr(allocator, &ours) && dladdr((void *)gnu_get_libc_version, &theirs) &&
                      ours.dli_fbase == theirs.dli_fbase;
    *(void **)&libc.addrinfo = dlsym(RTLD_NEXT, "getaddrinfo");
    *(void **)&libc.nameinfo = dlsym(RTLD_NEXT, "getnameinfo");
    *(void **)&libc.byname = dlsym(RTLD_NEXT, "gethostbyname");
    *(void **)&libc.byname2 = dlsym(RTLD_NEXT, "gethostbyname2");
    *(void **)&libc.byaddr = dlsym(RTLD_NEXT, "gethostbyaddr");
    *(void **)&libc.byname_r = dlsym(RTLD_NEXT, "gethostbyname_r");
    *(void **)&libc.byname2_r = dlsym(RTLD_NEXT, "gethostbyname2_r");
    *(void **)&libc.byaddr_r = dlsym(RTLD_NEXT, "gethostbyaddr_r");
}

CAPR_HIDDEN int capr__names_allowed(void) {
    if (!libc.addrinfo) find();
    return malloc_is_libcs;
}

CAPR_HIDDEN void capr__names_run(struct capr_job *job) {
    struct capr_name_job *n = (struct capr_name_job *)job;
    const long *a = n->arg;
    if (!libc.addrinfo) find();
    switch (n->call) {
    case CAPR_GETADDRINFO:
        job->result = libc.addrinfo((char *)a[0], (char *)a[1], (struct addrinfo *)a[2], (struct addrinfo **)a[3]);
        break;
    case CAPR_GETNAMEINFO:
        job->result = libc.nameinfo((struct sockaddr *)a[0], (socklen_t)a[1], (char *)a[2], (socklen_t)a[3], (char *)a[4],
                                    (socklen_t)a[5], (int)a[6]);
        break;
    case CAPR_GETHOSTBYNAME:
        job->result = (long)libc.byname((char *)a[0]);
        break;
    case CAPR_GETHOSTBYNAME2:
        job->result = (long)libc.byname2((char *)a[0], (int)a[1]);
        break;
    case CAPR_GETHOSTBYADDR:
        job->result = (long)libc.byaddr((void *)a[0], (socklen_t)a[1], (int)a[2]);
        break;
    case CAPR_GETHOSTBYNAME_R:
        job->result = libc.byname_r((char *)a[0], (struct hostent *)a[1], (char *)a[2], (size_t)a[3], (struct hostent **)a[4], (int *)a[5]);
        break;
    case CAPR_GETHOSTBYNAME2_R:
        job->result = libc.byname2_r((char *)a[0], (int)a[1], (struct hostent *)a[2], (char *)a[3], (size_t)a[4],
                                     (struct hostent **)a[5], (int *)a[6]);
        break;
    case CAPR_GETHOSTBYADDR_R:
        job->result = libc.byaddr_r((void *)a[0], (socklen_t)a[1], (int)a[2], (struct hostent *)a[3], (char *)a[4], (size_t)a[5],
                                    (struct hostent **)a[6], (int *)a[7]);
        break;
    }
    n->err = errno;
    n->h_err = h_errno;
}

CAPR_HIDDEN void capr__names_errors(const struct capr_name_job *n) {
    errno = n->err;
    h_errno = n->h_err;
}
