// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a linked executable, produces the certainty that no path in it needs more stack than the checks on it ask for, as far
// as capstack can tell from the machine code. A process of its own, since it loads LLVM, which the driver does not.
#include "verify.h"

#include "diag.h"
#include "process.h"

#include <sys/stat.h>
#include <unistd.h>

/// What capstack ends with when it has said, in one line, what is wrong (capstack(1)).
#define STATUS_WRONG 1

int verify_linked(struct arena *arena, const char *capstack, const char *bounds, const char *path) {
    struct stat stat_buffer;
    if (!stat(path, &stat_buffer) && !S_ISREG(stat_buffer.st_mode)) return 0;
    struct strvec argv = {0};
    strvec_push(arena, &argv, capstack);
    strvec_push(arena, &argv, "verify");
    strvec_push(arena, &argv, "--quiet");
    if (bounds) {
        strvec_push(arena, &argv, "--bounds");
        strvec_push(arena, &argv, bounds);
    }
    strvec_push(arena, &argv, "--");
    strvec_push(arena, &argv, path);
    int status = process_run(arena, &argv, NULL, NULL);
    if (!status) return 0;
    unlink(path);
    if (status != STATUS_WRONG)
        diag_error("%s: %s could not look at it (exit status %d); install capcc whole, or link with -fno-capriccio-verify", path,
                   capstack, status);
    return 1;
}
