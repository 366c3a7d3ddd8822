/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The parser of request heads. Strict where leniency lets two parsers disagree on where a request ends (blanks before a colon,
 * folded lines, bare CR, two lengths, a length and a transfer coding); lenient only in LF for CR LF.
 */
#include "request.h"
#include "path.h"

#include <string.h>
#include <strings.h>

static const char token_chars[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool is_token_char(unsigned char c) {
    /* Letters and '-' are nearly all that a header name has. */
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || (c && strchr(token_chars, c));
}

static bool is_text(struct text t, const char *text) { return strlen(text) == t.len && !strncasecmp(t.ptr, text, t.len); }

size_t request_end(const char *data, size_t from, size_t len) {
    /* The end is LF LF or LF CR LF; up to two of its bytes may have been seen. */
    const char *at = data + (from > 2 ? from - 2 : 0), *end = data + len;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        if (at < end && *at == '\n') return (size_t)(at + 1 - data);
        if (end - at > 1 && at[0] == '\r' && at[1] == '\n') return (size_t)(at + 2 - data);
    }
    return 0;
}

/* Takes a line off the head: its text without the line's end. False if a control character or a bare CR is in it. */
static bool take_line(char **at, char *end, struct text *line) {
    char *newline = memchr(*at, '\n', (size_t)(end - *at));
    if (!newline) return false;
    size_t len = (size_t)(newline - *at);
    if (len && newline[-1] == '\r') len--;
    *line = (struct text){*at, len};
    *at = newline + 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line->ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static enum method method_of(struct text name) {
    static const char refused[][8] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"};
    /* Methods are case-sensitive. */
    if (name.len == 3 && !memcmp(name.ptr, "GET", 3)) return METHOD_GET;
    if (name.len == 4 && !memcmp(name.ptr, "HEAD", 4)) return METHOD_HEAD;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (name.len == strlen(refused[i]) && !memcmp(name.ptr, refused[i], name.len)) return METHOD_REFUSED;
    return METHOD_UNKNOWN;
}

/* Finds the path in a request target: origin form, or absolute form (RFC 9112, 3.2). Sets *path to it. Returns 0 or a status. */
static int parse_target(char *target, size_t len, struct request *r) {
    char *end = target + len;
    for (char *c = target; c < end; c++)
        if ((unsigned char)*c <= ' ' || *c == '#') return 400;
    /* Their targets may be `*` or an authority, and the answer does not depend on them. */
    if (r->method == METHOD_REFUSED || r->method == METHOD_UNKNOWN) return 0;
    if (len > 7 && !strncasecmp(target, "http://", 7)) {
        target += 7;
        while (target < end && *target != '/' && *target != '?') target++;
    }
    if (target == end || *target == '?') { /* http://host, without a path: the root */
        r->path = (struct text){"/", 1};
        return 0;
    }
    if (*target != '/') return 400;
    char *query = memchr(target, '?', (size_t)(end - target));
    ssize_t n = path_normalise(target, (size_t)((query ? query : end) - target));
    if (n < 0) return (int)-n;
    r->path = (struct text){target, (size_t)n};
    return 0;
}

/* Parses `METHOD SP target SP HTTP/1.x`. Returns 0, 403 with *r otherwise complete, or another status. */
static int parse_request_line(struct text line, struct request *r) {
    const char *end = line.ptr + line.len;
    const char *space = memchr(line.ptr, ' ', line.len);
    if (!space || space == line.ptr) return 400;
    for (const char *c = line.ptr; c < space; c++)
        if (!is_token_char((unsigned char)*c)) return 400;
    /* "HTTP/1.1" is 8 characters, with a space before it. */
    const char *version = end - 8;
    if (version - space < 3 || version[-1] != ' ' || memcmp(version, "HTTP/", 5) || version[6] != '.') return 400;
    if (version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9') return 400;
    r->method = method_of((struct text){line.ptr, (size_t)(space - line.ptr)});
    if (version[5] != '1') return 505;
    r->minor = version[7] != '0';
    r->keep_alive = r->minor;
    return parse_target((char *)space + 1, (size_t)(version - 1 - (space + 1)), r);
}

/* A decimal number; what does not fit is UINT64_MAX. False if it is not a number. */
static bool parse_number(struct text t, uint64_t *number) {
    uint64_t sum = 0;
    for (size_t i = 0; i < t.len; i++) {
        unsigned digit = (unsigned char)t.ptr[i] - '0';
        if (digit > 9) return false;
        sum = sum > (UINT64_MAX - digit) / 10 ? UINT64_MAX : sum * 10 + digit;
    }
    *number = sum;
    return t.len != 0;
}

/* Whether a comma-separated list has an element, in either case. */
static bool list_has(struct text list, const char *element) {
    const char *at = list.ptr, *end = at + list.len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        while (at < stop && (*at == ' ' || *at == '\t')) at++;
        const char *last = stop;
        while (last > at && (last[-1] == ' ' || last[-1] == '\t')) last--;
        if (is_text((struct text){at, (size_t)(last - at)}, element)) return true;
        at = stop + 1;
    }
    return false;
}

struct framing {
    bool host, length, coding;
};

/* Takes in one header line. Returns 0 or a status. */
static int parse_header(struct text line, struct request *r, struct framing *framing) {
    const char *end = line.ptr + line.len, *colon = line.ptr;
    while (colon < end && is_token_char((unsigned char)*colon)) colon++;
    /* Also where the line starts with a blank: a folded line, obsolete and unsafe. */
    if (colon == end || *colon != ':' || colon == line.ptr) return 400;
    struct text name = {line.ptr, (size_t)(colon - line.ptr)};
    const char *at = colon + 1;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t')) end--;
    struct text value = {at, (size_t)(end - at)};

    switch (name.len) {
    case 4:
        if (!is_text(name, "Host")) break;
        if (framing->host) return 400;
        framing->host = true;
        break;
    case 5:
        if (is_text(name, "Range")) r->range = value;
        break;
    case 6:
        if (is_text(name, "Expect")) r->expects = is_text(value, "100-continue");
        break;
    case 8:
        if (is_text(name, "If-Range")) r->if_range = value;
        break;
    case 10:
        if (!is_text(name, "Connection")) break;
        if (list_has(value, "close"))
            r->keep_alive = false;
        else if (!r->minor && list_has(value, "keep-alive"))
            r->keep_alive = true;
        break;
    case 14:
        if (!is_text(name, "Content-Length")) break;
        if (framing->length || !parse_number(value, &r->body)) return 400;
        framing->length = true;
        break;
    case 17:
        if (is_text(name, "If-Modified-Since"))
            r->if_modified_since = value;
        else if (is_text(name, "Transfer-Encoding"))
            framing->coding = true;
        break;
    }
    return 0;
}

__attribute__((noinline)) int request_parse(char *data, size_t len, uint64_t max_body, struct request *r) {
    *r = (struct request){.method = METHOD_UNKNOWN};
    char *at = data, *end = data + len;
    struct text line;
    struct framing framing = {0};
    if (!take_line(&at, end, &line)) return 400;
    int path_status = parse_request_line(line, r);
    if (path_status && path_status != 403) return path_status;
    for (;;) {
        if (!take_line(&at, end, &line)) return 400;
        if (!line.len) break;
        int status = parse_header(line, r, &framing);
        if (status) return status;
    }
    if (r->minor && !framing.host) return 400;
    if (framing.coding) return framing.length ? 400 : 501;
    if (r->body > max_body) return 413;
    return path_status;
}

enum range request_range(struct text header, uint64_t size, uint64_t *first, uint64_t *last) {
    const char *end = header.ptr + header.len;
    if (!header.ptr || header.len < 7 || strncasecmp(header.ptr, "bytes=", 6)) return RANGE_WHOLE;
    const char *at = header.ptr + 6;
    const char *dash = memchr(at, '-', (size_t)(end - at));
    if (!dash) return RANGE_WHOLE;
    struct text from = {at, (size_t)(dash - at)}, to = {dash + 1, (size_t)(end - dash - 1)};
    uint64_t a = 0, b = UINT64_MAX;
    if ((from.len && !parse_number(from, &a)) || (to.len && !parse_number(to, &b))) return RANGE_WHOLE;
    if (!from.len) { /* the last b bytes */
        if (!to.len) return RANGE_WHOLE;
        if (!b || !size) return RANGE_BEYOND;
        a = b < size ? size - b : 0;
        b = UINT64_MAX;
    }
    if (a > b) return RANGE_WHOLE;
    if (a >= size) return RANGE_BEYOND;
    *first = a;
    *last = b < size ? b : size - 1;
    return RANGE_PART;
}
