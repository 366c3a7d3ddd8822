/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A connection's thread: bytes in, requests out, one after another. While it waits for a request it holds its record and two
 * small frames; what serving needs lies in frames that are gone by then, and in a pooled buffer that was given back.
 */
#include "conn.h"
#include "cache.h"
#include "pool.h"
#include "registry.h"
#include "request.h"
#include "response.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Seconds to wait, after the last response, for a client that is still sending: closing earlier would reset the connection, and
 * the client might lose the response (RFC 9112, 9.6). */
enum { LINGER_SECONDS = 2 };

struct conn_limits conn_limits;

static _Atomic uint64_t requests_ended;

uint64_t conn_requests(void) { return requests_ended; }

/* Answers the request whose head is the next `len` bytes. True if the connection goes on. Not inlined: its frame must not be
 * part of the one that waits in recv. */
__attribute__((noinline)) static bool serve(struct conn *c, size_t len) {
    struct request r;
    struct file file;
    int status = request_parse(c->buf + c->start, len, conn_limits.body_bytes, &r);
    bool known_end = status == 0 || status == 403;
    if (status == 0 && r.method == METHOD_REFUSED) status = 405;
    if (status == 0 && r.method == METHOD_UNKNOWN) status = 501;
    if (status == 0) status = cache_open(r.path.ptr, r.path.len, &file);

    /* A client that expects 100 sends its body or not, once it has seen the status: where its next request starts is open. */
    bool keep = r.keep_alive && known_end && !(r.expects && r.body) && !registry_stopping, sent;
    if (status == 200) {
        sent = response_file(c, &r, &file, keep);
        cache_close(&file);
    } else if (status == 301) {
        sent = response_redirect(c, &r, keep);
    } else {
        sent = response_error(c, &r, status, keep);
    }
    c->closing = sent && !keep;
    c->linger = sent && (!known_end || r.body);
    c->start += (uint32_t)len;
    c->searched = 0;
    c->skip = r.body;
    c->requests++;
    return sent && keep;
}

/* Answers a request that is not all there, and ends the connection. */
__attribute__((noinline)) static bool refuse(struct conn *c, int status) {
    static const struct request unknown = {.method = METHOD_UNKNOWN};
    c->linger = response_error(c, &unknown, status, false);
    c->requests++;
    return false;
}

/* Answers every request in the buffer that is complete. Returns true when more bytes are needed, false when the connection ends. */
static bool serve_buffered(struct conn *c) {
    while (c->start < c->end) {
        uint32_t left = c->end - c->start;
        char *at = c->buf + c->start;
        if (c->skip) {
            uint32_t n = c->skip < left ? (uint32_t)c->skip : left;
            c->start += n;
            c->skip -= n;
            continue;
        }
        if (*at == '\r' || *at == '\n') { /* empty lines before a request are ignored: RFC 9112, 2.2 */
            c->start++;
            c->searched = 0;
            continue;
        }
        size_t head = request_end(at, c->searched, left);
        if (!head && left < conn_limits.request_bytes) {
            c->searched = left;
            break;
        }
        if (!head || head > conn_limits.request_bytes) return refuse(c, memchr(at, '\n', conn_limits.request_bytes) ? 431 : 414);
        c->in_request = false;
        if (!serve(c, head)) return false;
    }
    return true;
}

/* Puts what is left of the buffer to its front, or gives a large buffer back if nothing is; sets the time limit for what comes
 * next. */
static void settle(struct conn *c, bool served) {
    uint32_t left = c->end - c->start;
    if (left && c->start) memmove(c->buf, c->buf + c->start, left);
    c->start = 0;
    c->end = left;
    if (!left && c->buf != c->small) {
        pool_give(&buffers, c->buf);
        c->buf = c->small;
    }
    if (left || c->skip) {
        if (!c->in_request) conn_expect(c, conn_limits.request_seconds);
        c->in_request = true;
    } else if (served) {
        conn_expect(c, conn_limits.idle_seconds);
    }
}

/* Makes room behind the bytes in the buffer: serve_buffered has seen to it that a large one has some. */
static bool make_room(struct conn *c) {
    if (c->end < CONN_SMALL_BYTES || c->buf != c->small) return true;
    char *large = pool_take(&buffers);
    if (!large) return refuse(c, 503);
    memcpy(large, c->small, c->end);
    c->buf = large;
    return true;
}

/* Waits for bytes. False when the client has closed, or the registry for it. */
static bool receive(struct conn *c) {
    size_t room = (c->buf == c->small ? CONN_SMALL_BYTES : BUFFER_BYTES) - c->end;
    ssize_t n;
    do n = recv(c->fd, c->buf + c->end, room, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        c->end += (uint32_t)n;
        return true;
    }
    bool late = ticker_now() > atomic_load_explicit(&c->deadline, memory_order_relaxed);
    if (n == 0 && c->in_request && late && !registry_stopping) refuse(c, 408);
    return false;
}

/* Whether the client has sent what we shall not answer: a request behind one that asked to close. */
static bool unread(struct conn *c) { return c->start < c->end || recv(c->fd, c->small, CONN_SMALL_BYTES, MSG_DONTWAIT) > 0; }

/* Waits, for a bounded time, until the client has read the last response and closes. */
static void linger(struct conn *c) {
    shutdown(c->fd, SHUT_WR);
    conn_expect(c, LINGER_SECONDS);
    while (recv(c->fd, c->small, CONN_SMALL_BYTES, 0) > 0) {
    }
}

void *conn_thread(void *conn) {
    struct conn *c = conn;
    for (;;) {
        uint64_t before = c->requests;
        if (!serve_buffered(c)) break;
        settle(c, c->requests != before);
        if (!make_room(c) || !receive(c)) break;
    }
    if (c->buf != c->small) pool_give(&buffers, c->buf);
    c->buf = c->small;
    if (c->linger || (c->closing && unread(c))) linger(c);
    requests_ended += c->requests;
    registry_remove(c);
    return NULL;
}
