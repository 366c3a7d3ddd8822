// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes nothing but clang's own answer, produces the texts of --help and --version. In the version line clang's
// version comes first: build systems (meson) take the first number with a dot that a compiler calling itself clang
// prints for the version of clang, and choose flags by it.
#include "help.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CAPCC_VERSION
#define CAPCC_VERSION "0.1.0"
#endif

void help_print(void) {
    puts("capcc: clang for programs that run a thread per connection: threads at user level, on small linked stacks\n"
         "\n"
         "USAGE: capcc [options] file...\n"
         "\n"
         "Takes clang's command line. Objects hold machine code and bitcode; the link of an executable adds the pass and the "
         "runtime.\n"
         "\n"
         "  -fcapriccio-max-path=BYTES   longest path on the stack without a check (256 to 1048576; 2048)\n"
         "  -fcapriccio-min-chunk=BYTES  smallest piece of stack that the runtime links (256 to 1048576; 512)\n"
         "  -fcapriccio-stacks=KIND      two: what never blocks runs on the big stack where it does not fit; linked: on chunks\n"
         "  -fcapriccio-icalls=KIND      how targets of indirect calls are found: signature, pointsto, pointsto-strict\n"
         "  -fcapriccio-inline-frame-limit=BYTES|off  keep callees with larger frames out of line (64 to 1048576; 256)\n"
         "  -fcapriccio-check-icalls     look the target of each indirect call up at run time; a miss ends the program\n"
         "  -fcapriccio-profile-use=FILE place checks as a run with CAPRICCIO_PROFILE=FILE speaks for\n"
         "  -fcapriccio-report=FILE      what was decided for each function and call, as JSON\n"
         "  -fcapriccio-print=STEPS      steps of the pass to print to standard error: frames, graph, placement, blocking,\n"
         "                               contexts\n"
         "  -Wcapriccio-blocking-in-critical-section  warn at the link of calls that wait while a mutex is certainly held\n"
         "  -Wcapriccio-stdio-in-critical-section     the same of output to streams\n"
         "  -fcapriccio-probes           what configure and CMake link to find out what there is goes through the pass, too\n"
         "  -fno-capriccio-graph         threads do not carry the chain of calls that they are in: no blocking graph\n"
         "  -fno-capriccio-preempt       a thread that computes for long keeps its worker until it waits or calls\n"
         "  -fno-capriccio-spin          loops that wait for another thread by looking at memory do not give way\n"
         "  -fno-capriccio-verify        no proof of the stack's bounds from the finished machine code\n"
         "  -fno-capriccio               plain clang, with the rest of the line\n"
         "  --extract-bc FILE... -o OUT  the bitcode of objects and archives in one file, which may be linked in their place\n"
         "  --print-plan                 how the line is understood and what would be run, without doing it\n"
         "\n"
         "Environment: CAPCC_CLANG, the clang to run. See capcc(1). What follows is clang's own help.\n");
}

int version_print(struct arena *arena, const struct strvec *clang_command) {
    int ends[2];
    if (pipe(ends)) return diag_error("--version: no pipe: %s; raise `ulimit -n`", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(clang_command->items[0], (char *const *)clang_command->items);
        _exit(127);
    }
    close(ends[1]);
    char text[4096];
    size_t used = 0;
    for (ssize_t n; used < sizeof text - 1; used += (size_t)n) {
        n = read(ends[0], text + used, sizeof text - 1 - used);
        if (n < 0 && errno == EINTR)
            n = 0;
        else if (n <= 0)
            break;
    }
    close(ends[0]);
    text[used] = '\0';
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
        return diag_error("%s: does not tell its version; install clang-22, or set CAPCC_CLANG", clang_command->items[0]);
    size_t first = strcspn(text, "\n");
    const char *line = arena_copy(arena, text, first);
    printf("capcc (%s) %s%s", line, CAPCC_VERSION, text + first);
    return 0;
}
