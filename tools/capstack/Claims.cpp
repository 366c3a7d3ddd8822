// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the note word by word, each read checked against its end: a damaged note is told, not followed.

#include "Claims.h"

#include "llvm/Support/Endian.h"

using namespace llvm;

namespace capstack {

namespace {

constexpr uint64_t Version = 5;
constexpr const char *SectionName = ".note.capriccio.claims";
constexpr unsigned NameWords = 3; // "Capriccio", padded

class Reader {
    ArrayRef<uint8_t> Bytes;

  public:
    bool Failed = false;
    explicit Reader(ArrayRef<uint8_t> Bytes) : Bytes(Bytes) {}

    uint64_t word() {
        if (Bytes.size() < 4) {
            Failed = true;
            return 0;
        }
        uint64_t Word = support::endian::read32le(Bytes.data());
        Bytes = Bytes.drop_front(4);
        return Word;
    }
    /// The number of records that follow, each of at least \p Words words.
    size_t count(size_t Words) {
        uint64_t Count = word();
        if (Count * Words > Bytes.size() / 4) Failed = true;
        return Failed ? 0 : size_t(Count);
    }
    StringRef string() {
        size_t Size = 4 * count(1);
        StringRef Text(reinterpret_cast<const char *>(Bytes.data()), Size);
        Bytes = Bytes.drop_front(Size);
        return Text.take_until([](char C) { return C == 0; });
    }
    bool atEnd() const { return Bytes.empty(); }
};

Error fault(const Twine &What) { return createStringError(inconvertibleErrorCode(), What); }

} // namespace

Expected<Claims> Claims::read(const ElfImage &Image) {
    ArrayRef<uint8_t> Section = Image.section(SectionName).Bytes;
    if (Section.empty())
        return fault("has no section .note.capriccio.claims, which tells what is to be checked: link it with capcc, and if it "
                     "has to be stripped, use GNU strip, which keeps the section");
    Reader In(Section);
    uint64_t NameSize = In.word();
    In.word();
    bool Known = NameSize == 10 && In.word() == 2;
    for (unsigned I = 0; I < NameWords; I++) In.word();
    if (!Known || In.Failed || In.word() != Version)
        return fault("has claims of another version of capcc: use the capstack of the capcc that linked it");

    Claims Result;
    Result.Reserve = In.word();
    Result.BigPath = In.word();
    Result.EntryInPlace = In.word();
    for (uint64_t *Address : {&Result.Borrow, &Result.BorrowArgs, &Result.ICall, &Result.Far, &Result.FarArgs, &Result.FarVariadic,
                              &Result.Alloca, &Result.LeafSlots, &Result.StackCheckFail})
        *Address = In.word();
    for (size_t Left = In.count(1); Left; Left--) Result.LeafBounds.push_back(In.word());
    for (size_t Left = In.count(6); Left; Left--) {
        Function F{};
        F.Body = In.word();
        F.Entry = In.word();
        F.Frame = In.word();
        F.Depth = In.word();
        F.Room = In.word();
        uint64_t Flags = In.word();
        F.NeverReturns = Flags & 1;
        F.Variadic = Flags & 2;
        F.MayBlock = Flags & 4;
        if (F.Body == 0) continue; // the linker has thrown it away
        if (F.NeverReturns) Result.NeverReturn.insert(F.Body);
        if (F.Variadic && F.Entry) Result.VariadicEntries.insert(F.Entry);
        Result.ByBody.try_emplace(F.Body, Result.Functions.size());
        Result.Functions.push_back(F);
    }
    for (size_t Left = In.count(1); Left; Left--) Result.Stubs.push_back(In.word());
    for (size_t Left = In.count(1); Left; Left--) Result.NeverReturn.insert(In.word());
    for (size_t Left = In.count(2); Left; Left--) {
        std::vector<uint64_t> &Set = Result.Inside[In.word()];
        for (size_t More = In.count(1); More; More--) Set.push_back(In.word());
    }
    for (size_t Left = In.count(2); Left; Left--) {
        uint64_t Bytes = In.word();
        StringRef Name = In.string();
        Result.External[Name] = Bytes;
    }
    Result.NeverReturn.insert(Result.StackCheckFail);
    if (In.Failed || !In.atEnd()) return fault("has a damaged section .note.capriccio.claims: link it again");
    return Result;
}

} // namespace capstack
