// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which of clang's and lld's options take their value from the next word. All else about an option is the business of
// whoever asks.
#ifndef CAPCC_OPTIONS_H
#define CAPCC_OPTIONS_H

/// How many of the following words belong to the clang driver's option `text` (0 where the value is joined or there is
/// none; at most 3).
int option_values(const char *text);

/// The same for an argument of ld.lld, as met in `-Wl,` and `-Xlinker` (0 or 1).
int linker_option_values(const char *text);

/// True for options that clang answers by printing something, whatever else is on the line (`-print-search-dirs`,
/// `-dumpmachine`, ...).
int option_is_query(const char *text);

/// True for options that end clang's work before there is an object or assembly file (`-fsyntax-only`, `--analyze`,
/// ...), -E, -M, -S and -c apart.
int option_stops_early(const char *text);

#endif
