// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads names and nothing else: neither assembly nor expressions are parsed.
#include "LinkedNames.h"
#include "../LinkerOptions.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/GlobalIFunc.h"

using namespace llvm;

namespace capriccio::pointsto {

void LinkedNames::read(StringRef Text) {
  auto Part = [](char C) { return isAlnum(C) || C == '_' || C == '$' || C == '.'; };
  while (!Text.empty()) {
    StringRef Word = Text.take_while(Part);
    if (!Word.empty())
      Mentioned.insert(Word);
    Text = Text.drop_front(Word.size() + (Word.size() < Text.size()));
  }
}

/// The symbols that bound the section, as lld makes them. Of the arrays' it makes them too where they are in numbered parts.
static SmallVector<std::string, 2> boundsOf(StringRef Section) {
  for (StringRef Array : {"preinit_array", "init_array", "fini_array"})
    if (Section.starts_with(("." + Array).str()))
      return {("__" + Array + "_start").str(), ("__" + Array + "_end").str()};
  return {("__start_" + Section).str(), ("__stop_" + Section).str()};
}

LinkedNames::LinkedNames(const Module &M) {
  read(M.getModuleInlineAsm());
  for (const std::string &Text : linkerOptions().Assignments)
    read(Text);
  for (const GlobalObject &Object : M.global_objects()) {
    if (Object.isDeclarationForLinker() || isa<GlobalIFunc>(Object) || Object.getName().starts_with("llvm."))
      continue;
    if (mentions(Object.getName()))
      Nameable.push_back(&Object);
    if (Object.hasSection() && Object.getSection() != "llvm.metadata")
      for (const std::string &Bound : boundsOf(Object.getSection()))
        Sections[Bound].push_back(&Object);
  }
  for (const GlobalAlias &Alias : M.aliases())
    if (const GlobalObject *Base = mentions(Alias.getName()) ? Alias.getAliaseeObject() : nullptr; Base && !isa<GlobalIFunc>(Base))
      Nameable.push_back(Base);
}

ArrayRef<const GlobalObject *> LinkedNames::behind(const GlobalValue &Declared) const {
  auto Section = Sections.find(Declared.getName());
  if (Section != Sections.end())
    return Section->second;
  return mentions(Declared.getName()) ? ArrayRef(Nameable) : ArrayRef<const GlobalObject *>();
}

} // namespace capriccio::pointsto
