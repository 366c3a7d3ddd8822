/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call that libc answers by its caller, whom it knows by the return address: dlsym and dlvsym of RTLD_NEXT, search path and
 * namespace of dlopen and dlmopen. A borrowed call returns to the program's code, so these four are borrowed for here, and go on
 * to libc's by a call from the shared object's own text. Assembled once for each NAME, since an archive gives out whole objects
 * and a shared object may define some of the four itself. Here the plain name is taken, so libc's is asked for by VERSION, the
 * oldest, which every glibc has.
 */
#include "../asm.h"

    .symver capr__of_libc, NAME@VERSION

function NAME
    subq $8, %rsp
    .cfi_def_cfa_offset 16
    call *capr__of_libc@GOTPCREL(%rip)
    addq $8, %rsp
    .cfi_def_cfa_offset 8
    ret
end_function NAME
