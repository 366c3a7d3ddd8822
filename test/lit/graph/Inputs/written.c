/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program whose graph is written; the arguments say what it does before it ends, one after the other.
 */
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <capriccio.h>

static int gate[2];

static void *waiter(void *arg)
{
    char c;
    return read(gate[0], &c, 1) == 1 ? arg : NULL;
}

static void start(int threads)
{
    pthread_t thread;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread, NULL, waiter, NULL))
            exit(1);
    usleep(1000);
}

static void call(int depth);
static void (*volatile again)(int) = call;

/* A chain for each depth. */
static void call(int depth)
{
    if (depth)
        again(depth - 1);
    else
        usleep(1);
    __asm__ volatile("");
}

static void *taker(void *arg)
{
    for (int i = 0; i < 3; i++) {
        capr_resource_acquire(*(int *)arg, 1);
        usleep(100);
        capr_resource_release(*(int *)arg, 1);
    }
    return NULL;
}

/* Two that take names which JSON has a use for. */
static void resources(void)
{
    static int named[2];
    pthread_t threads[4];
    named[0] = capr_resource_create("disk \"fast\" \\ slot", 2);
    named[1] = capr_resource_create("count", 2);
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, taker, &named[i % 2]))
            exit(1);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    if (pipe(gate))
        return 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "threads"))
            start(3);
        else if (!strcmp(argv[i], "calls"))
            for (int depth = 0; depth < 200; depth++)
                call(depth);
        else if (!strcmp(argv[i], "resources"))
            resources();
        else if (!strcmp(argv[i], "locale"))
            puts(setlocale(LC_ALL, "") ? "locale" : "none");
        else if (!strcmp(argv[i], "away"))
            i = chdir("/") ? argc : i;
        else if (!strcmp(argv[i], "fork")) { /* what follows is the child's; the parent waits for it */
            pid_t child = fork();
            if (child && waitpid(child, NULL, 0) == child)
                break;
        } else if (!strcmp(argv[i], "hear")) { /* a line to go on */
            printf("%d\n", (int)getpid());
            fflush(stdout);
            getchar();
        }
    }
    return 0;
}
