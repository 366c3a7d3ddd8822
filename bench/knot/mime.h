/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Content types by file name. Looked up once when a file enters the cache, never per request.
 */
#ifndef KNOT_MIME_H
#define KNOT_MIME_H

/* The content type for a path by the extension of its last part, in either case; application/octet-stream when unknown.
 * A static string. Does not block. */
const char *mime_type(const char *path);

#endif
