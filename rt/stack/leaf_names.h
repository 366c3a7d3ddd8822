/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The external functions that may run in place on a small stack, once `capstack bounds` has proved a bound from their machine
 * code. One list for the pass (which trusts the bound) and the runtime (which gives each a slot, leaf.S): define
 * CAPR_LEAF(name), include. The order is the index of a name's slot, and of its bit in __capr_leaf_trusted.
 */
CAPR_LEAF(memcpy)
CAPR_LEAF(memmove)
CAPR_LEAF(memset)
CAPR_LEAF(memcmp)
CAPR_LEAF(bcmp)
CAPR_LEAF(mempcpy)
CAPR_LEAF(strlen)
CAPR_LEAF(strnlen)
CAPR_LEAF(strcmp)
CAPR_LEAF(strncmp)
CAPR_LEAF(strchr)
CAPR_LEAF(strrchr)
CAPR_LEAF(strchrnul)
CAPR_LEAF(memchr)
CAPR_LEAF(memrchr)
CAPR_LEAF(rawmemchr)
CAPR_LEAF(strcpy)
CAPR_LEAF(strncpy)
CAPR_LEAF(stpcpy)
CAPR_LEAF(strcat)
