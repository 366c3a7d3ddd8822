// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What proves two locks different: their kinds, distinct variables, distinct offsets in the same object, and a global variable whose
// address no code keeps, since then nothing but its name leads to it. The last makes unlocking by an unknown pointer harmless to
// most static mutexes.
#include "LockPaths.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace capriccio {
namespace {

/// Calls deep that the address of a lock is followed through wrappers; three are met.
constexpr unsigned MostCalls = 4;

bool isVariable(const Value *V) { return isa_and_nonnull<GlobalVariable, AllocaInst>(V); }

const DIType *withoutNames(const DIType *T) {
  while (const auto *D = dyn_cast_or_null<DIDerivedType>(T)) {
    if (!is_contained({dwarf::DW_TAG_typedef, dwarf::DW_TAG_const_type, dwarf::DW_TAG_volatile_type, dwarf::DW_TAG_restrict_type,
                       dwarf::DW_TAG_atomic_type},
                      D->getTag()))
      break;
    T = D->getBaseType();
  }
  return T;
}

/// Adds the names of the members (or `[i]`) that lie at the offset, down to the type of a lock or one that is not described.
const DIType *addMembers(const DIType *T, int64_t Offset, StringRef First, std::string &Text) {
  StringRef Before = First;
  while (Offset >= 0) {
    if (const auto *Named = dyn_cast_or_null<DIDerivedType>(T);
        Named && Named->getTag() == dwarf::DW_TAG_typedef && (Named->getName().starts_with("pthread_") || Named->getName() == "mtx_t"))
      return Offset == 0 ? T : nullptr;
    const auto *C = dyn_cast_or_null<DICompositeType>(withoutNames(T));
    if (!C)
      return Offset == 0 ? T : nullptr;
    if (C->getTag() == dwarf::DW_TAG_array_type) {
      const DIType *Element = C->getBaseType();
      int64_t Bytes = Element ? Element->getSizeInBits() / 8 : 0;
      if (!Bytes || C->getElements().size() != 1)
        return nullptr;
      Text += ("[" + Twine(Offset / Bytes) + "]").str();
      Offset %= Bytes;
      T = Element;
      Before = ".";
      continue;
    }
    const DIDerivedType *Found = nullptr;
    for (const DINode *E : C->getElements())
      if (const auto *M = dyn_cast<DIDerivedType>(E);
          M && M->getTag() == dwarf::DW_TAG_member && !M->isStaticMember() && M->getBaseType()) {
        int64_t At = M->getOffsetInBits() / 8, Size = M->getBaseType()->getSizeInBits() / 8;
        if (At <= Offset && Offset < std::max(At + Size, At + 1))
          Found = M;
      }
    if (!Found)
      return nullptr;
    if (!Found->getName().empty()) {
      Text += (Before + Found->getName()).str();
      Before = ".";
    }
    Offset -= Found->getOffsetInBits() / 8;
    T = Found->getBaseType();
  }
  return nullptr;
}

struct Variable {
  StringRef Name;
  const DIType *Type = nullptr;
  bool Held = false; // the base is what the variable holds, and not its address
};

SmallVector<Variable, 2> variablesOf(const Value &Base, const Function &In) {
  SmallVector<Variable, 2> Found;
  if (const auto *GV = dyn_cast<GlobalVariable>(&Base)) {
    SmallVector<DIGlobalVariableExpression *, 1> Known;
    GV->getDebugInfo(Known);
    for (const DIGlobalVariableExpression *E : Known)
      Found.push_back({E->getVariable()->getName(), E->getVariable()->getType(), false});
    return Found;
  }
  for (const Instruction &I : instructions(In))
    for (const DbgVariableRecord &R : filterDbgVars(I.getDbgRecordRange()))
      if (R.getNumVariableLocationOps() == 1 && R.getVariableLocationOp(0) == &Base && R.getExpression()->getNumElements() == 0)
        Found.push_back({R.getVariable()->getName(), R.getVariable()->getType(), !R.isDbgDeclare()});
  return Found;
}

/// The path from the variable, or nothing where its type does not tell.
std::string describeFrom(const Variable &V, const LockPath &Path) {
  std::string Text = V.Name.str();
  const DIType *T = V.Type;
  // Where the base is an address, the first offset lies in the variable; where it is a pointer's value, in what that points to.
  for (unsigned I = 0; T && I != Path.Offsets.size(); ++I) {
    bool Through = I != 0 || V.Held;
    if (Through) {
      const auto *P = dyn_cast_or_null<DIDerivedType>(withoutNames(T));
      T = P && P->getTag() == dwarf::DW_TAG_pointer_type ? P->getBaseType() : nullptr;
    }
    size_t Before = Text.size();
    if (T)
      T = addMembers(T, Path.Offsets[I], Through ? "->" : ".", Text);
    if (T && Through && Text.size() == Before) // nothing but `*` would say this
      return I + 1 == Path.Offsets.size() ? "*" + Text : "";
  }
  return T ? Text : "";
}

} // namespace

LockPath lockPath(LockKind Kind, const Value *Pointer, const DataLayout &DL, unsigned Reads) {
  LockPath Path;
  Path.Kind = Kind;
  SmallVector<int64_t, 3> Backwards;
  for (;;) {
    APInt Offset(DL.getIndexTypeSizeInBits(Pointer->getType()), 0);
    Pointer = Pointer->stripAndAccumulateConstantOffsets(DL, Offset, /*AllowNonInbounds=*/true)->stripPointerCastsAndAliases();
    Backwards.push_back(Offset.getSExtValue());
    const auto *L = dyn_cast<LoadInst>(Pointer);
    if (!L || Backwards.size() > Reads)
      break;
    Pointer = L->getPointerOperand();
  }
  Path.Base = Pointer;
  Path.Offsets.assign(Backwards.rbegin(), Backwards.rend());
  return Path;
}

LockPath seenFrom(const CallBase &Site, const LockPath &Inside) {
  if (isa_and_nonnull<GlobalVariable>(Inside.Base))
    return Inside;
  LockPath Path;
  Path.Kind = Inside.Kind;
  const auto *A = dyn_cast_or_null<Argument>(Inside.Base);
  if (!A || A->getArgNo() >= Site.arg_size() || !Site.getArgOperand(A->getArgNo())->getType()->isPointerTy())
    return Path;
  LockPath Outside = lockPath(Inside.Kind, Site.getArgOperand(A->getArgNo()), Site.getModule()->getDataLayout());
  if (Outside.Offsets.size() + Inside.Offsets.size() > MostReads + 1)
    return Path;
  Outside.Offsets.back() += Inside.Offsets.front();
  Outside.Offsets.append(Inside.Offsets.begin() + 1, Inside.Offsets.end());
  return Outside;
}

LockAliases::Spread LockAliases::spread(const Value &Address, unsigned Depth) {
  Spread Most = Spread::Nowhere;
  for (const Use &U : Address.uses()) {
    const User *By = U.getUser();
    Spread Here = Spread::Anywhere;
    if (isa<GEPOperator>(By)) {
      Here = spread(*By, Depth);
    } else if (const auto *S = dyn_cast<StoreInst>(By)) {
      if (U.getOperandNo() == S->getPointerOperandIndex())
        Here = Spread::Nowhere;
    } else if (const auto *CB = dyn_cast<CallBase>(By)) {
      const auto *F = dyn_cast<Function>(CB->getCalledOperand()->stripPointerCastsAndAliases());
      if (F && (isa<IntrinsicInst>(CB) || (F->isDeclaration() && lockEffect(F->getName()).Does != LockEffect::None)))
        Here = Spread::Nowhere;
      else if (F && !F->isDeclaration() && Depth < MostCalls && CB->isArgOperand(&U) && CB->getArgOperandNo(&U) < F->arg_size())
        Here = std::max(Spread::Arguments, spread(*F->getArg(CB->getArgOperandNo(&U)), Depth + 1));
    } else if (isa<LoadInst, ICmpInst, AtomicRMWInst, AtomicCmpXchgInst>(By)) {
      Here = Spread::Nowhere;
    }
    Most = std::max(Most, Here);
    if (Most == Spread::Anywhere)
      break;
  }
  return Most;
}

bool LockAliases::isReachedByName(const LockPath &P, bool ByArguments) {
  if (P.reads() || !isa_and_nonnull<GlobalVariable>(P.Base))
    return false;
  auto [It, New] = Known.try_emplace(P.Base, Spread::Anywhere);
  if (New)
    It->second = spread(*P.Base, 0);
  return It->second == Spread::Nowhere || (It->second == Spread::Arguments && !ByArguments);
}

bool LockAliases::mayBeSame(const LockPath &A, const LockPath &B) {
  if (A.Kind != B.Kind)
    return false;
  if (!A.isKnown() || !B.isKnown())
    return !isReachedByName(A, false) && !isReachedByName(B, false);
  if (A.Base == B.Base && A.Offsets.size() == B.Offsets.size())
    return A.Offsets == B.Offsets || !ArrayRef(A.Offsets).drop_back().equals(ArrayRef(B.Offsets).drop_back());
  // Elements of an array have its name, whatever their number.
  const Value *InA = A.reads() ? nullptr : getUnderlyingObject(A.Base), *InB = B.reads() ? nullptr : getUnderlyingObject(B.Base);
  if (InA && InA == InB)
    return true;
  if (isReachedByName(A, isa_and_nonnull<Argument>(InB)) || isReachedByName(B, isa_and_nonnull<Argument>(InA)) ||
      (isVariable(InA) && isVariable(InB)))
    return false;
  // A caller cannot have passed what this function has made.
  return !(isa_and_nonnull<Argument>(InA) && isa_and_nonnull<AllocaInst>(InB)) &&
         !(isa_and_nonnull<Argument>(InB) && isa_and_nonnull<AllocaInst>(InA));
}

std::string describe(const LockPath &Path, const Function &In) {
  if (!Path.isKnown())
    return "";
  if (const auto *Element = dyn_cast<GetElementPtrInst>(Path.Base); Element && Path.Offsets.size() == 1) {
    std::string Text = describe(lockPath(Path.Kind, Element->getPointerOperand(), In.getParent()->getDataLayout()), In);
    StringRef Array = Text;
    Array.consume_front("*");
    Array.consume_back("[0]");
    return Array.empty() ? "" : (Array + "[...]").str();
  }
  for (const Variable &V : variablesOf(*Path.Base, In))
    if (std::string Text = V.Name.empty() ? "" : describeFrom(V, Path); !Text.empty())
      return Text;
  if (!isa<GlobalVariable>(Path.Base) || Path.reads())
    return "";
  std::string Symbol = Path.Base->getName().str();
  return Path.Offsets[0] ? Symbol + "+" + std::to_string(Path.Offsets[0]) : Symbol;
}

} // namespace capriccio
