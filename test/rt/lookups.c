/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * getaddrinfo_a: each way to hear of the end, a function that takes the program's locks among them, and nothing left to wait for after
 * it. Addresses in numbers only, so that no server is asked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "check.h"
#include "ticker.h"

#define N 20

static struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
static char names[N][16];
static struct gaicb blocks[N], *list[N + 1]; /* one of them NULL */

static void ask(void) {
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], i % 5 ? "127.0.2.%d" : "no.numbers.%d", i);
        blocks[i] = (struct gaicb){.ar_name = names[i], .ar_service = "80", .ar_request = &numeric};
        list[i + (i > 2)] = &blocks[i];
    }
}

static void check_answers(void) {
    char text[32];
    for (int i = 0; i < N; i++) {
        CHECK_EQUAL(gai_error(&blocks[i]), i % 5 ? 0 : EAI_NONAME);
        if (i % 5 == 0) continue;
        struct sockaddr_in *a = (struct sockaddr_in *)blocks[i].ar_result->ai_addr;
        CHECK(strcmp(inet_ntop(AF_INET, &a->sin_addr, text, sizeof text), names[i]) == 0 && a->sin_port == htons(80));
        freeaddrinfo(blocks[i].ar_result);
        CHECK_EQUAL(gai_cancel(&blocks[i]), EAI_ALLDONE);
    }
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static int calls;

static void tell(union sigval value) {
    pthread_mutex_lock(&lock);
    calls += value.sival_int;
    pthread_cond_signal(&told);
    pthread_mutex_unlock(&lock);
}

static void by_function(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tell, .sigev_value.sival_int = 5};
    calls = 0;
    ask();
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, list, N + 1, &event), 0);
    pthread_mutex_lock(&lock);
    while (calls != 5) pthread_cond_wait(&told, &lock);
    pthread_mutex_unlock(&lock);
    check_answers();
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, list, 0, &event), 0); /* told of nothing, too */
    pthread_mutex_lock(&lock);
    while (calls != 10) pthread_cond_wait(&told, &lock);
    pthread_mutex_unlock(&lock);
}

static void by_signal(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 7};
    siginfo_t info;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    ask();
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, list, N + 1, &event), 0);
    CHECK_EQUAL(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK(info.si_code == SI_ASYNCNL && info.si_value.sival_int == 7);
    check_answers();
}

static void by_waiting(void) {
    ask();
    CHECK_EQUAL(getaddrinfo_a(GAI_WAIT, list, N + 1, NULL), 0);
    check_answers();
    ask();
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, list, N + 1, NULL), 0);
    for (int e; (e = gai_suspend((const struct gaicb *const *)list, N + 1, NULL)) != EAI_ALLDONE;) CHECK_EQUAL(e, 0);
    check_answers();
    ask();
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, list, N + 1, NULL), 0);
    for (int i = 0; i < N; i++)
        while (gai_error(&blocks[i]) == EAI_INPROGRESS)
            ;
    check_answers();
}

/* The answer to a cancelled one is that, and the call's end is told all the same. */
static void cancelled(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tell, .sigev_value.sival_int = 1};
    calls = 0;
    ask();
    CHECK_EQUAL(getaddrinfo_a(GAI_NOWAIT, list, N + 1, &event), 0);
    for (int i = 0; i < N; i++) {
        int e = gai_cancel(&blocks[i]);
        CHECK(e == EAI_CANCELED || e == EAI_NOTCANCELED || e == EAI_ALLDONE);
        if (e == EAI_CANCELED) CHECK_EQUAL(gai_error(&blocks[i]), EAI_CANCELED);
    }
    pthread_mutex_lock(&lock);
    while (!calls) pthread_cond_wait(&told, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < N; i++) {
        CHECK(gai_error(&blocks[i]) != EAI_INPROGRESS);
        if (blocks[i].ar_result) freeaddrinfo(blocks[i].ar_result);
    }
}

static void *all(void *arg) {
    by_function();
    by_signal();
    by_waiting();
    cancelled();
    CHECK_EQUAL(getaddrinfo_a(99, list, N, NULL), EAI_SYSTEM);
    CHECK_EQUAL(errno, EINVAL);
    return arg;
}

/* A server that does not answer, which only _res names: others run meanwhile, and it is the one that was asked. */
static void by_resolver(void) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof server;
    unsigned char answer[512];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQUAL(bind(fd, (struct sockaddr *)&server, size), 0);
    CHECK_EQUAL(getsockname(fd, (struct sockaddr *)&server, &size), 0);
    res_init();
    _res.nscount = _res.retrans = _res.retry = 1;
    _res.nsaddr_list[0] = server;
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, ticker, NULL), 0);
    CHECK_EQUAL(res_query("capr.example", 1, 1, answer, sizeof answer), -1);
    CHECK_EQUAL(h_errno, TRY_AGAIN);
    CHECK(recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0);
    CHECK(ticks > 20);
    stop = 1;
    pthread_join(t, NULL);
    close(fd);
}

int main(void) {
    pthread_t t;
    alarm(60);
    all(NULL); /* by the only thread */
    CHECK_EQUAL(pthread_create(&t, NULL, all, NULL), 0);
    CHECK_EQUAL(pthread_join(t, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        all(NULL);
        _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    by_resolver();
    return 0;
}
