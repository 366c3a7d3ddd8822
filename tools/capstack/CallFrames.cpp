// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads .eh_frame with LLVM's parser. The rows of an entry are evaluated when an instruction in it is first asked for: most
// entries of a library never are.

#include "CallFrames.h"

#include "llvm/DebugInfo/DWARF/DWARFDataExtractor.h"
#include "llvm/DebugInfo/DWARF/LowLevel/DWARFUnwindTable.h"
#include "llvm/Support/Endian.h"

#include <algorithm>

using namespace llvm;

namespace capstack {

/// Whether every common entry has a version that .eh_frame knows. LLVM's parser also takes version 4, whose entries state
/// the size of an address, and reads past its tables when that is no size.
static bool hasKnownVersions(StringRef Section) {
    for (uint64_t At = 0; Section.size() - At >= 4;) {
        uint64_t Length = support::endian::read32le(Section.data() + At), Header = 4;
        if (Length == 0) {
            At += 4;
            continue;
        }
        if (Length == UINT32_MAX) {
            if (Section.size() - At < 12) return false;
            Length = support::endian::read64le(Section.data() + At + 4);
            Header = 12;
        }
        if (Length < 5 || Length > Section.size() - At - Header) return false;
        const char *Body = Section.data() + At + Header;
        // Common entries have the id 0, in four bytes whatever the length's own size.
        if (support::endian::read32le(Body) == 0 && Body[4] != 1 && Body[4] != 3) return false;
        At += Header + Length;
    }
    return true;
}

Expected<std::unique_ptr<CallFrames>> CallFrames::read(const ElfImage &Image) {
    std::unique_ptr<CallFrames> Result(new CallFrames(Image.frameSectionAddress()));
    if (Image.frameSection().empty()) return std::move(Result);
    if (!hasKnownVersions(Image.frameSection()))
        return createStringError(inconvertibleErrorCode(), ".eh_frame is damaged: copy or install the file again");
    DWARFDataExtractor Data(Image.frameSection(), /*IsLittleEndian=*/true, /*AddressSize=*/8);
    if (Error E = Result->Frames.parse(Data))
        return createStringError(inconvertibleErrorCode(),
                                 ".eh_frame is damaged (" + toString(std::move(E)) + "): copy or install the file again");
    for (const dwarf::FrameEntry &Frame : Result->Frames) {
        const auto *Description = dyn_cast<dwarf::FDE>(&Frame);
        if (!Description || !Description->getLinkedCIE()) continue;
        uint64_t Begin = Description->getInitialLocation(), Length = Description->getAddressRange();
        if (Length != 0 && Begin + Length > Begin) Result->Entries.push_back({Begin, Begin + Length, Description, false, {}});
    }
    llvm::sort(Result->Entries, [](const Entry &A, const Entry &B) { return A.Begin < B.Begin; });
    return std::move(Result);
}

void CallFrames::evaluate(Entry &E) {
    // DWARF's order of the general registers (System V psABI, figure 3.36).
    static const Register Numbered[] = {RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15};
    E.Evaluated = true;
    Expected<dwarf::UnwindTable> Table = dwarf::createUnwindTable(E.Description);
    if (!Table) {
        consumeError(Table.takeError());
        return;
    }
    for (const dwarf::UnwindRow &R : *Table) {
        const dwarf::UnwindLocation &Cfa = R.getCFAValue();
        bool ByRegister = Cfa.getLocation() == dwarf::UnwindLocation::RegPlusOffset && Cfa.getRegister() < std::size(Numbered);
        if (R.hasAddress())
            E.Rows.push_back({R.getAddress(), ByRegister ? Numbered[Cfa.getRegister()] : NoRegister, Cfa.getOffset()});
    }
}

std::optional<CallFrames::Rule> CallFrames::ruleAt(uint64_t Address) {
    auto After = llvm::upper_bound(Entries, Address, [](uint64_t A, const Entry &E) { return A < E.Begin; });
    if (After == Entries.begin()) return std::nullopt;
    Entry &E = *std::prev(After);
    if (Address >= E.End) return std::nullopt;
    if (!E.Evaluated) evaluate(E);
    auto Row = llvm::upper_bound(E.Rows, Address, [](uint64_t A, const CallFrames::Row &R) { return A < R.Address; });
    if (Row == E.Rows.begin() || std::prev(Row)->Of == NoRegister) return std::nullopt;
    return Rule{std::prev(Row)->Of, std::prev(Row)->Offset};
}

std::vector<uint64_t> CallFrames::starts() const {
    std::vector<uint64_t> Starts;
    for (const Entry &E : Entries) Starts.push_back(E.Begin);
    return Starts;
}

bool CallFrames::covers(uint64_t Address) const {
    auto After = llvm::upper_bound(Entries, Address, [](uint64_t A, const Entry &E) { return A < E.Begin; });
    return After != Entries.begin() && Address < std::prev(After)->End;
}

bool CallFrames::startsAt(uint64_t Address) const {
    auto Found = llvm::lower_bound(Entries, Address, [](const Entry &E, uint64_t A) { return E.Begin < A; });
    return Found != Entries.end() && Found->Begin == Address;
}

} // namespace capstack
