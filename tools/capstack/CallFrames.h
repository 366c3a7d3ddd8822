// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Call-frame information (.eh_frame): a second opinion on where rsp is, and the starts of functions that export no symbol.
// Never a bound by itself: hand-written assembly pushes without saying so here.

#ifndef CAPSTACK_CALLFRAMES_H
#define CAPSTACK_CALLFRAMES_H

#include "ElfImage.h"
#include "Instruction.h"

#include "llvm/DebugInfo/DWARF/DWARFDebugFrame.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <optional>
#include <vector>

namespace capstack {

class CallFrames {
  public:
    static llvm::Expected<std::unique_ptr<CallFrames>> read(const ElfImage &Image);

    /// "The caller's rsp was Of + Offset" (the canonical frame address), as the table says for \p Address. Nothing where
    /// it says nothing, or says it by an expression.
    struct Rule {
        Register Of;
        int64_t Offset;
    };
    std::optional<Rule> ruleAt(uint64_t Address);

    /// The starts of all entries, sorted, and whether an entry holds \p Address.
    std::vector<uint64_t> starts() const;
    bool covers(uint64_t Address) const;

    /// Whether an entry of the table starts at \p Address.
    bool startsAt(uint64_t Address) const;

  private:
    struct Row {
        uint64_t Address;
        Register Of; // NoRegister: an expression
        int64_t Offset;
    };
    struct Entry {
        uint64_t Begin, End;
        const llvm::dwarf::FDE *Description;
        bool Evaluated;
        std::vector<Row> Rows;
    };

    explicit CallFrames(uint64_t Address) : Frames(llvm::Triple::x86_64, /*IsEH=*/true, Address) {}
    static void evaluate(Entry &E);

    llvm::DWARFDebugFrame Frames;
    std::vector<Entry> Entries; // sorted
};

} // namespace capstack

#endif
