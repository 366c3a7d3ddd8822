// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looks at a profile's two ends, before anything is compiled: the pass, which reads all of it, runs at the end of a link that
// may take a minute.
#include "profile.h"

#include "diag.h"
#include "file_map.h"

#include <stdbool.h>
#include <string.h>

#define FIRST_LINE "capriccio profile "
#define VERSION "1\n"
#define LAST_LINE "\nend\n"

static bool starts_with(struct bytes bytes, const char *text) {
    return bytes.size >= strlen(text) && !memcmp(bytes.data, text, strlen(text));
}

int profile_check(const char *path) {
    struct bytes bytes;
    int error = file_map(path, &bytes);
    if (error) return diag_error("-fcapriccio-profile-use=%s: %s; give a file that CAPRICCIO_PROFILE named", path, strerror(-error));
    const char *what = NULL;
    if (!starts_with(bytes, FIRST_LINE))
        what = "no profile; give a file that CAPRICCIO_PROFILE named";
    else if (!starts_with(bytes, FIRST_LINE VERSION))
        what = "a profile of another version; make it anew";
    else if (bytes.size < strlen(LAST_LINE) || memcmp(bytes.data + bytes.size - strlen(LAST_LINE), LAST_LINE, strlen(LAST_LINE)))
        what = "the profile has no end; make it anew";
    file_unmap(&bytes);
    return what ? diag_error("-fcapriccio-profile-use=%s: %s", path, what) : 0;
}
