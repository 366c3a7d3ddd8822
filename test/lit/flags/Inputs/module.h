/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A shared object and a program that calls it in every way that C has, and is called back.
 */
#ifndef MODULE_H
#define MODULE_H

typedef long module_callback(int depth, void *arg);

/* One byte of `fd`, read at the end of a recursion; each level has a buffer. */
int module_read(int fd, int depth);
/* Calls back at the end of a recursion. */
long module_call(module_callback *f, int depth, void *arg);
/* The shared object's own function, for the program to call by its address. */
module_callback *module_pointer(void);
long module_sum(int count, ...);
double module_many(int a, double b, int c, long d, char e, short f, int g, double h, long i, int j, long double k);
/* How often the running thread has called it. */
int module_count(void);
/* May be replaced by the program's own. */
int module_hook(void);
int module_asks_hook(void);
/* Raises `signal` and returns how often the shared object's handler ran. */
int module_raise(int signal);

/* What the shared object calls of the program. */
long program_callback(int depth, void *arg);

#endif
