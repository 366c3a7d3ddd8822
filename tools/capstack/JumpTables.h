// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Jump tables whose index nobody compared, or more roughly than the table is long: the compiler knew that the default case is not
// reached, or kept the index in memory between comparison and use (-O0). How long such a table is follows from the file's layout.

#ifndef CAPSTACK_JUMPTABLES_H
#define CAPSTACK_JUMPTABLES_H

#include "MachineState.h"

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <map>

namespace capstack {

class StackDepth;

class JumpTables {
  public:
    explicit JumpTables(StackDepth &Depths) : Depths(Depths) {}

    /// Appends all addresses that a jump to \p Entry, of Value::Kind::Table, may go to in the function at \p Function. Entries of
    /// 4 bytes are signed distances, those of 8 are addresses. False if there is none.
    bool targets(uint64_t Function, const Value &Entry, llvm::SmallVectorImpl<uint64_t> &Out);

  private:
    uint64_t nextReference(uint64_t After, uint64_t End);
    bool refersTo(uint64_t Code, uint64_t Address);

    StackDepth &Depths;
    std::map<uint64_t, uint64_t> Ends; // by table
};

} // namespace capstack

#endif
