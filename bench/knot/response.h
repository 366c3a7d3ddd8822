/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Responses, each head and body in one writev.
 */
#ifndef KNOT_RESPONSE_H
#define KNOT_RESPONSE_H

#include "cache.h"
#include "conn.h"
#include "request.h"

/* Room for any head that response_head writes. */
#define RESPONSE_HEAD_BYTES 256

/* Prepares the responses for errors. Once, before the first request. */
void response_setup(void);

/* Writes the head of a 200 or 304 response up to the Date header, fewer than RESPONSE_HEAD_BYTES bytes; returns how many. */
size_t response_head(char *out, int status, const char *type, off_t size, time_t modified);

/* Answers with an open file, or a part of it as the request's range and conditions say. Returns true if all was sent. Blocks
 * while the socket takes no more, and for the disk. */
bool response_file(struct conn *c, const struct request *r, const struct file *file, bool keep);

/* Answers with a status other than success: a line of text, none for HEAD. Returns true if all was sent. Blocks while the
 * socket takes no more. */
bool response_error(struct conn *c, const struct request *r, int status, bool keep);

/* Answers 301 to the request's path with a slash behind it. As above. */
bool response_redirect(struct conn *c, const struct request *r, bool keep);

#endif
