// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The note's layout is in docs/abi.md. A section whose name begins with .note becomes SHT_NOTE by itself.
#include "Note.h"
#include "RuntimeABI.h"
#include "llvm/IR/Constants.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace capriccio {

static void addNote(Module &M, uint32_t Kind, Constant *Description, uint32_t Bytes, const Twine &Symbol) {
  LLVMContext &C = M.getContext();
  Type *I32 = Type::getInt32Ty(C);
  StringRef Name = abi::NoteName;
  std::string Padded = Name.str();
  Padded.resize(alignTo(Name.size() + 1, 4));
  Constant *Fields[] = {ConstantInt::get(I32, Name.size() + 1), // with its zero
                        ConstantInt::get(I32, Bytes), ConstantInt::get(I32, Kind),
                        ConstantDataArray::getString(C, Padded, /*AddNull=*/false), Description};
  Constant *Init = ConstantStruct::getAnon(C, Fields);
  auto *Note = new GlobalVariable(M, Init->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage, Init, Symbol);
  Note->setSection(abi::NoteSection);
  Note->setAlignment(Align(4));
  appendToUsed(M, {Note});
}

void emitNote(Module &M, const CallGraph &G, const Options &O) {
  uint32_t Sites = 0, Checkpoints = 0;
  for (const Node &N : G.Nodes)
    for (const CallEdge &E : N.Edges) {
      Sites += E.Site != nullptr;
      Checkpoints += E.Kind == EdgeKind::Checkpoint;
    }
  uint32_t Words[] = {abi::Version, uint32_t(O.MaxPath), uint32_t(O.MinChunk),
                      uint32_t(G.Nodes.size()), Sites, Checkpoints};
  addNote(M, abi::NoteTotals, ConstantDataArray::get(M.getContext(), ArrayRef<uint32_t>(Words)), sizeof(Words), "capr.note");
}

void emitExports(Module &M, const CallGraph &G) {
  std::string Text;
  for (const Node &N : G.Nodes) {
    // The entry stub has taken the name over.
    StringRef Name = N.F->getName();
    if (!N.Entered || !Name.consume_back("$body"))
      continue;
    const Function *Entry = M.getFunction(Name);
    if (!Entry || Entry->hasLocalLinkage() || Entry->hasHiddenVisibility())
      continue;
    uint32_t Depth = N.Depth;
    Text.append(reinterpret_cast<const char *>(&Depth), 4);
    Text += Name;
    Text.resize(alignTo(Text.size() + 1, 4));
  }
  addNote(M, abi::NoteExports, ConstantDataArray::getString(M.getContext(), Text, /*AddNull=*/false), Text.size(), "capr.exports");
}

void emitRuntimeConstants(Module &M, const Externals &X, const Options &O) {
  LLVMContext &C = M.getContext();
  defineForRuntime(M, abi::MaxPath, ConstantInt::get(Type::getInt32Ty(C), O.MaxPath));
  defineForRuntime(M, abi::MinChunk, ConstantInt::get(Type::getInt32Ty(C), O.MinChunk));
  defineForRuntime(M, abi::LeafTrusted, ConstantInt::get(Type::getInt64Ty(C), X.trustedLeaves()));
  // Build ids are 20 bytes (SHA-1) or 16; the array is as long as the longest.
  std::string Id = X.leafBuildId();
  defineForRuntime(M, abi::LeafBuildIdSize, ConstantInt::get(Type::getInt32Ty(C), Id.size()));
  Id.resize(std::max<size_t>(Id.size(), 20));
  defineForRuntime(M, abi::LeafBuildId, ConstantDataArray::getString(C, Id, /*AddNull=*/false));
}

} // namespace capriccio
