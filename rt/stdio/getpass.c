/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * getpass: asks on the terminal and reads the answer, which takes as long as its user likes, by the calls on FILEs that give way;
 * libc's own does it by its read(2). Fat code.
 */
#include <pthread.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "../sched/monitor.h"

static void close_file(void *file) { fclose(file); }

/* Turns what is typed invisible, and signals from the keyboard off. Returns whether it did; *before is what it was. */
static __attribute__((noinline)) int hide(int fd, struct termios *before) {
    struct termios hidden;
    if (tcgetattr(fd, before)) return 0;
    hidden = *before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    return tcsetattr(fd, TCSAFLUSH, &hidden) == 0;
}

/* The line, without its end, in memory that the next call uses again; NULL without memory. */
static __attribute__((noinline)) char *ask(const char *prompt, FILE *in, FILE *out) {
    static char *line;
    static size_t size;
    struct termios before;
    int hidden = hide(fileno(in), &before);
    fputs(prompt, out);
    fflush(out);
    ssize_t n = getline(&line, &size, in);
    if (line && n <= 0) {
        line[0] = 0;
    } else if (line && line[n - 1] == '\n') {
        line[n - 1] = 0;
        if (hidden) { /* nobody has seen the end of the line */
            if (in == out) fseek(out, 0, SEEK_CUR);
            putc('\n', out);
            fflush(out);
        }
    }
    if (hidden) tcsetattr(fileno(in), TCSAFLUSH, &before);
    return line;
}

/* getpass(3): from /dev/tty, or standard input and error where there is none. Blocks. Cancellation point. */
CAPR_INTERPOSE char *getpass(const char *prompt) {
    CAPR_MONITOR;
    FILE *terminal = fopen("/dev/tty", "w+ce");
    if (!terminal) return ask(prompt, stdin, stderr);
    char *line;
    pthread_cleanup_push(close_file, terminal);
    line = ask(prompt, terminal, terminal);
    pthread_cleanup_pop(1);
    return line;
}
