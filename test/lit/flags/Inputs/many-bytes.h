// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
struct bytes {
    char at[BYTES];
};
int call_back(int (*callee)(int, ...), struct bytes b);
int sum(int count, ...);
