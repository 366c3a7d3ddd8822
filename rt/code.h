/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Given to the compiler ahead of each fat source file: puts what it defines into a section of the runtime's own, also its local
 * functions. So the pass knows the runtime's code from the program's; it makes the section an attribute (passes/Preemptible.cpp).
 */
#pragma clang section text = "capr_text"
