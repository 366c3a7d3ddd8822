/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads the command line by one table, which is the parser's, the checker's and the help text's source.
 */
#include "options.h"
#include "pool.h"
#include "ticker.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct number {
    const char *name;
    size_t at; /* of an unsigned long in struct options */
    unsigned long initial, least, most;
    const char *help;
} numbers[] = {
    {"port", offsetof(struct options, port), 8080, 0, 65535, "TCP port; 0 takes a free one, which is printed"},
    {"backlog", offsetof(struct options, backlog), 4096, 1, INT_MAX, "connections that the kernel holds until they are accepted"},
    {"max-threads", offsetof(struct options, max_threads), 100000, 1, 10000000, "connections at once; more wait in the backlog"},
    {"acceptors", offsetof(struct options, acceptors), 1, 1, 64, "threads that accept connections"},
    {"cache-bytes", offsetof(struct options, cache_bytes), 64 << 20, 0, SIZE_MAX / 2, "bound on cached files; 0 caches nothing"},
    {"max-request", offsetof(struct options, request_bytes), 8192, 512, BUFFER_BYTES, "bytes of a request's head"},
    {"max-body", offsetof(struct options, body_bytes), 65536, 0, 1 << 30, "bytes of a request's body, which is ignored"},
    {"idle-timeout", offsetof(struct options, idle_seconds), 60, 1, 86400, "seconds between requests"},
    {"request-timeout", offsetof(struct options, request_seconds), 20, 1, 3600, "seconds for a request to arrive"},
    /* A response head may not outlast the Date text that it sends. */
    {"write-timeout", offsetof(struct options, write_seconds), 60, 1, DATE_END_LIFETIME - 5,
     "seconds without progress in a response"},
    {"stop-timeout", offsetof(struct options, stop_seconds), 5, 0, 3600, "seconds for responses in flight after SIGTERM"},
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

/* Further options, numbered behind those of the table. */
enum { ROOT = NUMBERS, BIND, FAVOR, STATS, HELP, OPTIONS };

static void help(void) {
    printf("usage: knot [--root DIRECTORY] [--port N] [option...]\n\n"
           "Serves the files beneath a directory over HTTP/1.1, a thread per connection. SIGTERM and SIGINT stop it.\n\n"
           "  --root DIRECTORY      what to serve (.)\n"
           "  --bind ADDRESS        numeric address to listen on (127.0.0.1)\n"
           "  --favor WHOM          accept: take new connections as quick as they come (default);\n"
           "                        connections: let those that are there run first\n"
           "  --stats               print counts at the end\n"
           "  --help                print this\n");
    for (int i = 0; i < NUMBERS; i++) {
        int width = printf("  --%s N", numbers[i].name);
        printf("%*s%s (%lu)\n", 24 - width, "", numbers[i].help, numbers[i].initial);
    }
}

/* Reads a number, only digits, within its bounds. */
static bool set_number(const struct number *n, const char *text, struct options *o) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < n->least || value > n->most) {
        fprintf(stderr, "knot: error: --%s: '%s' is not a number from %lu to %lu\n", n->name, text, n->least, n->most);
        return false;
    }
    *(unsigned long *)((char *)o + n->at) = value;
    return true;
}

int options_parse(int argc, char **argv, struct options *o) {
    *o = (struct options){.root = ".", .bind = "127.0.0.1"};
    struct option table[OPTIONS + 1] = {
        [ROOT] = {"root", required_argument, NULL, ROOT},    [BIND] = {"bind", required_argument, NULL, BIND},
        [FAVOR] = {"favor", required_argument, NULL, FAVOR}, [STATS] = {"stats", no_argument, NULL, STATS},
        [HELP] = {"help", no_argument, NULL, HELP},
    };
    for (int i = 0; i < NUMBERS; i++) {
        table[i] = (struct option){numbers[i].name, required_argument, NULL, i};
        *(unsigned long *)((char *)o + numbers[i].at) = numbers[i].initial;
    }
    opterr = 0;
    for (int which; (which = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        switch (which) {
        case ROOT:
            o->root = optarg;
            break;
        case BIND:
            o->bind = optarg;
            break;
        case STATS:
            o->stats = true;
            break;
        case HELP:
            help();
            return 0;
        case FAVOR:
            o->favor_connections = !strcmp(optarg, "connections");
            if (o->favor_connections || !strcmp(optarg, "accept")) break;
            fprintf(stderr, "knot: error: --favor: '%s' is neither accept nor connections\n", optarg);
            return 2;
        case ':':
            fprintf(stderr, "knot: error: %s: a value is missing; see knot --help\n", argv[optind - 1]);
            return 2;
        case '?':
            fprintf(stderr, "knot: error: %s: unknown option; see knot --help\n", argv[optind - 1]);
            return 2;
        default:
            if (!set_number(&numbers[which], optarg, o)) return 2;
        }
    }
    if (optind == argc) return -1;
    fprintf(stderr, "knot: error: %s: what to serve is given with --root DIRECTORY\n", argv[optind]);
    return 2;
}
