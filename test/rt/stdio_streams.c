/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * FILE over pipes and sockets: the same bytes as over a file, whatever the pieces in which they come; many threads wait in fgets
 * while others run; two threads never get into one FILE; what was written comes out, at fflush, at fclose, at exit, in the order
 * of a thread's calls. Seeded by CAPR_TEST_SEED; CAPR_TEST_THREADS (1,000) wait in fgets.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"

static unsigned seed;
static unsigned rnd(unsigned *r) { return (*r = *r * 1664525 + 1013904223) >> 8; }

/* A line of text that is known by its number. */
static int make_line(char *to, unsigned n) {
    int len = (int)(n * 7919 % 300);
    int at = sprintf(to, "%u:", n);
    for (int i = 0; i < len; i++) to[at++] = (char)('a' + (n + (unsigned)i) % 26);
    to[at++] = '\n';
    to[at] = 0;
    return at;
}

/* Pieces of any size. */
static void *feeder(void *arg) {
    int fd = ((int *)arg)[0], lines = ((int *)arg)[1];
    unsigned r = seed + (unsigned)fd;
    char *text = malloc((size_t)lines * 320);
    size_t n = 0;
    for (int i = 0; i < lines; i++) n += (size_t)make_line(text + n, (unsigned)i);
    for (size_t done = 0; done < n;) {
        size_t piece = rnd(&r) % (rnd(&r) % 8 ? 60 : 9000) + 1;
        if (piece > n - done) piece = n - done;
        CHECK_EQUAL(write(fd, text + done, piece), piece);
        done += piece;
        if (rnd(&r) % 4 == 0) sched_yield();
    }
    close(fd);
    free(text);
    return NULL;
}

/* Each way to read, chosen anew for each line. */
static void read_all(FILE *f, int lines) {
    unsigned r = seed + 77;
    char want[400], *line = NULL;
    size_t size = 0;
    for (int i = 0; i < lines; i++) {
        int len = make_line(want, (unsigned)i);
        char got[400];
        switch (rnd(&r) % 7) {
        case 0:
            CHECK(fgets(got, sizeof got, f) == got);
            CHECK(strcmp(got, want) == 0);
            break;
        case 1:
            CHECK_EQUAL(getline(&line, &size, f), len);
            CHECK(strcmp(line, want) == 0);
            break;
        case 2:
            CHECK_EQUAL(fread(got, 1, (size_t)len, f), len);
            CHECK(memcmp(got, want, (size_t)len) == 0);
            break;
        case 3:
            for (int k = 0; k < len; k++) CHECK_EQUAL(getc(f), want[k]);
            break;
        case 4: {
            unsigned n = 0;
            char colon = 0;
            int at = 0;
            CHECK_EQUAL(fscanf(f, "%u%n%c", &n, &at, &colon), 2);
            CHECK(n == (unsigned)i && colon == ':' && at > 0);
            CHECK(fgets(got, sizeof got, f) == got);
            CHECK(strcmp(got, strchr(want, ':') + 1) == 0);
            break;
        }
        case 5:
            for (int k = 0; k < len; k++) {
                int c = getc(f);
                CHECK_EQUAL(c, want[k]);
                if (k % 3 == 0) {
                    CHECK_EQUAL(ungetc('#', f), '#');
                    CHECK_EQUAL(getc(f), '#');
                }
                if (k % 5 == 0) {
                    CHECK_EQUAL(ungetc(c, f), c);
                    CHECK_EQUAL(getc_unlocked(f), c);
                }
            }
            break;
        default:
            for (int k = 0; k < len;) { /* short room: a line in parts */
                CHECK(fgets(got, 8, f) == got);
                CHECK(memcmp(got, want + k, strlen(got)) == 0);
                k += (int)strlen(got);
            }
        }
    }
    CHECK(fgets(want, sizeof want, f) == NULL && feof(f) && !ferror(f));
    CHECK_EQUAL(getc(f), EOF);
    free(line);
}

static void *read_pair(void *arg) {
    int kind = (int)(long)arg, ends[2], args[2] = {0, 150};
    pthread_t t;
    if (kind % 2)
        CHECK_EQUAL(pipe(ends), 0);
    else
        CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    args[0] = ends[1];
    CHECK_EQUAL(pthread_create(&t, NULL, feeder, args), 0);
    FILE *f = fdopen(ends[0], "r");
    if (kind % 5 == 0) setvbuf(f, NULL, _IONBF, 0);
    if (kind % 5 == 1) setvbuf(f, NULL, _IOFBF, 64);
    read_all(f, args[1]);
    CHECK_EQUAL(fclose(f), 0);
    pthread_join(t, NULL);
    return NULL;
}

static void reading(void) {
    pthread_t t[20];
    for (long i = 0; i < 20; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, read_pair, (void *)i), 0);
    for (int i = 0; i < 20; i++) pthread_join(t[i], NULL);
}

/* Writing: each way, to a reader that is slow. */
static void *write_pair(void *arg) {
    FILE *f = arg;
    unsigned r = seed + 5;
    char want[400];
    for (int i = 0; i < 300; i++) {
        int len = make_line(want, (unsigned)i);
        char *rest = strchr(want, ':') + 1;
        switch (rnd(&r) % 6) {
        case 0:
            CHECK(fputs(want, f) >= 0);
            break;
        case 1:
            CHECK_EQUAL(fprintf(f, "%d:%s", i, rest), len);
            break;
        case 2:
            CHECK_EQUAL(fwrite(want, (size_t)len, 1, f), 1);
            break;
        case 3:
            for (int k = 0; k < len; k++) CHECK_EQUAL(putc(want[k], f), want[k]);
            break;
        case 4:
            CHECK_EQUAL(fflush(f), 0);
            CHECK_EQUAL(fprintf(f, "%s", want), len);
            break;
        default:
            for (int k = 0; k < len; k++) CHECK_EQUAL(putc_unlocked(want[k], f), want[k]);
        }
        if (i == 100) CHECK_EQUAL(fflush(NULL), 0);
    }
    CHECK_EQUAL(fclose(f), 0);
    return NULL;
}

static void writing(void) {
    for (int kind = 0; kind < 6; kind++) {
        int ends[2];
        pthread_t t;
        if (kind % 2)
            CHECK_EQUAL(pipe(ends), 0);
        else
            CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        FILE *f = fdopen(ends[1], "w");
        if (kind / 2 == 1) setvbuf(f, NULL, _IOLBF, 0);
        if (kind / 2 == 2) setvbuf(f, NULL, _IONBF, 0);
        CHECK_EQUAL(pthread_create(&t, NULL, write_pair, f), 0);
        FILE *in = fdopen(ends[0], "r");
        for (int i = 0; i < 200; i++) sched_yield();
        read_all(in, 300);
        fclose(in);
        pthread_join(t, NULL);
    }
    /* More than the buffer and the pipe hold, in one call, while the reader is another thread of the worker's. */
    int ends[2], args[2];
    CHECK_EQUAL(pipe(ends), 0);
    FILE *f = fdopen(ends[1], "w");
    (void)args;
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        char c;
        long n = 0;
        FILE *in = fdopen(ends[0], "r");
        while ((c = (char)getc(in)), !feof(in)) CHECK_EQUAL(c, 'a' + n++ % 26);
        _exit(n == 300000 ? 0 : 1);
    }
    close(ends[0]);
    char *block = malloc(300001);
    for (int i = 0; i < 300000; i++) block[i] = (char)('a' + i % 26);
    block[300000] = 0;
    CHECK_EQUAL(fprintf(f, "%s", block), 300000);
    CHECK_EQUAL(fclose(f), 0);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    free(block);
}

/* One FILE, many threads: lines come out whole, and go in whole. */
static FILE *common_out, *common_in;
static int lines_seen[40];

static void *line_writer(void *arg) {
    int id = (int)(long)arg;
    for (int i = 0; i < 50; i++) {
        if (i % 2) {
            CHECK(fprintf(common_out, "%d %0200d %d\n", id, 0, id) > 0);
        } else {
            flockfile(common_out);
            fprintf(common_out, "%d ", id);
            sched_yield();
            fprintf(common_out, "%0200d", 0);
            fflush(common_out);
            fprintf(common_out, " %d\n", id);
            funlockfile(common_out);
        }
        if (i % 10 == id % 10) fflush(NULL);
    }
    return arg;
}

static void *line_reader(void *arg) {
    char line[400];
    int a, b;
    while (fgets(line, sizeof line, common_in)) {
        CHECK_EQUAL(sscanf(line, "%d %*d %d", &a, &b), 2);
        CHECK_EQUAL(a, b);
        __atomic_add_fetch(&lines_seen[a], 1, __ATOMIC_RELAXED);
    }
    return arg;
}

static void one_file(void) {
    int ends[2];
    pthread_t w[40], r[10];
    CHECK_EQUAL(pipe(ends), 0);
    common_out = fdopen(ends[1], "w");
    common_in = fdopen(ends[0], "r");
    for (long i = 0; i < 10; i++) CHECK_EQUAL(pthread_create(&r[i], NULL, line_reader, NULL), 0);
    for (long i = 0; i < 40; i++) CHECK_EQUAL(pthread_create(&w[i], NULL, line_writer, (void *)i), 0);
    for (int i = 0; i < 40; i++) pthread_join(w[i], NULL);
    CHECK_EQUAL(ftrylockfile(common_out), 0);
    funlockfile(common_out);
    fclose(common_out);
    for (int i = 0; i < 10; i++) pthread_join(r[i], NULL);
    for (int i = 0; i < 40; i++) CHECK_EQUAL(lines_seen[i], 50);
    fclose(common_in);
}

/* Many threads wait, each with half a line; none of them keeps the others. */
static long waiting, answered;

static void *waiter(void *arg) {
    FILE *f = fdopen((int)(long)arg, "r+");
    char line[64];
    setvbuf(f, NULL, _IOFBF, 128);
    waiting++;
    CHECK(fgets(line, sizeof line, f) == line);
    CHECK(strcmp(line, "half and half\n") == 0);
    CHECK(fprintf(f, "got %s", line) > 0);
    CHECK_EQUAL(fflush(f), 0);
    answered++;
    fclose(f);
    return NULL;
}

static void many(void) {
    const char *wanted = getenv("CAPR_TEST_THREADS");
    long n = wanted ? atol(wanted) : 1000;
    int(*pairs)[2] = malloc((size_t)n * sizeof *pairs);
    pthread_t *t = malloc((size_t)n * sizeof *t);
    for (long i = 0; i < n; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) < 0) {
            n = i;
            break;
        }
        CHECK_EQUAL(pthread_create(&t[i], NULL, waiter, (void *)(long)pairs[i][0]), 0);
    }
    CHECK(n > 100);
    while (waiting < n) sched_yield();
    CHECK_EQUAL(answered, 0);
    for (long i = 0; i < n; i++) CHECK_EQUAL(write(pairs[i][1], "half ", 5), 5);
    for (int i = 0; i < 1000; i++) sched_yield();
    CHECK_EQUAL(answered, 0);
    for (long i = 0; i < n; i++) CHECK_EQUAL(write(pairs[i][1], "and half\n", 9), 9);
    for (long i = 0; i < n; i++) pthread_join(t[i], NULL);
    CHECK_EQUAL(answered, n);
    char text[64];
    for (long i = 0; i < n; i++) {
        CHECK_EQUAL(read(pairs[i][1], text, sizeof text), 18);
        close(pairs[i][1]);
    }
    free(pairs);
    free(t);
}

static void *cancelled_reader(void *f) {
    char line[64];
    fgets(line, sizeof line, f);
    return NULL;
}

/* A cancellation that is there already ends what would ask the kernel, and nothing that the buffer serves. */
static volatile int let_go, went_on;
static void *cancelled_before(void *arg) {
    FILE **files = arg;
    char line[64];
    int how = (int)(long)files[2];
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while (!let_go) sched_yield();
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    if (how == 0) {
        CHECK(fgets(line, sizeof line, files[0]) && strcmp(line, "a\n") == 0);
        CHECK(fputs("kept", files[1]) >= 0);
        went_on = 1;
        fgets(line, sizeof line, files[0]);
    } else if (how == 1) {
        getc(files[0]);
    } else if (how == 2) {
        fscanf(files[0], "%s", line);
    } else if (how == 3) {
        fflush(files[1]);
    } else if (how == 4) {
        fflush(NULL);
    } else if (how == 5) {
        fseek(files[1], 0, SEEK_CUR);
    } else {
        setvbuf(files[1], NULL, _IONBF, 0);
    }
    return NULL;
}

static void cancelled_early(void) {
    int in[2], out[2];
    char line[64];
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    FILE *files[3] = {fdopen(in[0], "r"), fdopen(out[1], "w")};
    CHECK_EQUAL(write(in[1], "b\na\n", 4), 4);
    CHECK(fgets(line, sizeof line, files[0]) && strcmp(line, "b\n") == 0);
    fputc('(', files[1]);
    for (long how = 0; how < 7; how++) {
        pthread_t t;
        void *result;
        files[2] = (FILE *)how;
        let_go = 0;
        CHECK_EQUAL(pthread_create(&t, NULL, cancelled_before, files), 0);
        sched_yield();
        pthread_cancel(t);
        let_go = 1;
        pthread_join(t, &result);
        CHECK(result == PTHREAD_CANCELED);
        CHECK(!ferror(files[0]) && !ferror(files[1]));
        CHECK_EQUAL(ftrylockfile(files[how >= 3]), 0);
        funlockfile(files[how >= 3]);
    }
    CHECK(went_on);
    CHECK_EQUAL(fclose(files[1]), 0);
    CHECK_EQUAL(read(out[0], line, sizeof line), 5);
    CHECK_EQUAL(memcmp(line, "(kept", 5), 0);
    close(in[1]);
    fclose(files[0]);
    close(out[0]);
}

static volatile int handled;
static void on_signal(int s) { handled += s == SIGUSR1; }
static void *kill_later(void *arg) {
    for (int i = 0; i < 100; i++) sched_yield();
    pthread_kill((pthread_t)arg, SIGUSR1);
    return NULL;
}

static void cut_short(void) {
    int ends[2];
    pthread_t t;
    void *result;
    char line[64];
    CHECK_EQUAL(pipe(ends), 0);
    FILE *f = fdopen(ends[0], "r");
    CHECK_EQUAL(pthread_create(&t, NULL, cancelled_reader, f), 0);
    for (int i = 0; i < 100; i++) sched_yield();
    CHECK(ftrylockfile(f) != 0); /* somebody is inside */
    CHECK_EQUAL(pthread_cancel(t), 0);
    pthread_join(t, &result);
    CHECK(result == PTHREAD_CANCELED);
    /* The FILE is as good as before. */
    CHECK_EQUAL(write(ends[1], "text\n", 5), 5);
    CHECK(fgets(line, sizeof line, f) == line && strcmp(line, "text\n") == 0);
    struct sigaction act = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &act, NULL);
    CHECK_EQUAL(pthread_create(&t, NULL, kill_later, (void *)pthread_self()), 0);
    CHECK(fgets(line, sizeof line, f) == NULL && errno == EINTR && ferror(f));
    CHECK_EQUAL(handled, 1);
    pthread_join(t, NULL);
    clearerr(f);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    CHECK(fgets(line, sizeof line, f) == NULL && errno == EAGAIN);
    clearerr(f);
    CHECK_EQUAL(write(ends[1], "more\n", 5), 5);
    CHECK(fgets(line, sizeof line, f) == line && strcmp(line, "more\n") == 0);
    fclose(f);
    FILE *out = fdopen(ends[1], "w");
    signal(SIGPIPE, SIG_IGN);
    CHECK(fputs("lost\n", out) >= 0);
    CHECK(fflush(out) == EOF && errno == EPIPE && ferror(out));
    CHECK_EQUAL(fclose(out), 0); /* what could not be written is gone */
}

/* What is not a FILE over a descriptor that waits, and errors. */
static void others(void) {
    char name[] = "./capr-stdio-XXXXXX", line[64], *memory;
    size_t size;
    int n;
    int fd = mkstemp(name);
    FILE *f = fdopen(fd, "w+");
    for (int i = 0; i < 5000; i++) CHECK(fprintf(f, "line %d\n", i) > 0);
    CHECK_EQUAL(fseek(f, 0, SEEK_SET), 0);
    for (int i = 0; i < 5000; i++) CHECK(fscanf(f, "line %d\n", &n) == 1 && n == i);
    rewind(f);
    long at = 0;
    for (int i = 0; i < 5000; i++) {
        CHECK_EQUAL(ftell(f), at);
        CHECK(fgets(line, sizeof line, f) == line);
        CHECK(sscanf(line, "line %d", &n) == 1 && n == i);
        at += (long)strlen(line);
    }
    CHECK_EQUAL(fseek(f, 5, SEEK_SET), 0);
    CHECK_EQUAL(fputs("X", f) >= 0, 1);
    CHECK_EQUAL(fflush(f), 0);
    CHECK_EQUAL(fseek(f, 0, SEEK_SET), 0);
    CHECK(fgets(line, sizeof line, f) == line && strcmp(line, "line X\n") == 0);
    CHECK(freopen("/dev/null", "r", f) == f);
    CHECK_EQUAL(getc(f), EOF);
    CHECK(fputc('x', f) == EOF && errno == EBADF);
    fclose(f);
    unlink(name);
    f = open_memstream(&memory, &size);
    CHECK(fprintf(f, "%d %s", 42, "text") == 7 && fclose(f) == 0 && strcmp(memory, "42 text") == 0);
    f = fmemopen(memory, size, "r");
    CHECK(fscanf(f, "%d", &n) == 1 && n == 42);
    fclose(f);
    free(memory);
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(dprintf(ends[1], "%d-%s", 7, "x"), 3);
    f = fdopen(ends[0], "r");
    CHECK(fputc('x', f) == EOF && errno == EBADF && ferror(f));
    clearerr(f);
    CHECK(fscanf(f, "%d", &n) == 1 && n == 7);
    close(ends[1]);
    CHECK(fscanf(f, "%d", &n) == 0);
    CHECK_EQUAL(getc(f), 'x');
    CHECK(fscanf(f, "%d", &n) == EOF && feof(f));
    fclose(f);
}

/* A byte read ahead can't be given back to a socket: writing fails, as libc has it. */
static void both_ways(void) {
    int pair[2];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    FILE *f = fdopen(pair[0], "r+");
    CHECK_EQUAL(write(pair[1], "one\ntwo\n", 8), 8);
    char line[16];
    CHECK(fgets(line, sizeof line, f) == line && fputs("answer", f) >= 0);
    CHECK(fflush(f) == EOF && errno == ESPIPE);
    fclose(f);
    CHECK_EQUAL(read(pair[1], line, sizeof line), 0);
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    f = fdopen(pair[0], "r+");
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(write(pair[1], "one\n", 4), 4);
        CHECK(fgets(line, sizeof line, f) == line && fputs("answer", f) >= 0 && fflush(f) == 0);
        CHECK_EQUAL(read(pair[1], line, sizeof line), 6);
    }
    fclose(f);
}

/* What is in buffers at exit comes out. */
static void at_exit(void) {
    int ends[2];
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *f = fdopen(ends[1], "w");
        fputs("left over", f);
        exit(0);
    }
    close(ends[1]);
    char text[32];
    FILE *f = fdopen(ends[0], "r");
    CHECK_EQUAL(fread(text, 1, sizeof text, f), 9);
    CHECK(memcmp(text, "left over", 9) == 0);
    fclose(f);
    waitpid(child, NULL, 0);
}

int main(void) {
    const char *given = getenv("CAPR_TEST_SEED");
    seed = given ? (unsigned)atol(given) : (unsigned)time(NULL);
    fprintf(stderr, "CAPR_TEST_SEED=%u\n", seed);
    alarm(100);
    others();
    reading();
    writing();
    one_file();
    many();
    cut_short();
    cancelled_early();
    both_ways();
    at_exit();
    return 0;
}
