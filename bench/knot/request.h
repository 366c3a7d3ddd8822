/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A request head, parsed in place: strings point into the buffer it arrived in, so nothing is copied and nothing allocated.
 */
#ifndef KNOT_REQUEST_H
#define KNOT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in the request's buffer, not ended by NUL; ptr is null when the header is absent. */
struct text {
    const char *ptr;
    size_t len;
};

enum method { METHOD_GET, METHOD_HEAD, METHOD_REFUSED, METHOD_UNKNOWN };

struct request {
    enum method method;   /* REFUSED: known, but not for files; UNKNOWN: no method of RFC 9110 or 5789 */
    bool minor;           /* HTTP/1.1, otherwise HTTP/1.0 */
    bool keep_alive;      /* the client lets the connection persist */
    bool expects;         /* Expect: 100-continue: the body may never come */
    struct text path;     /* normalised; starts with `/` */
    struct text range, if_range, if_modified_since; /* values as received, without outer blanks */
    uint64_t body;        /* bytes that follow the head */
};

/* Finds the end of the head in data[0..len). Bytes before `from` were searched before. Returns the bytes of the head with its
 * empty line, or 0 when it is not all there. Does not block. RFC 9112, 2.2: a line may end with LF alone. */
size_t request_end(const char *data, size_t from, size_t len);

/* Parses a complete head (RFC 9112) of len bytes, and rewrites its path in place. Returns 0 and fills *request, or the status of
 * the response. 403: the path climbs above the root, all else is filled in and the connection may go on. Others: the connection
 * has to close, since it is unknown or too far where the next request starts: 400, 413 for a body of more than max_body bytes, 501
 * for a transfer coding, 505. `method` is then right if the request line was, METHOD_UNKNOWN otherwise. Does not block. */
int request_parse(char *data, size_t len, uint64_t max_body, struct request *request);

/* Which bytes of a file a Range header asks for. */
enum range { RANGE_WHOLE, RANGE_PART, RANGE_BEYOND };

/* Reads a single byte range (RFC 9110, 14.1.2) against a file of size bytes. PART: *first and *last are set, and
 * 0 <= *first <= *last < size. WHOLE: absent, malformed, or several ranges, which a server may ignore. BEYOND: no such bytes. */
enum range request_range(struct text header, uint64_t size, uint64_t *first, uint64_t *last);

#endif
