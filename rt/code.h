/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Given to the compiler ahead of each fat source file: puts what it defines into a section of the runtime's own. So the pass knows the
 * runtime's code from the program's, also its local functions and what the optimiser makes of them, since the attribute goes with
 * them; and the code of each switch lies together.
 */
#pragma clang section text = "capr_text"
