/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Does a thread that waits in stdio keep others waiting? A thread per connection waits in fgets; a peer process sends lines in two
 * halves, so that most threads have half a line, and reads the answers. Meanwhile one thread wants to run every millisecond.
 * Prints how late that was, and what a waiting thread costs. Plain pthreads: build it with any compiler.
 *
 *     lines [CONNECTIONS [SECONDS]]        defaults 10,000 and 5; each process needs as many descriptors
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static long served, waiting;
static volatile int stop;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void peer(long n, double seconds) {
    int *fds = malloc((size_t)n * sizeof *fds);
    unsigned r = 1;
    char answer[64];
    for (long i = 0; i < n; i++) {
        fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fds[i] < 0 || connect(fds[i], (struct sockaddr *)&address, sizeof address)) {
            perror("lines: connect");
            _exit(1);
        }
        if (write(fds[i], "half ", 5) != 5) _exit(1);
    }
    for (double end = now() + seconds; now() < end;) {
        r = r * 1664525 + 1013904223;
        int fd = fds[(r >> 8) % (unsigned)n];
        /* The rest of one line, the first half of the next. */
        if (write(fd, "a line\nhalf ", 12) != 12 || read(fd, answer, sizeof answer) <= 0) _exit(1);
        if (r >> 30 == 0) usleep(100);
    }
    _exit(0);
}

static void *connection(void *arg) {
    FILE *f = fdopen((int)(long)arg, "r");
    char line[128];
    __atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
    while (fgets(line, sizeof line, f)) {
        if (dprintf((int)(long)arg, "got %s", line) < 0) break;
        __atomic_add_fetch(&served, 1, __ATOMIC_RELAXED);
    }
    fclose(f);
    return NULL;
}

static int compare(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b; }

#define TICKS 200000
static double late[TICKS];
static long ticks;

static void *clock_thread(void *arg) {
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!stop && ticks < TICKS) {
        next.tv_nsec += 1000000;
        if (next.tv_nsec >= 1000000000) next.tv_nsec -= 1000000000, next.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        double at = (double)next.tv_sec + (double)next.tv_nsec / 1e9, t = now();
        late[ticks++] = (t - at) * 1e3;
        if (t - at > 1e-3) clock_gettime(CLOCK_MONOTONIC, &next); /* what was missed is not made up for */
    }
    return arg;
}

static long resident(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * 4096;
}

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 10000;
    double seconds = argc > 2 ? atof(argv[2]) : 5;
    signal(SIGPIPE, SIG_IGN);
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "capcc-lines-%d", (int)getpid());
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("lines: listen"), 1;
    pid_t child = fork();
    if (child == 0) {
        close(listener);
        peer(n, seconds);
    }
    pthread_t t;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    long before = resident();
    for (long i = 0; i < n; i++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) return perror("lines: accept"), 1;
        int e = pthread_create(&t, &attr, connection, (void *)(long)fd);
        if (e) return fprintf(stderr, "lines: pthread_create: %s\n", strerror(e)), 1;
        pthread_detach(t);
    }
    while (__atomic_load_n(&waiting, __ATOMIC_RELAXED) < n) usleep(1000);
    long each = (resident() - before) / n;
    pthread_create(&t, NULL, clock_thread, NULL);
    int status;
    double start = now();
    waitpid(child, &status, 0);
    double took = now() - start;
    stop = 1;
    pthread_join(t, NULL);
    qsort(late, (size_t)ticks, sizeof *late, compare);
    printf("threads in fgets %ld  bytes each %ld  lines/s %.0f  ticks %ld  late ms: median %.2f 99%% %.2f most %.2f\n", n, each,
           (double)served / took, ticks, late[ticks / 2], late[ticks * 99 / 100], late[ticks - 1]);
    return status != 0;
}
