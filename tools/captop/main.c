// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// captop: consumes snapshots of a running program's blocking graph, from its window (CAPRICCIO_TOP=1), and shows them as top(1) shows
// processes: a row for each place where threads wait. Rates are the difference between two snapshots.
#include "ask.h"
#include "read.h"
#include "say.h"
#include "screen.h"
#include "table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// Milliseconds between snapshots. Each costs the program a copy of its tables, and a few ms on a kernel thread.
enum { INTERVAL = 1000, INTERVAL_MIN = 50, INTERVAL_MAX = 3600000 };

static const char usage[] = "usage: captop PID [--once] [--json] [--interval MS]";

static const char help[] = "captop: shows where the threads of a running program wait\n"
                           "\n"
                           "USAGE: captop PID [options]\n"
                           "\n"
                           "The program has to be started with CAPRICCIO_TOP=1.\n"
                           "\n"
                           "  --once          print one table, with rates over one interval\n"
                           "  --json          print one snapshot as the program gives it\n"
                           "  --interval MS   milliseconds between two looks (1000)\n"
                           "\n"
                           "While it watches, q quits and s sorts by another column. See captop(1).\n";

struct options {
    pid_t pid;
    const char *name; ///< the process as the user gave it
    bool once, json;
    long interval;
};

/// Returns -1 to go on, or the exit status.
static int parse(int argc, char **argv, struct options *o) {
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (a[0] != '-') {
            if (o->name) return say_error("%s: one process at a time; %s", a, usage), 2;
            o->name = a;
        } else if (!strcmp(a, "--help")) {
            fputs(help, stdout);
            return 0;
        } else if (!strcmp(a, "--version")) {
            puts("captop " CAPCC_VERSION);
            return 0;
        } else if (!strcmp(a, "--once")) {
            o->once = true;
        } else if (!strcmp(a, "--json")) {
            o->json = true;
        } else if (!strcmp(a, "--interval")) {
            char *end = "";
            o->interval = ++i < argc ? strtol(argv[i], &end, 10) : 0;
            if (*end || o->interval < INTERVAL_MIN || o->interval > INTERVAL_MAX)
                return say_error("--interval: expected milliseconds, %d to %d; %s", INTERVAL_MIN, INTERVAL_MAX, usage), 2;
        } else {
            return say_error("%s: unknown option; %s", a, usage), 2;
        }
    }
    if (!o->name) return say_error("no process is named; %s", usage), 2;
    o->pid = read_pid(o->name);
    if (o->pid <= 0) return say_error("%s: is no number of a process; see pgrep(1) for numbers by name", o->name), 2;
    return -1;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) && errno == EINTR) {
    }
}

/// Returns 0, or 1 and has said why not.
static int take(const struct options *o, struct snapshot *s) {
    *s = (struct snapshot){0};
    int status = ask_process(o->pid, &s->text, &s->length);
    s->taken = seconds();
    if (!status) status = graph_read(&s->graph, o->name, s->text, s->length);
    if (status) snapshot_free(s);
    return status;
}

static int finish_output(int status) {
    if (!status && (fflush(stdout) || ferror(stdout))) status = say_error("standard output: cannot be written to");
    return status;
}

static int print_json(const struct options *o) {
    struct snapshot s = {0};
    int status = ask_process(o->pid, &s.text, &s.length);
    if (!status) fwrite(s.text, 1, s.length, stdout);
    snapshot_free(&s);
    return finish_output(status);
}

static void say_ended(const struct options *o, const char *program) { printf("captop: %s: %s has ended\n", o->name, program); }

/// Whether the process has ended, or does so within a second: its window goes some time before it.
static bool ends(pid_t pid) {
    for (int i = 0; i < 50 && !process_gone(pid); i++) sleep_ms(20);
    return process_gone(pid);
}

static int print_once(const struct options *o) {
    enum { WIDE = 1000 }; // all columns, whatever the terminal: a pipe has no width
    struct snapshot before, now = {0};
    struct rows rows = {0};
    if (take(o, &before)) return 1;
    sleep_ms(o->interval);
    char said[SAY_BYTES];
    say_instead = said;
    int status = take(o, &now);
    say_instead = NULL;
    if (status && ends(o->pid)) {
        say_ended(o, before.graph.program);
        snapshot_free(&before);
        return finish_output(0);
    }
    if (status) say_error("%s", said);
    if (!status && rows_make(&rows, &before, &now, BY_THREADS)) status = say_error("%s: out of memory", o->name);
    if (!status) {
        table_header(stdout, &now.graph, &rows);
        putchar('\n');
        if (table_resources(stdout, &now.graph)) putchar('\n');
        table_titles(stdout, &now.graph, WIDE);
        for (int i = 0; i < rows.count; i++) {
            putchar('\n');
            table_row(stdout, &now.graph, &rows.list[i], WIDE);
        }
        putchar('\n');
    }
    rows_free(&rows);
    snapshot_free(&before);
    snapshot_free(&now);
    return finish_output(status);
}

static volatile sig_atomic_t stopped_by;

static void stop(int signal) { stopped_by = signal; }

/// Until the user or the process ends it. The terminal is taken.
static int watch_on_screen(const struct options *o, char *program, size_t size) {
    struct snapshot before = {0}, now = {0};
    char said[SAY_BYTES], *message = NULL;
    enum order order = BY_THREADS;
    double next = 0;
    int gone = 0;
    say_instead = said;
    while (!stopped_by) {
        if (seconds() >= next) {
            struct snapshot newer;
            next = seconds() + (double)o->interval / 1000;
            if (!take(o, &newer)) {
                snapshot_free(&before);
                before = now;
                now = newer;
                message = NULL;
                snprintf(program, size, "%s", now.graph.program);
            } else if (process_gone(o->pid)) {
                gone = 1;
                break;
            } else {
                message = said;
            }
        }
        struct rows rows = {0};
        bool known = now.graph.json && !rows_make(&rows, &before, &now, order);
        screen_draw(known ? &now.graph : NULL, &rows, order, message);
        rows_free(&rows);
        enum wish wish = screen_key((int)((next - seconds()) * 1000) + 1);
        if (wish == WISH_QUIT) break;
        if (wish == WISH_SORT) order = (order + 1) % ORDERS;
    }
    say_instead = NULL;
    snapshot_free(&before);
    snapshot_free(&now);
    return gone;
}

static int watch(const struct options *o) {
    char program[256] = "?";
    // Before the terminal is taken: a process that cannot be watched needs none.
    struct snapshot first;
    if (take(o, &first)) return 1;
    snapshot_free(&first);
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = stop};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
    if (screen_open()) return 1;
    int gone = watch_on_screen(o, program, sizeof program);
    screen_close();
    if (gone) say_ended(o, program);
    if (stopped_by) { // as whoever sent it expects us to end
        signal(stopped_by, SIG_DFL);
        raise(stopped_by);
    }
    return finish_output(0);
}

int main(int argc, char **argv) {
    say_tool = "captop";
    struct options o = {.interval = INTERVAL};
    int status = parse(argc, argv, &o);
    if (status >= 0) return status;
    return o.json ? print_json(&o) : o.once ? print_once(&o) : watch(&o);
}
