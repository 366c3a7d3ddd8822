/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A library that has to be found first.
 */
int triple(int number) { return number * 3; }
