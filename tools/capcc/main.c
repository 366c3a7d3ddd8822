// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// capcc: consumes clang's command line, produces what clang would, with bitcode in the objects and the Capriccio pass
// and runtime in the executables. The way of a line: parse (facts), refuse (what cannot work), paths (this machine),
// plan (steps), then print the plan or execute it. docs/abi.md has the contract with pass and runtime.
#include "arena.h"
#include "diag.h"
#include "execute.h"
#include "file_map.h"
#include "help.h"
#include "parse.h"
#include "paths.h"
#include "plan.h"
#include "process.h"
#include "undefined.h"

#include <errno.h>
#include <string.h>

static const char *read_file(void *context, struct arena *arena, const char *path, size_t *length) {
    (void)context;
    struct bytes bytes;
    if (file_map(path, &bytes)) return NULL;
    const char *text = arena_copy(arena, (const char *)bytes.data, bytes.size);
    *length = bytes.size;
    file_unmap(&bytes);
    return text;
}

static int run(struct arena *arena, int argc, const char *const *argv) {
    struct line line;
    struct paths paths = {0};
    struct plan plan;
    const struct file_reader reader = {read_file, NULL};

    parse_line(arena, argc, argv, &reader, &line);
    const char *error = refuse_line(arena, &line);
    if (error) return diag_error("%s", error);

    error = paths_find(arena, &paths);
    if (error) return diag_error("%s", error);

    make_plan(arena, &line, &paths, "/tmp/capcc-XXXXXX", &plan);
    if (line.own.print_plan) {
        print_plan(arena, &line, &plan);
        return 0;
    }
    if (line.action == ACTION_VERSION) return version_print(arena, &plan.steps[0].argv);
    if (line.action == ACTION_HELP) help_print();

    char *scratch = NULL;
    if (plan_needs_scratch(&plan) && !line.dry_run) {
        scratch = scratch_make(arena);
        if (!scratch)
            return diag_error("%s: no temporary directory: %s; set TMPDIR", line.output ? line.output : "a.out", strerror(errno));
        make_plan(arena, &line, &paths, scratch, &plan);
    }
    return execute_plan(arena, &line, &plan, scratch);
}

int main(int argc, char **argv) {
    if (undefined_asked(argc, (const char *const *)argv)) {
        undefined_tell(argv[2]);
        return 0;
    }
    struct arena arena = {0};
    int status = run(&arena, argc, (const char *const *)argv);
    arena_free(&arena);
    return status;
}
