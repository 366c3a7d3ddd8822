// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is in the files that are linked.
#ifndef CAPCC_INPUTS_H
#define CAPCC_INPUTS_H

#include "arena.h"
#include "file_map.h"
#include "parse.h"

#include <stdbool.h>

/// Checks that each of `files` can be read, and, if the line links, that neither they nor archives found by -L and -l
/// hold code made by -flto=thin or bitcode joined by `ld -r`. Returns 0, or 1 after one line of error.
int inputs_check(struct arena *arena, const struct line *line, const struct strvec *files);

/// What is done with one object; `name` is the file's, or `archive(member)`. Anything but 0 ends the walk.
typedef int object_visitor(struct arena *arena, const char *name, struct bytes object, void *context);

/// Calls `visit` for the file with these bytes, or, if it is an archive, for each of its members. What a thin archive names and is not
/// there, and what is behind damage, is left out, or, if `whole`, an error. Returns what the last call returned, 0 if there was none, 1
/// after a line of error.
int inputs_each_object(struct arena *arena, const char *path, struct bytes bytes, bool whole, object_visitor *visit, void *context);

struct member;

/// The file that a member of the thin archive `path` stands for.
const char *thin_member_path(struct arena *arena, const char *path, const struct member *member);

/// The bitcode of an object: its `.llvm.lto` section, or the object itself where it is bitcode. No bytes if it has
/// none.
struct bytes object_bitcode(struct bytes object);

#endif
