// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the pass says that it relied on: the claims note of a program that capcc linked (docs/abi.md, "Claims"). Nothing in it
// is believed where the code can be asked.

#ifndef CAPSTACK_CLAIMS_H
#define CAPSTACK_CLAIMS_H

#include "ElfImage.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace capstack {

struct Claims {
    struct Function {
        uint64_t Body, Entry;  // addresses; Entry, what pointers hold, is a stub, or Body itself, or 0 if no pointer does
        uint64_t Frame, Depth; // bytes below the return address: without what it calls, with what it calls in place
        uint64_t Room;         // bytes that it asks for below a dynamic alloca; 0: it has none
        bool NeverReturns, Variadic, MayBlock;
    };

    uint64_t Reserve = 0;      // bytes below each limit
    uint64_t BigPath = 0;      // bytes that a path on a big stack may take without a check
    uint64_t EntryInPlace = 0; // bytes that an entry stub without a check may need
    uint64_t Borrow = 0, BorrowArgs = 0, ICall = 0, Far = 0, FarArgs = 0, FarVariadic = 0, Alloca = 0, LeafSlots = 0, StackCheckFail = 0; // addresses
    std::vector<uint64_t> LeafBounds; // bytes, one for each slot
    std::vector<Function> Functions;
    llvm::DenseMap<uint64_t, size_t> ByBody;
    std::vector<uint64_t> Stubs; // where each starts; 0 for those that the linker has thrown away
    llvm::DenseSet<uint64_t> NeverReturn; // bodies and stubs
    llvm::DenseSet<uint64_t> VariadicEntries;
    llvm::DenseMap<uint64_t, std::vector<uint64_t>> Inside; // function: the entry stubs that its calls through pointers reach
    llvm::StringMap<uint64_t> External; // bytes of functions of other modules that are called in place

    static llvm::Expected<Claims> read(const ElfImage &Image);

    const Function *function(uint64_t Body) const {
        auto Found = ByBody.find(Body);
        return Found == ByBody.end() ? nullptr : &Functions[Found->second];
    }
};

} // namespace capstack

#endif
