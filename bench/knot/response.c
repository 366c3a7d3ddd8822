/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writes responses. The common one, a whole cached file, formats nothing: its head was made when the file was read, the Date is
 * made once a second, and writev joins them. Heads that have to be formatted, and pieces of files that are not cached, go
 * through a pooled buffer, since this code blocks on stacks that may be small.
 */
#include "response.h"
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {416, "Range Not Satisfiable"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

enum { STATUSES = sizeof reasons / sizeof *reasons };

/* For each status: the head of its response up to the Date header, and a line of text as its body. */
static struct {
    char head[160], body[40];
    size_t head_len, body_len;
} errors[STATUSES];

static const char close_line[] = "Connection: close\r\n", keep_line[] = "Connection: keep-alive\r\n";

/* An unknown status would be a fault in this program; it is answered as 500. */
static int index_of(int status) {
    int i = 0;
    while (i < STATUSES && reasons[i].status != status) i++;
    return i < STATUSES ? i : index_of(500);
}

void response_setup(void) {
    for (int i = 0; i < STATUSES; i++) {
        int status = reasons[i].status;
        errors[i].body_len = (size_t)snprintf(errors[i].body, sizeof errors[i].body, "%d %s\n", status, reasons[i].reason);
        errors[i].head_len = (size_t)snprintf(
            errors[i].head, sizeof errors[i].head,
            "HTTP/1.1 %d %s\r\nServer: knot\r\nContent-Type: text/plain; charset=utf-8\r\n%sContent-Length: %zu\r\n", status,
            reasons[i].reason, status == 405 ? "Allow: GET, HEAD\r\n" : "", errors[i].body_len);
    }
}

size_t response_head(char *out, int status, const char *type, off_t size, time_t modified) {
    char date[30];
    ticker_http_date(modified, date);
    size_t n =
        (size_t)snprintf(out, RESPONSE_HEAD_BYTES, "HTTP/1.1 %d %s\r\nServer: knot\r\n", status, reasons[index_of(status)].reason);
    if (status != 304)
        n += (size_t)snprintf(out + n, RESPONSE_HEAD_BYTES - n,
                              "Content-Type: %s\r\nContent-Length: %lld\r\nAccept-Ranges: bytes\r\n", type, (long long)size);
    return n + (size_t)snprintf(out + n, RESPONSE_HEAD_BYTES - n, "Last-Modified: %s\r\n", date);
}

/* Sends all of iov[0..count), which it uses up; the first `head` bytes have one time limit, what follows one for each piece
 * that the client takes. False if the connection is gone. */
static bool send_all(struct conn *c, struct iovec *iov, int count, size_t head) {
    conn_expect(c, conn_limits.write_seconds);
    for (;;) {
        ssize_t n = writev(c->fd, iov, count);
        if (n < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        size_t sent = (size_t)n;
        if (sent > head) conn_expect(c, conn_limits.write_seconds);
        head -= sent < head ? sent : head;
        while (count && sent >= iov->iov_len) {
            sent -= iov->iov_len;
            iov++;
            count--;
        }
        if (!count) return true;
        iov->iov_base = (char *)iov->iov_base + sent;
        iov->iov_len -= sent;
    }
}

/* Sends head, Connection header if one is needed, Date header and body. */
static bool send_response(struct conn *c, const struct request *r, bool keep, const char *head, size_t head_len, const char *body,
                          size_t body_len) {
    struct iovec iov[4];
    int count = 0;
    iov[count++] = (struct iovec){(char *)head, head_len};
    if (!keep)
        iov[count++] = (struct iovec){(char *)close_line, sizeof close_line - 1};
    else if (!r->minor)
        iov[count++] = (struct iovec){(char *)keep_line, sizeof keep_line - 1};
    iov[count++] = (struct iovec){(char *)ticker_date_end(), DATE_END_LEN};
    size_t head_bytes = head_len + DATE_END_LEN + (count == 3 ? iov[1].iov_len : 0);
    if (body_len) iov[count++] = (struct iovec){(char *)body, body_len};
    return send_all(c, iov, count, head_bytes);
}

__attribute__((noinline)) bool response_error(struct conn *c, const struct request *r, int status, bool keep) {
    int i = index_of(status);
    return send_response(c, r, keep, errors[i].head, errors[i].head_len, errors[i].body,
                         r->method == METHOD_HEAD ? 0 : errors[i].body_len);
}

/* Sends bytes [first, last] of an uncached file behind a head, piece by piece through `buffer`. The head is in the buffer
 * already. */
static bool send_from_disk(struct conn *c, const struct request *r, const struct file *file, bool keep, char *buffer,
                           size_t head_len, off_t first, off_t length) {
    size_t room = BUFFER_BYTES - head_len;
    char *piece = buffer + head_len;
    for (bool started = false; length || !started; started = true) {
        size_t want = (off_t)room < length ? room : (size_t)length;
        ssize_t n = want ? pread(file->fd, piece, want, first) : 0;
        /* Shorter than it was: the promised length cannot be kept, and only a cut connection tells the client. */
        if (n < 0 || (n == 0 && want)) return false;
        if (started) {
            struct iovec iov = {piece, (size_t)n};
            if (!send_all(c, &iov, 1, 0)) return false;
        } else if (!send_response(c, r, keep, buffer, head_len, piece, (size_t)n)) {
            return false;
        }
        first += n;
        length -= n;
    }
    return true;
}

/* Sends bytes [first, first + length) of the file, from memory or disk, behind the head in `buffer`; no body for HEAD. */
static bool send_part(struct conn *c, const struct request *r, const struct file *file, bool keep, char *buffer, size_t head_len,
                      off_t first, off_t length) {
    if (r->method == METHOD_HEAD) length = 0;
    if (!file->entry && length) return send_from_disk(c, r, file, keep, buffer, head_len, first, length);
    return send_response(c, r, keep, buffer, head_len, file->entry ? file->body + first : NULL, (size_t)length);
}

/* Whether an HTTP date is not before `modified`. A malformed one is not. RFC 9110, 13.1.3. */
__attribute__((noinline)) static bool not_before(struct text date, time_t modified) {
    char text[30];
    if (date.len != sizeof text - 1) return false;
    ticker_http_date(modified, text);
    if (!memcmp(date.ptr, text, date.len)) return true; /* nearly always: clients send back what they got */
    memcpy(text, date.ptr, date.len);
    text[date.len] = 0;
    struct tm tm = {0};
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return end && !*end && timegm(&tm) >= modified;
}

/* Whether a range applies: no If-Range, or the date that the file has, exactly. Entity tags are never sent, so never match. */
__attribute__((noinline)) static bool range_applies(const struct request *r, time_t modified) {
    if (!r->if_range.ptr) return true;
    char text[30];
    ticker_http_date(modified, text);
    return r->if_range.len == sizeof text - 1 && !memcmp(r->if_range.ptr, text, sizeof text - 1);
}

/* The responses to a file that need a head of their own; `buffer` is pooled. */
__attribute__((noinline)) static bool file_formatted(struct conn *c, const struct request *r, const struct file *file, bool keep,
                                                     char *buffer) {
    if (r->if_modified_since.ptr && not_before(r->if_modified_since, file->modified)) {
        size_t n = response_head(buffer, 304, file->type, 0, file->modified);
        return send_response(c, r, keep, buffer, n, NULL, 0);
    }
    uint64_t first = 0, last = 0;
    enum range range = RANGE_WHOLE;
    if (r->method == METHOD_GET && range_applies(r, file->modified))
        range = request_range(r->range, (uint64_t)file->size, &first, &last);
    if (range == RANGE_BEYOND) {
        int i = index_of(416);
        size_t n =
            (size_t)snprintf(buffer, BUFFER_BYTES, "%sContent-Range: bytes */%lld\r\n", errors[i].head, (long long)file->size);
        return send_response(c, r, keep, buffer, n, errors[i].body, errors[i].body_len);
    }
    if (range == RANGE_WHOLE) {
        size_t n = response_head(buffer, 200, file->type, file->size, file->modified);
        return send_part(c, r, file, keep, buffer, n, 0, file->size);
    }
    off_t length = (off_t)(last - first + 1);
    size_t n = response_head(buffer, 206, file->type, length, file->modified);
    n += (size_t)snprintf(buffer + n, BUFFER_BYTES - n, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long)first,
                          (long long)last, (long long)file->size);
    return send_part(c, r, file, keep, buffer, n, (off_t)first, length);
}

bool response_file(struct conn *c, const struct request *r, const struct file *file, bool keep) {
    if (file->entry && !r->range.ptr && !r->if_modified_since.ptr)
        return send_response(c, r, keep, file->head, file->head_len, file->body, r->method == METHOD_HEAD ? 0 : (size_t)file->size);
    char *buffer = pool_take(&buffers);
    bool sent = buffer ? file_formatted(c, r, file, keep, buffer) : response_error(c, r, 503, keep);
    pool_give(&buffers, buffer);
    return sent;
}

__attribute__((noinline)) bool response_redirect(struct conn *c, const struct request *r, bool keep) {
    char *buffer = pool_take(&buffers);
    int i = index_of(301);
    /* Escaping may triple the path. The path starts with exactly one slash, so it cannot name another host. */
    if (!buffer) return response_error(c, r, 503, keep);
    if (errors[i].head_len + r->path.len * 3 + 16 > BUFFER_BYTES) {
        pool_give(&buffers, buffer);
        return response_error(c, r, 414, keep);
    }
    size_t n = (size_t)snprintf(buffer, BUFFER_BYTES, "%sLocation: ", errors[i].head);
    for (size_t k = 0; k < r->path.len; k++) {
        unsigned char ch = (unsigned char)r->path.ptr[k];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || strchr("/-._~", ch);
        if (plain && ch)
            buffer[n++] = (char)ch;
        else
            n += (size_t)snprintf(buffer + n, 4, "%%%02X", ch);
    }
    n += (size_t)snprintf(buffer + n, 4, "/\r\n");
    bool sent = send_response(c, r, keep, buffer, n, errors[i].body, r->method == METHOD_HEAD ? 0 : errors[i].body_len);
    pool_give(&buffers, buffer);
    return sent;
}
