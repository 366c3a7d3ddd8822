/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * O_DIRECT reads and writes at an offset, as the kernel's asynchronous requests (io_submit). The thread that asks puts its request
 * on a list and waits; the list is handed over in one system call when the poll loop next looks, which is when no thread is ready
 * or after 64 switches. Completions signal the worker's eventfd. A request that the kernel could not start without waiting (for a
 * lock, for blocks to be allocated) comes back with EAGAIN, and the pool makes the call. Fat code; the kernel's side is in aio.c.
 */
#include "direct.h"

#include "../sched/leaving.h"

CAPR_HIDDEN __attribute__((noinline)) long capr__direct_rw(int fd, const struct iovec *iov, int count, off_t offset, int write) {
    if (!capr__may_switch()) return -EAGAIN;
    struct capr_direct request = {
        .iocb = {.aio_data = (uint64_t)&request,
                 .aio_lio_opcode = write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV,
                 .aio_fildes = (uint32_t)fd,
                 .aio_buf = (uint64_t)iov,
                 .aio_nbytes = (uint64_t)count,
                 .aio_offset = offset},
        .thread = capr__self(),
    };
    struct capr_leaving left;
    capr__handlers_off();
    int error = capr__direct_queue(&request);
    if (!error) capr__leaving_begin(request.thread, &left, capr__direct_left, &request);
    capr__handlers_on();
    if (error) return -EAGAIN;
    do {
        request.waiting = 1;
        capr__fd_waiter_begin(request.thread);
        capr__park();
        capr__fd_waiter_end(request.thread);
        request.waiting = 0;
    } while (!request.done);
    capr__leaving_end(request.thread, &left);
    return request.result;
}
