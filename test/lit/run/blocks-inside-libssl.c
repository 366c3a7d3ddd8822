/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Pairs of threads that talk TLS over a socketpair: handshakes, SSL_read and SSL_write wait inside libssl, whose read and write
 * are the runtime's. The verify callback is called by libssl, calls libcrypto and stdio, and waits as well.
 *
 * RUN: %run-matrix %s %t -lssl -lcrypto | FileCheck %s
 */
#include "Inputs/on-thread.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS = 6, MESSAGES = 5, SIZE = 20000 };
static SSL_CTX *server_context, *client_context;
static _Atomic int echoed, verified;
static int sockets[PAIRS][2];

static void need(int condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "libssl: %s failed\n", what);
    exit(1);
}

static int verify(int preverified, X509_STORE_CTX *store) {
    char name[200];
    (void)preverified;
    X509_NAME_oneline(X509_get_subject_name(X509_STORE_CTX_get_current_cert(store)), name, sizeof name);
    usleep(500);
    verified += strstr(name, "CN=capcc") != NULL;
    return 1;
}

static void transfer(SSL *ssl, int (*step)(SSL *, char *), char *buffer) {
    for (int done = 0; done < SIZE;) {
        int n = step(ssl, buffer + done);
        need(n > 0, "transfer");
        done += n;
    }
}
static int reads(SSL *ssl, char *at) { return SSL_read(ssl, at, 1000); }
static int writes(SSL *ssl, char *at) { return SSL_write(ssl, at, 1000); }

static void *serve(void *fd) {
    char *buffer = malloc(SIZE);
    SSL *ssl = SSL_new(server_context);
    SSL_set_fd(ssl, *(int *)fd);
    need(SSL_accept(ssl) == 1, "SSL_accept");
    for (int i = 0; i < MESSAGES; i++) {
        transfer(ssl, reads, buffer);
        transfer(ssl, writes, buffer);
    }
    SSL_free(ssl);
    free(buffer);
    return NULL;
}

static void *ask(void *fd) {
    char *sent = malloc(SIZE), *back = malloc(SIZE);
    SSL *ssl = SSL_new(client_context);
    SSL_set_fd(ssl, *(int *)fd);
    need(SSL_connect(ssl) == 1, "SSL_connect");
    for (int i = 0; i < MESSAGES; i++) {
        memset(sent, 'a' + i, SIZE);
        transfer(ssl, writes, sent);
        transfer(ssl, reads, back);
        echoed += !memcmp(sent, back, SIZE);
    }
    SSL_free(ssl);
    free(sent);
    free(back);
    return NULL;
}

static void make_contexts(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    need(key && certificate, "key");
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"capcc", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    need(X509_sign(certificate, key, EVP_sha256()) > 0, "X509_sign");
    server_context = SSL_CTX_new(TLS_server_method());
    client_context = SSL_CTX_new(TLS_client_method());
    need(SSL_CTX_use_certificate(server_context, certificate) == 1 && SSL_CTX_use_PrivateKey(server_context, key) == 1, "use of the key");
    SSL_CTX_set_verify(client_context, SSL_VERIFY_PEER, verify);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void body(void) {
    pthread_t threads[PAIRS][2];
    make_contexts();
    for (int i = 0; i < PAIRS; i++) {
        need(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets[i]), "socketpair");
        need(!pthread_create(&threads[i][0], NULL, serve, &sockets[i][0]), "pthread_create");
        need(!pthread_create(&threads[i][1], NULL, ask, &sockets[i][1]), "pthread_create");
    }
    for (int i = 0; i < PAIRS; i++) {
        pthread_join(threads[i][0], NULL);
        pthread_join(threads[i][1], NULL);
    }
    printf("verified %d, echoed %d\n", verified >= PAIRS, echoed);
}

int main(void) {
    on_thread(body);
    return 0;
}
// CHECK: verified 1, echoed 30
