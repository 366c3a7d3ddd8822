// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kinds of line that the driver itself says on standard error: `capcc: error: FILE: what, and the remedy`,
// `capcc: warning: ...` and `capcc: note: ...`.
#ifndef CAPCC_DIAG_H
#define CAPCC_DIAG_H

/// Prints `capcc: error: ` and the formatted text as one line, in one write so that lines of parallel builds do not
/// mix. Returns 1, the exit status of a refused command line (clang's own is the same).
int diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// The same with `capcc: note: `, before an error that another program says.
void diag_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// The same with `capcc: warning: `; the build goes on.
void diag_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
