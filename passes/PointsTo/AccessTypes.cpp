// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types form a tree in the metadata: "any pointer" above all kinds of pointers, "omnipotent char" above everything. Two types
// may meet if one is above the other.
#include "AccessTypes.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Metadata.h"

using namespace llvm;

namespace capriccio::pointsto {

static const MDNode *parentOf(const MDNode *Type) {
  return Type->getNumOperands() >= 2 ? dyn_cast_or_null<MDNode>(Type->getOperand(1)) : nullptr;
}

AccessType AccessTypes::of(const Instruction &I) {
  const MDNode *Tag = I.getMetadata(LLVMContext::MD_tbaa);
  // Struct-path tags only: (base type, access type, offset). A type is (name, parent, offset); what has more is a structure.
  if (!Tag || Tag->getNumOperands() < 3)
    return 0;
  const auto *Type = dyn_cast_or_null<MDNode>(Tag->getOperand(1));
  if (!Type || Type->getNumOperands() < 2 || Type->getNumOperands() > 3)
    return 0;
  const auto *Name = dyn_cast_or_null<MDString>(Type->getOperand(0));
  if (!Name || Name->getString() == "omnipotent char" || !parentOf(Type))
    return 0;
  auto [It, New] = Numbers.try_emplace(Type, 0);
  if (New && Nodes.size() < UINT16_MAX) {
    It->second = Nodes.size();
    Nodes.push_back(Type);
  }
  return It->second;
}

bool AccessTypes::mayMeet(AccessType A, AccessType B) const {
  if (!A || !B || A == B)
    return true;
  auto [It, New] = Known.try_emplace(uint32_t(std::min(A, B)) << 16 | std::max(A, B), false);
  if (!New)
    return It->second;
  auto Above = [&](const MDNode *High, const MDNode *Low) {
    const MDNode *Root = Low;
    for (; Low; Low = parentOf(Low)) {
      if (Low == High)
        return true;
      Root = Low;
    }
    // Trees of two languages say nothing about each other.
    const MDNode *Other = High;
    while (const MDNode *Next = parentOf(Other))
      Other = Next;
    return Root != Other;
  };
  return It->second = Above(Nodes[A], Nodes[B]) || Above(Nodes[B], Nodes[A]);
}

} // namespace capriccio::pointsto
