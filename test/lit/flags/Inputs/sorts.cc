// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sorts by a callback, throws and catches, and prints as the program ends.
#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

struct Global {
    std::string name = "global";
    ~Global() { std::printf("gone\n"); }
};
static Global global;

static int check(int n) {
    if (n > 3) throw std::runtime_error(std::to_string(n));
    return n;
}

extern "C" const char *global_name() { return global.name.c_str(); }
extern "C" int sort_by(int n, int (*f)(int)) {
    std::vector<int> v;
    for (int i = 0; i < n; i++) v.push_back(f(n - i));
    std::sort(v.begin(), v.end(), [f](int a, int b) { return f(a) < f(b); });
    int sum = 0;
    for (int x : v) try {
            sum += check(x);
        } catch (std::exception &e) {
            sum += 100 + int(std::string(e.what()).size());
        }
    return sum;
}
