// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and checks the ELF file. Everything that later steps index with is range-checked here, once, so that they can trust
// it: a file cut short or with headers that lie ends in one line, never in a read outside the buffer.

#include "ElfImage.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <tuple>

using namespace llvm;

namespace capstack {

namespace {

Error fault(const Twine &What) { return createStringError(inconvertibleErrorCode(), What); }

/// LLVM's own message for a broken file, with the remedy.
Error broken(Error E) { return fault("is damaged or cut short (" + toString(std::move(E)) + "): copy or install it again"); }

constexpr uint64_t PageSize = 4096;

constexpr const char *CutShort = "is damaged or cut short (a segment ends past the end of the file): copy or install it again";

} // namespace

Expected<std::unique_ptr<ElfImage>> ElfImage::open(StringRef Path, Kind What) {
    // Not memory-mapped: a library that a package upgrade truncates meanwhile would kill us with SIGBUS.
    ErrorOr<std::unique_ptr<MemoryBuffer>> Buffer =
        MemoryBuffer::getFile(Path, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
    if (!Buffer) return fault(Buffer.getError().message() + ": give a library or program that can be read");
    std::unique_ptr<ElfImage> Image(new ElfImage(Path, std::move(*Buffer), What));
    if (Error E = Image->load()) return std::move(E);
    return std::move(Image);
}

Error ElfImage::load() {
    StringRef Bytes = Buffer->getBuffer();
    if (!Bytes.starts_with(ELF::ElfMagic)) return fault("not an ELF file: give a shared library or a linked program");
    if (Bytes.size() < sizeof(Elf::Elf_Ehdr))
        return fault("is damaged or cut short (no room for a header): copy or install it again");
    if (Bytes[ELF::EI_CLASS] != ELF::ELFCLASS64 || Bytes[ELF::EI_DATA] != ELF::ELFDATA2LSB)
        return fault("not for x86-64: only 64-bit little-endian code can be read");

    Expected<Elf> File = Elf::create(Bytes);
    if (!File) return broken(File.takeError());
    const Elf::Elf_Ehdr &Header = File->getHeader();
    if (Header.e_machine != ELF::EM_X86_64) return fault("not for x86-64: only 64-bit little-endian code can be read");
    if (Header.e_type != ELF::ET_DYN && Header.e_type != ELF::ET_EXEC)
        return fault("not linked: give a shared library or a linked program");

    if (Error E = loadSegments(*File)) return E;
    findCode(*File);
    if (Error E = loadSections(*File)) return E;
    if (TextIsPatched && patchesCode())
        return fault("has relocations in its code, which is not final until it is loaded: build it with -fPIC");
    if (BuildId.empty() && What == Kind::Library)
        return fault("has no build id, so that a table for it could not be recognised: link it with --build-id");
    return Error::success();
}

Error ElfImage::loadSegments(const Elf &File) {
    Expected<Elf::Elf_Phdr_Range> Headers = File.program_headers();
    if (!Headers) return broken(Headers.takeError());
    uint64_t FileSize = Buffer->getBufferSize();
    for (const Elf::Elf_Phdr &Header : *Headers) {
        bool HasBytes = Header.p_type == ELF::PT_LOAD || Header.p_type == ELF::PT_NOTE || Header.p_type == ELF::PT_DYNAMIC;
        if (HasBytes && (Header.p_offset > FileSize || Header.p_filesz > FileSize - Header.p_offset)) return fault(CutShort);
        switch (Header.p_type) {
        case ELF::PT_LOAD: {
            if (Header.p_filesz > Header.p_memsz || Header.p_vaddr + Header.p_memsz < Header.p_vaddr) return fault(CutShort);
            ArrayRef<uint8_t> Bytes(File.base() + Header.p_offset, Header.p_filesz);
            Segments.push_back({Header.p_vaddr, Header.p_vaddr + Header.p_filesz, Header.p_vaddr + Header.p_memsz, Bytes,
                                (Header.p_flags & ELF::PF_X) != 0, (Header.p_flags & ELF::PF_W) != 0});
            break;
        }
        case ELF::PT_GNU_RELRO:
            RelroBegin = Header.p_vaddr;
            // The loader protects whole pages: what the last, partial one holds stays writable.
            RelroEnd = std::max<uint64_t>(RelroBegin, alignDown(Header.p_vaddr + Header.p_memsz, PageSize));
            break;
        case ELF::PT_NOTE: {
            Error NoteError = Error::success();
            for (const Elf::Elf_Note &Note : File.notes(Header, NoteError))
                if (Note.getType() == ELF::NT_GNU_BUILD_ID && Note.getName() == "GNU")
                    BuildId = toHex(Note.getDesc(Header.p_align == 8 ? 8 : 4), /*LowerCase=*/true);
            if (NoteError) return broken(std::move(NoteError));
            break;
        }
        default:
            break;
        }
    }
    if (none_of(Segments, [](const Segment &S) { return S.Executable && S.FileEnd > S.Begin; }))
        return fault("holds no code (is it a separate debug file?): give the library itself");

    Expected<Elf::Elf_Dyn_Range> Dynamic = File.dynamicEntries();
    if (!Dynamic) return broken(Dynamic.takeError());
    for (const Elf::Elf_Dyn &Entry : *Dynamic) {
        if (Entry.getTag() == ELF::DT_TEXTREL) TextIsPatched = true;
        if (Entry.getTag() == ELF::DT_BIND_NOW) BindsNow = true;
        if (Entry.getTag() == ELF::DT_FLAGS) {
            BindsNow |= (Entry.getVal() & ELF::DF_BIND_NOW) != 0;
            TextIsPatched |= (Entry.getVal() & ELF::DF_TEXTREL) != 0;
        }
        if (Entry.getTag() == ELF::DT_FLAGS_1) BindsNow |= (Entry.getVal() & ELF::DF_1_NOW) != 0;
    }
    return Error::success();
}

void ElfImage::findCode(const Elf &File) {
    auto Add = [&](uint64_t Begin, uint64_t Size) {
        const Segment *In = segmentAt(Begin);
        if (In && In->Executable && !In->Writable && Begin < In->FileEnd)
            Codes.push_back({Begin, In->Bytes.slice(Begin - In->Begin, std::min(Size, In->FileEnd - Begin))});
    };
    Expected<Elf::Elf_Shdr_Range> Sections = File.sections();
    if (!Sections) return consumeError(Sections.takeError()); // loadSections says what is wrong
    for (const Elf::Elf_Shdr &Section : *Sections)
        if ((Section.sh_flags & ELF::SHF_ALLOC) && (Section.sh_flags & ELF::SHF_EXECINSTR) && Section.sh_size)
            Add(Section.sh_addr, Section.sh_size);
    if (Sections->empty())
        for (const Segment &S : Segments) Add(S.Begin, S.End - S.Begin);
}

/// Whether a relocation is known to lie in code. Without a word on it, some do.
bool ElfImage::patchesCode() const {
    return Slots.empty() || any_of(Slots, [&](const auto &Filled) {
               return any_of(Codes, [At = Filled.first](const Code &C) { return C.holds(At) || C.holds(At + 7); });
           });
}

Error ElfImage::loadSections(const Elf &File) {
    Expected<Elf::Elf_Shdr_Range> Sections = File.sections();
    if (!Sections) return broken(Sections.takeError());
    bool HasSymbols = false;
    SmallVector<std::pair<uint64_t, uint64_t>, 2> Tables;
    for (const Elf::Elf_Shdr &Section : *Sections) {
        if (Section.sh_type == ELF::SHT_SYMTAB && What == Kind::Program)
            if (Error E = loadSymbols(File, Section)) return E;
        if (!(Section.sh_flags & ELF::SHF_ALLOC)) continue;
        if ((Section.sh_flags & ELF::SHF_EXECINSTR) && Section.sh_type == ELF::SHT_NOBITS && Section.sh_size != 0)
            return fault("holds no code (is it a separate debug file?): give the library itself");
        if (Section.sh_type == ELF::SHT_RELA || Section.sh_type == ELF::SHT_RELR) {
            if (Error E = loadRelocations(File, Section)) return E;
        } else if (Section.sh_type == ELF::SHT_DYNSYM) {
            HasSymbols = true;
            if (Error E = loadExports(File, Section)) return E;
        } else if (Section.sh_type == ELF::SHT_PROGBITS || Section.sh_type == ELF::SHT_X86_64_UNWIND) {
            Expected<StringRef> Name = File.getSectionName(Section);
            if (!Name) return broken(Name.takeError());
            if (*Name == ".got" || *Name == ".got.plt") Tables.push_back({Section.sh_addr, Section.sh_addr + Section.sh_size});
            if (*Name != ".eh_frame") continue;
            Expected<ArrayRef<uint8_t>> Bytes = File.getSectionContents(Section);
            if (!Bytes) return broken(Bytes.takeError());
            FrameAddress = Section.sh_addr;
            FrameBytes = toStringRef(*Bytes);
        }
    }
    // Of the words that resolvers fill, only those of the linker's own tables are never written again; a pointer variable of
    // the program, initialised with the address of an IFUNC, may be.
    for (auto &[Address, Filled] : Slots) {
        auto Holds = [A = Address](const std::pair<uint64_t, uint64_t> &Table) { return A >= Table.first && A < Table.second; };
        if (Filled.By == Slot::Filler::Resolver && !isProtected(Address, 8) && none_of(Tables, Holds))
            Filled.By = Slot::Filler::Unknown;
    }
    if (!HasSymbols && What == Kind::Library)
        return fault("has no dynamic symbols: give a shared library, or a program that is linked dynamically");
    llvm::sort(Exports, [](const Export &A, const Export &B) { return std::tie(A.Address, A.Name) < std::tie(B.Address, B.Name); });
    return Error::success();
}

Error ElfImage::loadExports(const Elf &File, const Elf::Elf_Shdr &Section) {
    Expected<Elf::Elf_Sym_Range> Symbols = File.symbols(&Section);
    if (!Symbols) return broken(Symbols.takeError());
    Expected<StringRef> Names = File.getStringTableForSymtab(Section);
    if (!Names) return broken(Names.takeError());
    for (const Elf::Elf_Sym &Symbol : *Symbols) {
        unsigned Type = Symbol.getType(), Binding = Symbol.getBinding(), Visibility = Symbol.getVisibility();
        if (Symbol.st_shndx == ELF::SHN_UNDEF || Symbol.st_shndx == ELF::SHN_ABS || Binding == ELF::STB_LOCAL) continue;
        if (Visibility != ELF::STV_DEFAULT && Visibility != ELF::STV_PROTECTED) continue;
        if (Type != ELF::STT_FUNC && Type != ELF::STT_GNU_IFUNC && Type != ELF::STT_NOTYPE) continue;
        if (!isCode(Symbol.st_value)) continue;
        Expected<StringRef> Name = Symbol.getName(*Names);
        if (!Name) return broken(Name.takeError());
        Exports.push_back({*Name, Symbol.st_value, Symbol.st_size, Type == ELF::STT_GNU_IFUNC});
    }
    return Error::success();
}

Error ElfImage::loadSymbols(const Elf &File, const Elf::Elf_Shdr &Section) {
    Expected<Elf::Elf_Sym_Range> Table = File.symbols(&Section);
    if (!Table) return broken(Table.takeError());
    Expected<StringRef> Names = File.getStringTableForSymtab(Section);
    if (!Names) return broken(Names.takeError());
    for (const Elf::Elf_Sym &Symbol : *Table) {
        if (Symbol.st_shndx == ELF::SHN_UNDEF || Symbol.getType() != ELF::STT_FUNC || !isCode(Symbol.st_value)) continue;
        Expected<StringRef> Name = Symbol.getName(*Names);
        if (!Name) return broken(Name.takeError());
        Symbols.push_back({*Name, Symbol.st_value, Symbol.st_size, false});
    }
    llvm::sort(Symbols, [](const Export &A, const Export &B) { return std::tie(A.Address, A.Name) < std::tie(B.Address, B.Name); });
    return Error::success();
}

ElfImage::SectionBytes ElfImage::section(StringRef Wanted) const {
    SectionBytes Nothing;
    Expected<Elf> File = Elf::create(Buffer->getBuffer());
    Expected<Elf::Elf_Shdr_Range> Sections = File ? File->sections() : File.takeError();
    if (!Sections) {
        consumeError(Sections.takeError());
        return Nothing;
    }
    for (const Elf::Elf_Shdr &Section : *Sections) {
        Expected<StringRef> Name = File->getSectionName(Section);
        Expected<ArrayRef<uint8_t>> Bytes = ArrayRef<uint8_t>();
        if (Name && *Name == Wanted && Section.sh_type != ELF::SHT_NOBITS) {
            Bytes = File->getSectionContents(Section);
            if (Bytes) return {Section.sh_addr, *Bytes};
        }
        if (!Name) consumeError(Name.takeError());
        if (!Bytes) consumeError(Bytes.takeError());
    }
    return Nothing;
}

void ElfImage::forEachPointer(function_ref<void(uint64_t)> Callback) const {
    for (const auto &[Address, Filled] : Slots)
        if (Filled.By == Slot::Filler::Relative) Callback(Filled.Target);
}

void ElfImage::forEachCode(function_ref<void(uint64_t, ArrayRef<uint8_t>)> Callback) const {
    for (const Code &C : Codes) Callback(C.Begin, C.Bytes);
}

Error ElfImage::loadRelocations(const Elf &File, const Elf::Elf_Shdr &Section) {
    if (Section.sh_type == ELF::SHT_RELR) {
        Expected<Elf::Elf_Relr_Range> Packed = File.relrs(Section);
        if (!Packed) return broken(Packed.takeError());
        for (const Elf::Elf_Rel &Entry : File.decode_relrs(*Packed)) {
            const Segment *In = segmentAt(Entry.r_offset);
            // The addend is the word itself, as the linker left it.
            if (!In || In->FileEnd < Entry.r_offset || In->FileEnd - Entry.r_offset < 8) return fault(CutShort);
            uint64_t Target = support::endian::read64le(In->Bytes.data() + (Entry.r_offset - In->Begin));
            Slots[Entry.r_offset] = {Slot::Filler::Relative, Target, {}};
        }
        return Error::success();
    }
    Expected<Elf::Elf_Rela_Range> Entries = File.relas(Section);
    if (!Entries) return broken(Entries.takeError());
    Expected<const Elf::Elf_Shdr *> SymbolSection = nullptr;
    StringRef Names;
    if (Section.sh_link != 0) {
        SymbolSection = File.getSection(Section.sh_link);
        if (!SymbolSection) return broken(SymbolSection.takeError());
        if ((*SymbolSection)->sh_type == ELF::SHT_DYNSYM) {
            Expected<StringRef> Table = File.getStringTableForSymtab(**SymbolSection);
            if (!Table) return broken(Table.takeError());
            Names = *Table;
        }
    }
    for (const Elf::Elf_Rela &Entry : *Entries) {
        Slot Filled{Slot::Filler::Unknown, uint64_t(Entry.r_addend), {}};
        unsigned Type = Entry.getType(false);
        if (Type == ELF::R_X86_64_RELATIVE) Filled.By = Slot::Filler::Relative;
        if (Type == ELF::R_X86_64_IRELATIVE) Filled.By = Slot::Filler::Resolver;
        if (Type == ELF::R_X86_64_GLOB_DAT) Filled.By = Slot::Filler::OtherModule;
        if (Type == ELF::R_X86_64_JUMP_SLOT) Filled.By = BindsNow ? Slot::Filler::OtherModule : Slot::Filler::Lazy;
        if (Entry.getSymbol(false) != 0 && !Names.empty()) {
            Expected<const Elf::Elf_Sym *> Symbol = File.getRelocationSymbol(Entry, *SymbolSection);
            if (!Symbol) return broken(Symbol.takeError());
            Expected<StringRef> Name = (*Symbol)->getName(Names);
            if (!Name) return broken(Name.takeError());
            Filled.Symbol = *Name;
        }
        // DenseMap keeps two keys for itself; no slot lies there.
        if (Entry.r_offset < ~uint64_t(1)) Slots[Entry.r_offset] = Filled;
    }
    return Error::success();
}

const ElfImage::Segment *ElfImage::segmentAt(uint64_t Address) const {
    for (const Segment &S : Segments)
        if (Address >= S.Begin && Address < S.End) return &S;
    return nullptr;
}

ArrayRef<uint8_t> ElfImage::codeFrom(uint64_t Address) const {
    for (const Code &C : Codes)
        if (C.holds(Address)) return C.Bytes.drop_front(Address - C.Begin);
    return {};
}

bool ElfImage::isProtected(uint64_t Address, unsigned Size) const {
    const Segment *In = segmentAt(Address);
    if (!In || In->End - Address < Size) return false;
    return !In->Writable || (Address >= RelroBegin && Address < RelroEnd && RelroEnd - Address >= Size);
}

std::optional<uint64_t> ElfImage::constant(uint64_t Address, unsigned Size) const {
    if (!isProtected(Address, Size)) return std::nullopt;
    const Segment *In = segmentAt(Address);
    // A relocation that starts up to seven bytes below also reaches into the word.
    for (uint64_t At = Address > 7 ? Address - 7 : 0; At < Address + Size; At++) {
        const Slot *Filled = slot(At);
        if (!Filled) continue;
        if (At == Address && Size == 8 && Filled->By == Slot::Filler::Relative) return Filled->Target;
        return std::nullopt;
    }
    uint64_t Word = 0;
    for (unsigned I = 0; I < Size; I++)
        if (Address + I < In->FileEnd) Word |= uint64_t(In->Bytes[Address + I - In->Begin]) << (8 * I);
    return Word;
}

const Slot *ElfImage::slot(uint64_t Address) const {
    if (Address >= ~uint64_t(1)) return nullptr;
    auto Found = Slots.find(Address);
    return Found == Slots.end() ? nullptr : &Found->second;
}

StringRef ElfImage::functionAt(uint64_t Address) const {
    // Aliases and nested symbols: a few steps back suffice, and this serves messages only.
    auto In = [&](ArrayRef<Export> Table) -> StringRef {
        auto After = llvm::upper_bound(Table, Address, [](uint64_t A, const Export &E) { return A < E.Address; });
        for (int Steps = 0; After != Table.begin() && Steps < 8; Steps++) {
            --After;
            if (Address - After->Address < After->Size || Address == After->Address) return After->Name;
        }
        return {};
    };
    StringRef Name = In(Symbols);
    return Name.empty() ? In(Exports) : Name;
}

} // namespace capstack
