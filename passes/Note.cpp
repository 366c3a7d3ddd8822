// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The note's layout is in docs/abi.md. A section whose name begins with .note becomes SHT_NOTE by itself.
#include "Note.h"
#include "RuntimeABI.h"
#include "llvm/IR/Constants.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace capriccio {

void emitNote(Module &M, const CallGraph &G, const Options &O) {
  LLVMContext &C = M.getContext();
  uint32_t Sites = 0, Checkpoints = 0;
  for (const Node &N : G.Nodes)
    for (const CallEdge &E : N.Edges) {
      Sites += E.Site != nullptr;
      Checkpoints += E.Kind == EdgeKind::Checkpoint;
    }
  const char Name[12] = "Capriccio";
  uint32_t Words[] = {abi::Version, uint32_t(O.MaxPath), uint32_t(O.MinChunk),
                      uint32_t(G.Nodes.size()), Sites, Checkpoints};
  Type *I32 = Type::getInt32Ty(C);
  Constant *Fields[] = {
      ConstantInt::get(I32, 10),            // name size, with its zero
      ConstantInt::get(I32, sizeof(Words)), // description size
      ConstantInt::get(I32, 1),             // type
      ConstantDataArray::getString(C, StringRef(Name, 12), /*AddNull=*/false),
      ConstantDataArray::get(C, ArrayRef<uint32_t>(Words))};
  Constant *Init = ConstantStruct::getAnon(C, Fields);
  auto *Note = new GlobalVariable(M, Init->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage, Init,
                                  "capr.note");
  Note->setSection(abi::NoteSection);
  Note->setAlignment(Align(4));
  appendToUsed(M, {Note});
}

void emitRuntimeConstants(Module &M, const Externals &X, const Options &O) {
  LLVMContext &C = M.getContext();
  defineForRuntime(M, abi::MinChunk, ConstantInt::get(Type::getInt32Ty(C), O.MinChunk));
  defineForRuntime(M, abi::LeafTrusted, ConstantInt::get(Type::getInt64Ty(C), X.trustedLeaves()));
  // Build ids are 20 bytes (SHA-1) or 16; the array is as long as the longest.
  std::string Id = X.leafBuildId();
  defineForRuntime(M, abi::LeafBuildIdSize, ConstantInt::get(Type::getInt32Ty(C), Id.size()));
  Id.resize(std::max<size_t>(Id.size(), 20));
  defineForRuntime(M, abi::LeafBuildId, ConstantDataArray::getString(C, Id, /*AddNull=*/false));
}

} // namespace capriccio
