// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mutate CAPSTACK FILE SCRATCH SEED ROUNDS: damages FILE in a few places, mostly in its headers and tables, runs `CAPSTACK
// bounds` on the copy, and fails if that ends by a signal, by a status other than 0 and 1, after more than ten seconds, or with
// status 1 and not exactly one line of error. Prints what to give to repeat the round that failed.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t state;
static uint64_t random_below(uint64_t n) {
    // xorshift64*: the same rounds on every machine.
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 2685821657736338717u >> 11) % n;
}

static void damage(unsigned char *bytes, size_t size) {
    static const uint64_t odd[] = {0,      1,          7,          8,          0x7f,       0x80,       0xff,
                                   0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 62, 1ull << 63, ~0ull};
    for (uint64_t left = 1 + random_below(4); left > 0; left--) {
        // Half in the ELF header and program headers, the rest anywhere.
        size_t at = random_below(2) ? random_below(size < 800 ? size : 800) : random_below(size);
        size_t width = (size_t)1 << random_below(4);
        if (at < 16 && random_below(8)) at += 16; // the magic number is tested elsewhere
        if (at + width > size) continue;
        uint64_t value = odd[random_below(sizeof odd / sizeof *odd)] + random_below(3);
        if (random_below(4) == 0) value = random_below(size + 16);
        memcpy(bytes + at, &value, width);
    }
}

static int run(const char *capstack, const char *file) {
    int error[2];
    if (pipe2(error, O_CLOEXEC) != 0) exit(2);
    pid_t child = fork();
    if (child < 0) exit(2);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(error[1], 2);
        alarm(10);
        execl(capstack, capstack, "bounds", file, (char *)NULL);
        _exit(127);
    }
    close(error[1]);
    char text[65536];
    size_t have = 0;
    for (ssize_t n; (n = read(error[0], text + have, sizeof text - 1 - have)) > 0;) have += (size_t)n;
    text[have] = 0;
    close(error[0]);
    int status;
    if (waitpid(child, &status, 0) != child) exit(2);
    const char *newline = strchr(text, '\n');
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && have == 0) return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && strncmp(text, "capstack: error: ", 17) == 0 && newline && !newline[1])
        return 1;
    printf("status %#x, standard error:\n%s\n", (unsigned)status, text);
    return -1;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    static unsigned char whole[1 << 24], copy[1 << 24];
    FILE *in = fopen(argv[2], "rb");
    size_t size = in ? fread(whole, 1, sizeof whole, in) : 0;
    if (size == 0) return 2;
    fclose(in);
    uint64_t seed = strtoull(argv[4], NULL, 10), rounds = strtoull(argv[5], NULL, 10), tables = 0, errors = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        state = (seed + round) * 0x9e3779b97f4a7c15u + 1;
        memcpy(copy, whole, size);
        damage(copy, size);
        FILE *out = fopen(argv[3], "wb");
        if (!out || fwrite(copy, 1, size, out) != size || fclose(out) != 0) return 2;
        int outcome = run(argv[1], argv[3]);
        if (outcome < 0) {
            printf("repeat with: %s %s %s %s %llu 1\n", argv[0], argv[1], argv[2], argv[3], (unsigned long long)(seed + round));
            return 1;
        }
        tables += outcome == 0;
        errors += outcome == 1;
    }
    printf("%llu tables, %llu errors\n", (unsigned long long)tables, (unsigned long long)errors);
    // Damage that is never noticed, or always, would be no test.
    return rounds >= 100 && (tables < rounds / 20 || errors < rounds / 20);
}
