// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Offline variable substitution: nodes of a template that must come to the same points-to set in every instance are made
// one, and nodes that can never hold an address are dropped with all their constraints, before any instance is made.
#ifndef CAPRICCIO_POINTSTO_SUBSTITUTION_H
#define CAPRICCIO_POINTSTO_SUBSTITUTION_H

#include "Constraints.h"

namespace capriccio::pointsto {

/// Renumbers the nodes of `T`; what is left is equivalent for every use of parameters, results and calls.
void substitute(Template &T);

} // namespace capriccio::pointsto

#endif
