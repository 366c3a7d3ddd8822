// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions with every kind of frame that compilers make without an unknown amount: small, large, aligned, with arrays in the
// red zone, many arguments, switches, calls and tail calls. Compiled at several levels by each compiler; painted.c calls them.

#define KEEP __attribute__((noinline))

static KEEP long leaf(long a) { return a * 3 + 1; }

long small(long a, long b) {
    volatile long x = a, y = b;
    return x + y;
}

long red_zone(unsigned long a, long b) {
    volatile unsigned char x[64];
    for (int i = 0; i < 64; i++) x[i] = (unsigned char)(b + i);
    return x[a % 64] + x[(a + 9) % 64];
}

long beyond_red_zone(unsigned long a, long b) {
    volatile unsigned char x[300];
    for (int i = 0; i < 300; i++) x[i] = (unsigned char)(b + i);
    return x[a % 300];
}

long large(unsigned long a) {
    volatile char x[3000];
    x[a % 3000] = 1;
    x[0] = x[a % 3000];
    return x[0] + leaf((long)a);
}

long aligned(unsigned long a) {
    volatile _Alignas(64) char x[128];
    x[a % 128] = 2;
    return x[a % 128] + leaf((long)a);
}

long aligned_leaf(unsigned long a) {
    volatile _Alignas(32) char x[96];
    x[a % 96] = 2;
    return x[a % 96];
}

static KEEP long many(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
    volatile long x = a + b + c + d + e + f + g + h + i;
    return leaf(x);
}

long pushes_arguments(long a, long b) { return many(a, b, a, b, a, b, a + 1, b + 1, a + 2) + leaf(b); }

struct block {
    long words[20];
};
static KEEP long by_value(struct block b) { return b.words[0] + b.words[19]; }
long passes_struct(long a) {
    struct block b;
    for (int i = 0; i < 20; i++) b.words[i] = a + i;
    return by_value(b);
}

long switches(long a, long b) {
    switch (a) {
    case 0:
        return leaf(b);
    case 1:
        return small(a, b) + 1;
    case 2:
        return b * 7;
    case 3:
        return passes_struct(b);
    case 4:
        return leaf(b) * 2;
    case 5:
        return b / 3;
    case 6:
        return large((unsigned long)b);
    case 7:
        return leaf(a) ^ leaf(b);
    default:
        return a;
    }
}

long tail_calls(long a, long b) { return a & 1 ? switches(b, a) : leaf(b); }

long saves_registers(long a, long b, long c, long d) {
    long e = leaf(a), f = leaf(b), g = leaf(c), h = leaf(d), i = leaf(a + b);
    for (long n = 0; n < (a & 7); n++) e += leaf(f + n), f ^= leaf(g), g -= leaf(h), h += leaf(i), i ^= e;
    return e + f + g + h + i;
}

double floats(long a, long b) {
    volatile double x[8];
    for (int i = 0; i < 8; i++) x[i] = (double)(a + i) * 1.5;
    return x[b & 7] + (double)leaf(a);
}

long loses_address(unsigned long a) {
    volatile unsigned char x[48], *p = x + 47;
    do *p = (unsigned char)a;
    while (p-- != x);
    return x[a % 48];
}
