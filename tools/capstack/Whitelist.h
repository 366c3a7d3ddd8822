// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that are worth calling in place: leaves that programs call often, and whose own work is about as short as a
// switch to the big stack (1 ns). Being named here proves nothing; each has to have a bound of WhitelistBytes or less.

#ifndef CAPSTACK_WHITELIST_H
#define CAPSTACK_WHITELIST_H

#include <cstdint>

namespace capstack {

/// Every chunk has room for a path of MaxPath bytes (2048); a sixteenth of it may go to a leaf that is not ours.
constexpr uint64_t WhitelistBytes = 128;

constexpr const char *Whitelist[] = {
    // memory
    "memcpy", "memmove", "memset", "memcmp", "bcmp", "mempcpy", "memchr", "memrchr", "rawmemchr", "memccpy", "bzero", "bcopy",
    // strings
    "strlen", "strnlen", "strcmp", "strncmp", "strchr", "strrchr", "strchrnul", "index", "rindex", "strcpy", "strncpy", "stpcpy",
    "stpncpy", "strcat", "strncat", "strcasecmp", "strncasecmp", "strspn", "strcspn", "strpbrk", "strstr", "strsep", "strtok_r",
    // wide strings
    "wcslen", "wcsnlen", "wmemcmp", "wmemset", "wmemcpy", "wmemmove", "wcschr", "wcscmp", "wcscpy",
    // fortified
    "__memcpy_chk", "__memmove_chk", "__memset_chk", "__mempcpy_chk", "__strcpy_chk", "__stpcpy_chk", "__strcat_chk", "__strncpy_chk",
    // characters and numbers
    "isalnum", "isalpha", "isblank", "iscntrl", "isdigit", "isgraph", "islower", "isprint", "ispunct", "isspace", "isupper",
    "isxdigit", "tolower", "toupper", "__ctype_b_loc", "__ctype_tolower_loc", "__ctype_toupper_loc", "__ctype_get_mb_cur_max",
    "abs", "labs", "llabs", "ffs", "ffsl", "ffsll", "div", "ldiv", "htonl", "htons", "ntohl", "ntohs", "strtol", "strtoul",
    "strtoll", "strtoull", "atoi", "atol", "atoll",
    // the thread and the process
    "__errno_location", "__h_errno_location", "pthread_self", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid",
};

} // namespace capstack

#endif
