/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waiting for locks of files.
 */
#ifndef CAPR_IO_LOCK_H
#define CAPR_IO_LOCK_H

/* fcntl with F_SETLKW or F_OFD_SETLKW: 0, or -1 and errno. Blocks. Cancellation point. */
__attribute__((visibility("hidden"))) long capr__lock_wait(int fd, int command, long lock);

#endif
