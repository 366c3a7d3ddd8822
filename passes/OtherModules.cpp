// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A shared object of ours lists its functions in a note (Note.cpp). Of the others the dynamic symbols are read, and only for
// the link of a shared object: there every name that no library on the line is known to define may be the program's.
#include "OtherModules.h"
#include "LinkerOptions.h"
#include "Note.h"
#include "RuntimeABI.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace llvm::object;

namespace capriccio {

OtherModules::OtherModules(const Options &O) : O(O), Symbolic(linkerOptions().Symbolic) {
  for (const std::string &Path : linkerOptions().SharedObjects)
    readObject(Path, 0);
}

/// The functions that the note of a shared object of ours lists; false if it has no such note.
static bool readNote(const ELFFile<ELF64LE> &File, StringSet<> &Names) {
  auto Sections = File.sections();
  if (!Sections) {
    consumeError(Sections.takeError());
    return false;
  }
  bool Found = false;
  for (const auto &Section : *Sections) {
    Error Bad = Error::success();
    if (Section.sh_type == ELF::SHT_NOTE)
      for (const auto &Note : File.notes(Section, Bad))
        if (Note.getName() == abi::NoteName && Note.getType() == abi::NoteExports) {
          Found = true;
          // A 32-bit word and a name that ends in zeros up to the next word, for each.
          StringRef Text = Note.getDescAsStringRef(4);
          while (Text.size() > 4) {
            StringRef Name = Text.drop_front(4).take_until([](char C) { return C == 0; });
            Names.insert(Name);
            Text = Text.drop_front(std::min<size_t>(Text.size(), alignTo(4 + Name.size() + 1, 4)));
          }
        }
    consumeError(std::move(Bad));
  }
  return Found;
}

void OtherModules::readObject(StringRef Path, unsigned Depth) {
  auto Buffer = MemoryBuffer::getFile(Path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!Buffer)
    return; // lld has said so, or does without it
  StringRef Contents = (*Buffer)->getBuffer();
  if (!Contents.starts_with("\x7f"
                            "ELF")) {
    // A linker script, as libc.so is: the libraries that it names by their paths.
    if (Depth || Contents.size() > 65536)
      return;
    SmallVector<StringRef, 0> Words;
    SplitString(Contents, Words, " \t\n()");
    for (StringRef Word : Words)
      if (Word.starts_with("/") && Word.contains(".so"))
        readObject(Word, 1);
    return;
  }
  auto Object = ObjectFile::createELFObjectFile((*Buffer)->getMemBufferRef());
  if (!Object) {
    consumeError(Object.takeError());
    return;
  }
  const auto *File = dyn_cast<ELF64LEObjectFile>(Object->get());
  if (!File || cast<ELFObjectFileBase>(**Object).getEType() != ELF::ET_DYN || readNote(File->getELFFile(), Ours) || !O.Shared)
    return;
  for (const ELFSymbolRef &Symbol : File->getDynamicSymbolIterators()) {
    auto Flags = Symbol.getFlags();
    auto Name = Symbol.getName();
    if (Flags && Name && !(*Flags & BasicSymbolRef::SF_Undefined))
      Plain.insert(*Name);
    consumeError(Flags.takeError());
    consumeError(Name.takeError());
  }
}

/// True if `Name`, defined here, may be replaced by a definition elsewhere when the program starts.
bool OtherModules::isPreemptible(const GlobalValue &Name) const {
  // Position-independent code for a shared object says so by itself where it calls its own (-fno-semantic-interposition); of other code
  // clang always says so, and the linker decides.
  const Module &M = *Name.getParent();
  bool SaysOwn = Name.isDSOLocal() && M.getPICLevel() != PICLevel::NotPIC && M.getPIELevel() == PIELevel::Default;
  return O.Shared && !Symbolic && !Name.hasLocalLinkage() && Name.hasDefaultVisibility() && !SaysOwn;
}

bool OtherModules::mayReach(const GlobalValue &Name) const {
  if (!Name.isDeclarationForLinker())
    return isPreemptible(Name);
  if (!Name.hasDefaultVisibility())
    return false; // of this file's machine code
  if (!O.Shared)
    return Ours.contains(Name.getName());
  return O.Replaced.contains(Name.getName()) || Ours.contains(Name.getName()) || !Plain.contains(Name.getName());
}

} // namespace capriccio
