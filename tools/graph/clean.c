// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A terminal that takes text for Latin-1 sees C1 controls in bytes 0x80 to 0x9f, which is why stray bytes go too. What stays is UTF-8.
#include "clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/// The character at `s` and how many bytes it has; 0 bytes: no UTF-8.
static int decode(const unsigned char *s, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; // of so many bytes: longer forms of what fits in fewer are none
    int bytes = *s < 0x80 ? 1 : *s >= 0xf8 ? 0 : *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc0 ? 2 : 0;
    *character = bytes > 1 ? *s & (0x7f >> bytes) : *s;
    for (int i = 1; i < bytes; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        *character = *character << 6 | (s[i] & 0x3f);
    }
    bool surrogate = *character >= 0xd800 && *character < 0xe000;
    return *character < least[bytes] || *character > 0x10ffff || surrogate ? 0 : bytes;
}

static bool harmless(uint32_t c) {
    if (c < ' ' || (c >= 0x7f && c < 0xa0)) return false;
    return c != 0x61c && c != 0x200e && c != 0x200f && !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

char *clean(char *text) {
    unsigned char *to = (unsigned char *)text;
    uint32_t character;
    for (const unsigned char *from = to; *from;) {
        int bytes = decode(from, &character);
        if (bytes && harmless(character)) {
            memmove(to, from, (size_t)bytes);
            to += bytes;
        } else {
            *to++ = '?';
        }
        from += bytes ? bytes : 1;
    }
    *to = 0;
    return text;
}
