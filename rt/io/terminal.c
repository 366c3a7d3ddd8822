/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * tcdrain: a terminal that is stopped or slow keeps its caller for as long as it likes. Where nothing is left to go out the call is
 * made in place; else it waits on a kernel thread of its own, since no event tells of the end. Fat code.
 */
#include <sys/ioctl.h>
#include <termios.h>

#include "../pool/pool.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"

/* tcdrain(3). Blocks. Cancellation point. */
CAPR_INTERPOSE int tcdrain(int fd) {
    CAPR_MONITOR;
    capr__cancel_point();
    int left = 0;
    long r = capr__sys3(SYS_ioctl, fd, TIOCOUTQ, (long)&left);
    if (r < 0 || !left || !capr__may_switch()) return (int)capr__result(capr__sys3(SYS_ioctl, fd, TCSBRK, 1));
    struct capr_job job = {.number = SYS_ioctl, .arg = {fd, TCSBRK, 1}};
    do r = capr__pool_run_endless(&job, &capr__wait_restartable, 1);
    while (r == CAPR_POOL_NOBODY);
    if (r == -EINTR) capr__cancel_point();
    return (int)capr__result(r);
}
