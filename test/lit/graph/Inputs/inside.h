/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What inside.c, a shared object, has for programs.
 */
#ifndef INSIDE_H
#define INSIDE_H

typedef void inside_callback(int);

void inside_wait(int times);                        /* waits at two places of a function below it */
void inside_call(inside_callback *back, int depth); /* calls itself, and then back */
void *inside_thread(void *arg);                     /* a start routine */
void inside_jump(void);                             /* waits, leaves by longjmp, waits again */
inside_callback *inside_pointer(void);              /* to a function that no name leads to */

#endif
