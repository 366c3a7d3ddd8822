// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which MaxPath and MinChunk a profile speaks for, and why.
#ifndef CAPSTACK_ADVICE_H
#define CAPSTACK_ADVICE_H

#include "../profile/Profile.h"

namespace capstack {

struct Advice {
    uint64_t Bytes = 0; // as it is, where nothing better is known
    std::string Why;
};

Advice adviseMinChunk(const capriccio::Profile &P);
Advice adviseMaxPath(const capriccio::Profile &P);

} // namespace capstack

#endif
