/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A server with a thread for each connection and far more clients than it has descriptors, or memory, for: `requests descriptors|memory CLIENTS
 * SECONDS`. A request opens a file and waits; or takes 256 KiB, 256 and 512, and waits after each. Clients, a process of their own, connect anew
 * as soon as they are answered. Prints requests served and refused a second, leaving out the first second, and the most MiB that were resident.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "connections.h"

#define DESCRIPTORS 256

static int of_memory;

static void *serve(void *arg) {
    int fd = (int)(long)arg, file = -1;
    char request, *part[3] = {NULL};
    if (read(fd, &request, 1) == 1) {
        if (of_memory) {
            part[0] = take(256 << 10, 500);
            part[1] = take(256 << 10, 600);
            part[2] = take(512 << 10, 700);
        } else {
            file = open("/dev/null", O_RDWR);
            usleep(1000);
        }
        int whole = of_memory ? part[0] && part[1] && part[2] : file >= 0;
        for (int i = 0; i < 3; i++) free(part[i]);
        if (file >= 0) close(file);
        if (write(fd, whole ? "y" : "n", 1) != 1) exit(3);
    }
    close(fd);
    return NULL;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of a process, what is resident and not shared. */
static long mebibytes(pid_t of) {
    char name[64];
    long all = 0, resident = 0, shared = 0;
    snprintf(name, sizeof name, "/proc/%d/statm", of);
    FILE *f = fopen(name, "r");
    if (!f || fscanf(f, "%ld %ld %ld", &all, &resident, &shared) != 3) resident = shared;
    if (f) fclose(f);
    return (resident - shared) / 256;
}

static void clients(pid_t server, int count, double for_seconds) {
    struct pollfd *all = calloc((size_t)count, sizeof *all);
    long served = 0, refused = 0, most = 0;
    double begun = seconds(), counted = begun + 1;
    for (int i = 0; i < count; i++) all[i].fd = -1;
    for (double now = begun; now < counted + for_seconds; now = seconds()) {
        long resident = mebibytes(server);
        if (resident > most) most = resident;
        for (int i = 0; i < count; i++) {
            if (all[i].fd >= 0) continue;
            if (!ask(&all[i])) return;
        }
        if (poll(all, (nfds_t)count, 100) <= 0) continue;
        for (int i = 0; i < count; i++) {
            if (!all[i].revents) continue;
            int whole = answered(&all[i]);
            if (now > counted) {
                served += whole;
                refused += !whole;
            }
        }
    }
    printf("%.0f %.0f %ld\n", (double)served / for_seconds, (double)refused / for_seconds, most);
    fflush(stdout);
}

static void *wait_for(void *arg) {
    waitpid((pid_t)(long)arg, NULL, 0);
    _exit(0);
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: requests descriptors|memory CLIENTS SECONDS\n"), 2;
    of_memory = !strcmp(argv[1], "memory");
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_somewhere(4096);
    if (listener < 0) return 1;
    pid_t server = getpid(), other = fork();
    if (!other) {
        clients(server, atoi(argv[2]), atof(argv[3]));
        _exit(0);
    }
    struct rlimit few = {DESCRIPTORS, DESCRIPTORS};
    if (!of_memory) setrlimit(RLIMIT_NOFILE, &few);
    pthread_t waiter;
    pthread_create(&waiter, NULL, wait_for, (void *)(long)other);
    accept_for_ever(listener, serve);
}
