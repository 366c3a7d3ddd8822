// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One x86-64 ELF file as the loader will map it: code bytes by address, the words that stay constant once it is relocated,
// what fills each relocated slot, and the functions that it exports. Reads the file that it is given and no other: a separate
// debug file of the same build id has the same symbols and no code, and tools that go looking for one report nonsense.
// All addresses are those of the link (load bias 0).

#ifndef CAPSTACK_ELFIMAGE_H
#define CAPSTACK_ELFIMAGE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace capstack {

/// A function that other modules can call. The same name may stand several times, once for each version.
struct Export {
    llvm::StringRef Name;
    uint64_t Address; // of the code, or of the resolver
    uint64_t Size;    // bytes, as the symbol says; 0 when it says nothing
    bool IsIfunc;
};

/// What the loader writes into an eight-byte word of the image.
struct Slot {
    enum class Filler : uint8_t {
        Relative,    // Target: an address in this image
        Resolver,    // what the IFUNC resolver at Target returns
        OtherModule, // a symbol that is looked up: perhaps another module's
        Lazy,        // the same, at the first call through it and on the caller's stack
        Unknown,     // anything else
    };
    Filler By;
    uint64_t Target;
    llvm::StringRef Symbol; // what is looked up
};

class ElfImage {
  public:
    enum class Kind {
        Library, // whose exports are asked for; its build id names the answer
        Program, // linked by capcc: local symbols count too, and none are needed
    };
    /// Reads the file at \p Path. Errors say what is wrong and the remedy, without the path.
    static llvm::Expected<std::unique_ptr<ElfImage>> open(llvm::StringRef Path, Kind What = Kind::Library);

    llvm::StringRef path() const { return Path; }
    /// Lower-case hexadecimal.
    llvm::StringRef buildId() const { return BuildId; }

    bool isCode(uint64_t Address) const { return !codeFrom(Address).empty(); }
    /// The bytes from \p Address to the end of its piece of code; empty outside of all.
    llvm::ArrayRef<uint8_t> codeFrom(uint64_t Address) const;

    /// The little-endian word of \p Size bytes (1 to 8) at \p Address, if the running program can't change it.
    std::optional<uint64_t> constant(uint64_t Address, unsigned Size) const;

    /// What fills the word at \p Address; null when no relocation does.
    const Slot *slot(uint64_t Address) const;

    /// Sorted by address, then name.
    llvm::ArrayRef<Export> exports() const { return Exports; }
    /// The exported function whose code holds \p Address; empty when there is none.
    llvm::StringRef functionAt(uint64_t Address) const;

    /// Of a program: all functions that a symbol names, sorted by address.
    llvm::ArrayRef<Export> symbols() const { return Symbols; }

    /// The section of that name; no bytes if there is none.
    struct SectionBytes {
        uint64_t Address = 0;
        llvm::ArrayRef<uint8_t> Bytes;
    };
    SectionBytes section(llvm::StringRef Name) const;

    /// Calls back with each address in this image that the loader writes into a word, and with each piece of code.
    void forEachPointer(llvm::function_ref<void(uint64_t Target)> Callback) const;
    void forEachCode(llvm::function_ref<void(uint64_t Begin, llvm::ArrayRef<uint8_t> Bytes)> Callback) const;

    uint64_t frameSectionAddress() const { return FrameAddress; }
    /// .eh_frame; empty when there is none.
    llvm::StringRef frameSection() const { return FrameBytes; }

  private:
    using Elf = llvm::object::ELFFile<llvm::object::ELF64LE>;

    struct Segment {
        uint64_t Begin, FileEnd, End; // addresses
        llvm::ArrayRef<uint8_t> Bytes;
        bool Executable, Writable;
    };
    /// A section of code, or an executable and unwritable segment where the sections are not known: a segment may hold data too, as it
    /// does after --no-rosegment.
    struct Code {
        uint64_t Begin;
        llvm::ArrayRef<uint8_t> Bytes;
        bool holds(uint64_t Address) const { return Address - Begin < Bytes.size(); }
    };

    ElfImage(llvm::StringRef Path, std::unique_ptr<llvm::MemoryBuffer> Buffer, Kind What)
        : Path(Path), Buffer(std::move(Buffer)), What(What) {}
    llvm::Error load();
    llvm::Error loadSegments(const Elf &File);
    void findCode(const Elf &File);
    bool patchesCode() const;
    llvm::Error loadSections(const Elf &File);
    llvm::Error loadExports(const Elf &File, const Elf::Elf_Shdr &Section);
    llvm::Error loadSymbols(const Elf &File, const Elf::Elf_Shdr &Section);
    llvm::Error loadRelocations(const Elf &File, const Elf::Elf_Shdr &Section);
    const Segment *segmentAt(uint64_t Address) const;
    /// Whether the program can't write to the \p Size bytes at \p Address once they are relocated.
    bool isProtected(uint64_t Address, unsigned Size) const;

    std::string Path, BuildId;
    std::unique_ptr<llvm::MemoryBuffer> Buffer;
    std::vector<Segment> Segments;
    std::vector<Code> Codes;
    bool TextIsPatched = false; // as the dynamic section says: perhaps only data in a segment of code
    uint64_t RelroBegin = 0, RelroEnd = 0;
    bool BindsNow = false;
    llvm::DenseMap<uint64_t, Slot> Slots;
    const Kind What;
    std::vector<Export> Exports, Symbols;
    uint64_t FrameAddress = 0;
    llvm::StringRef FrameBytes;
};

} // namespace capstack

#endif
