// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
__attribute__((noinline)) int get(int n) { return n + 1; }
extern __typeof(get) hidden_get __attribute__((alias("get"), visibility("hidden")));
extern __typeof(get) other_get __attribute__((alias("get")));
int twice(int n) { return hidden_get(hidden_get(n)); }
int by_names(int n) { return get(n) * 100 + other_get(n); }

__attribute__((naked)) int bare(int n) { __asm__("leal 7(%rdi), %eax\n\tret"); }
extern __typeof(bare) hidden_bare __attribute__((alias("bare"), visibility("hidden")));
int bares(int n) { return hidden_bare(n) * 100 + bare(n); }
