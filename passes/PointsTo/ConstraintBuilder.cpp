// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One case per kind of instruction. Where an instruction is not followed exactly, its result may be anywhere in the objects
// that its operands point to; where a value leaves what can be followed, it escapes. Nothing is dropped but what cannot be a
// pointer: results of comparisons, of floating-point arithmetic, of multiplication and division, and differences of two
// pointers, which are numbers until they are added to a pointer again, and then stay in that pointer's object.
#include "ConstraintBuilder.h"
#include "Addresses.h"
#include "Values.h"
#include "llvm/IR/GetElementPtrTypeIterator.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace capriccio::pointsto {

ConstraintBuilder::ConstraintBuilder(const Function &F, SharedAddresses &Shared, AccessTypes &Types)
    : F(F), DL(F.getParent()->getDataLayout()), Shared(Shared), Types(Types) {
  T.F = &F;
}

Template ConstraintBuilder::build() {
  findNarrowCopies();
  for (const Argument &A : F.args())
    T.Parameters.push_back(lanes(A));
  for (unsigned I = 0, E = laneCount(F.getReturnType(), DL); I != E; ++I)
    T.Results.push_back(fresh());
  if (F.isVarArg()) {
    T.VarArgs = T.Objects.size();
    T.Objects.push_back({&F, UnknownSize});
  }
  for (const Instruction &I : instructions(F))
    visit(I);
  return std::move(T);
}

unsigned ConstraintBuilder::count(const Value &V) const {
  if (unsigned N = laneCount(V.getType(), DL))
    return N;
  return NarrowCopies.contains(&V);
}

Lanes ConstraintBuilder::lanes(const Value &V) {
  if (const auto *C = dyn_cast<Constant>(&V))
    return constantLanes(*C);
  if (isa<MetadataAsValue>(V) || isa<BasicBlock>(V) || isa<InlineAsm>(V))
    return {};
  auto [It, New] = Numbers.try_emplace(&V, 0, 0);
  if (New) {
    It->second = {T.Nodes, count(V)};
    T.Nodes += It->second.second;
  }
  Lanes L;
  for (unsigned I = 0; I != It->second.second; ++I)
    L.push_back(It->second.first + I);
  return L;
}

Lanes ConstraintBuilder::constantLanes(const Constant &C) {
  Lanes L(laneCount(C.getType(), DL), None);
  if (L.empty())
    return L;
  forAddresses(&C, DL, [&](const ConstantAddress &A) {
    LocalNode Node = channel(Unknown);
    if (A.Global)
      Node = SharedNode + Shared.addressOf(*A.Global, A.Offset, A.Exact);
    for (uint64_t At = A.At & ~uint64_t(7); At < A.At + 8; At += 8) {
      LocalNode &Lane = L[std::min<uint64_t>(At / 8, L.size() - 1)];
      if (Lane == None) {
        Lane = Node;
        continue;
      }
      LocalNode Both = fresh();
      copy(Both, Lane);
      copy(Both, Node);
      Lane = Both;
    }
  });
  return L;
}

ConstraintBuilder::Place ConstraintBuilder::place(const Value &Pointer) {
  if (Pointer.getType()->getPointerAddressSpace() != 0)
    return {channel(Unknown), 0}; // relative to a segment register
  APInt Offset(64, 0);
  const Value *Base = &Pointer;
  if (!isa<Constant>(Base))
    Base = Base->stripAndAccumulateConstantOffsets(DL, Offset, /*AllowNonInbounds=*/true);
  if (Base->getType()->getPointerAddressSpace() != 0)
    return {channel(Unknown), 0};
  return {lane(*Base), Offset.getSExtValue()};
}

void ConstraintBuilder::copy(LocalNode To, LocalNode From) {
  if (To != None && From != None && To != From)
    T.Copies.push_back({To, From});
}

void ConstraintBuilder::arithmetic(LocalNode To, LocalNode From, int64_t Offset, uint64_t Stride, bool Forward) {
  if (!Offset && !Stride)
    copy(To, From);
  else if (To != None && From != None)
    T.Arithmetics.push_back({To, From, Offset, Stride, Forward});
}

void ConstraintBuilder::anywhere(const Lanes &To, const Value &From) {
  for (LocalNode Source : lanes(From))
    for (LocalNode Target : To)
      arithmetic(Target, Source, 0, 1);
}

void ConstraintBuilder::copyLanes(const Value &To, const Value &From) {
  Lanes A = lanes(To), B = lanes(From);
  if (A.size() == B.size())
    for (unsigned I = 0; I != A.size(); ++I)
      copy(A[I], B[I]);
  else
    anywhere(A, From);
}

void ConstraintBuilder::loadLanes(const Instruction &To, const Value &Pointer) {
  Place P = place(Pointer);
  Lanes L = lanes(To);
  uint64_t Bytes = DL.getTypeStoreSize(To.getType());
  for (uint64_t At = 0; At < Bytes; At += 8)
    if (!L.empty())
      load(L[std::min<uint64_t>(At / 8, L.size() - 1)], {P.Pointer, P.Offset + int64_t(At)}, Types.of(To));
}

void ConstraintBuilder::storeLanes(const Instruction &I, const Value &Pointer, const Value &From) {
  Place P = place(Pointer);
  Lanes L = lanes(From);
  uint64_t Bytes = DL.getTypeStoreSize(From.getType());
  for (uint64_t At = 0; At < Bytes; At += 8)
    if (!L.empty())
      store({P.Pointer, P.Offset + int64_t(At)}, L[std::min<uint64_t>(At / 8, L.size() - 1)], Types.of(I));
  // Half of a pointer, put where the other half may be put too.
  if (L.empty() && cutsHighPart(From))
    store(P, channel(Narrow));
}

void ConstraintBuilder::memoryCopy(const Value &To, const Value &From, const Value *Size) {
  uint64_t Bytes = UnknownSize;
  if (const auto *Number = dyn_cast_or_null<ConstantInt>(Size); Number && Number->getValue().getActiveBits() < 31)
    Bytes = Number->getZExtValue();
  if (Bytes < 8)
    return; // pieces that make up a pointer only together are not put together by single memcpys
  LocalNode A = lane(To), B = lane(From);
  if (A != None && B != None)
    T.MemoryCopies.push_back({A, B, Bytes});
}

void ConstraintBuilder::escape(const Value &V) {
  for (LocalNode Lane : lanes(V))
    copy(channel(Given), Lane);
}

void ConstraintBuilder::unknown(const Value &V) {
  if (mayComeFromOutside(V.getType()))
    whatever(V);
}

void ConstraintBuilder::whatever(const Value &V) {
  for (LocalNode Lane : lanes(V))
    copy(Lane, channel(Unknown));
}

void ConstraintBuilder::findNarrowCopies() {
  for (const Instruction &I : instructions(F)) {
    const auto *S = dyn_cast<StoreInst>(&I);
    // Bytes only: what moves around arrays of 16 and 32 bits is numbers, and following it would mix up every structure that
    // has such an array in it.
    if (!S || isa<Constant>(S->getValueOperand()) || !S->getValueOperand()->getType()->isIntegerTy(8) ||
        S->getPointerAddressSpace() != 0 || !walks(S->getPointerOperand(), DL))
      continue;
    SmallPtrSet<const Value *, 8> Seen;
    SmallVector<const Value *, 8> Work = {S->getValueOperand()};
    bool Loaded = false;
    while (!Work.empty()) {
      const Value *V = Work.pop_back_val();
      if (isa<Constant>(V) || !Seen.insert(V).second)
        continue;
      if (const auto *L = dyn_cast<LoadInst>(V))
        Loaded |= L->getPointerAddressSpace() == 0 && walks(L->getPointerOperand(), DL);
      else if (isa<PHINode>(V) || isa<FreezeInst>(V) || isa<TruncInst>(V) || isa<ZExtInst>(V) || isa<SExtInst>(V) ||
               isa<BitCastInst>(V))
        append_range(Work, cast<User>(V)->operands());
      else if (const auto *Choice = dyn_cast<SelectInst>(V))
        Work.append({Choice->getTrueValue(), Choice->getFalseValue()});
    }
    if (Loaded)
      for (const Value *V : Seen)
        NarrowCopies.insert(V);
  }
}

void ConstraintBuilder::visit(const Instruction &I) {
  switch (I.getOpcode()) {
  case Instruction::Alloca: {
    const auto &A = cast<AllocaInst>(I);
    std::optional<TypeSize> Size = A.getAllocationSize(DL);
    T.Addresses.push_back({lane(I), uint32_t(T.Objects.size())});
    T.Objects.push_back({&I, Size ? Size->getKnownMinValue() : UnknownSize});
    return;
  }
  case Instruction::Load:
    return loadLanes(I, *I.getOperand(0));
  case Instruction::Store:
    return storeLanes(I, *I.getOperand(1), *I.getOperand(0));
  case Instruction::GetElementPtr:
    return visitElementPointer(cast<GetElementPtrInst>(I));
  case Instruction::PHI:
    for (const Value *V : cast<PHINode>(I).incoming_values())
      copyLanes(I, *V);
    return;
  case Instruction::Select:
    copyLanes(I, *I.getOperand(1));
    copyLanes(I, *I.getOperand(2));
    return;
  case Instruction::Freeze:
    return copyLanes(I, *I.getOperand(0));
  case Instruction::AtomicRMW: {
    const auto &A = cast<AtomicRMWInst>(I);
    loadLanes(I, *A.getPointerOperand());
    storeLanes(I, *A.getPointerOperand(), *A.getValOperand());
    if (A.getOperation() != AtomicRMWInst::Xchg && count(I)) { // old and operand, combined
      Place P = place(*A.getPointerOperand());
      LocalNode Sum = fresh();
      anywhere({Sum}, I);
      store(P, Sum);
    }
    return;
  }
  case Instruction::AtomicCmpXchg: {
    const auto &A = cast<AtomicCmpXchgInst>(I);
    storeLanes(I, *A.getPointerOperand(), *A.getNewValOperand());
    if (laneCount(A.getNewValOperand()->getType(), DL))
      loadLanes(I, *A.getPointerOperand()); // the lane behind the value holds the success bit
    return;
  }
  case Instruction::ExtractValue:
  case Instruction::InsertValue:
    return visitAggregate(I);
  case Instruction::ExtractElement:
  case Instruction::InsertElement:
  case Instruction::ShuffleVector:
    return visitVector(I);
  case Instruction::Call:
  case Instruction::Invoke:
  case Instruction::CallBr:
    return visitCall(cast<CallBase>(I));
  case Instruction::Ret:
    if (const Value *V = cast<ReturnInst>(I).getReturnValue()) {
      Lanes L = lanes(*V);
      for (unsigned K = 0; K != T.Results.size(); ++K)
        copy(T.Results[K], L[K]);
    }
    return;
  case Instruction::VAArg: {
    LocalNode Area = fresh();
    Place List = place(*I.getOperand(0));
    load(Area, {List.Pointer, List.Offset + 8});
    load(Area, {List.Pointer, List.Offset + 16});
    for (LocalNode Lane : lanes(I))
      load(Lane, {Area, 0});
    return;
  }
  case Instruction::LandingPad:
    return unknown(I);
  case Instruction::Resume:
    return escape(*I.getOperand(0));
  default:
    break;
  }
  if (const auto *B = dyn_cast<BinaryOperator>(&I))
    return visitBinary(*B);
  if (const auto *C = dyn_cast<CastInst>(&I))
    return visitCast(*C);
  if (I.getType()->isFPOrFPVectorTy() || I.isTerminator() || isa<CmpInst>(I) || isa<FenceInst>(I))
    return;
  // An instruction that this file has not heard of.
  Lanes Result = lanes(I);
  for (const Value *V : I.operands())
    anywhere(Result, *V);
}

void ConstraintBuilder::visitElementPointer(const GetElementPtrInst &I) {
  const Value &Base = *I.getPointerOperand();
  Lanes To = lanes(I);
  if (I.getType()->isVectorTy()) {
    anywhere(To, Base);
    return;
  }
  if (I.getPointerAddressSpace() != 0)
    return copy(To[0], channel(Unknown));
  SmallMapVector<Value *, APInt, 4> Variable;
  APInt Constant(64, 0);
  if (!cast<GEPOperator>(I).collectOffset(DL, 64, Variable, Constant))
    return anywhere(To, Base);
  uint64_t Stride = 0;
  bool Forward = I.hasNoUnsignedWrap();
  for (const auto &[Index, Scale] : Variable) {
    Stride = std::gcd(Stride, Scale.abs().getZExtValue());
    if (const Value *Moved = movedPointer(Index))
      anywhere(To, *Moved);
  }
  // By the distance to another function: only that moves a pointer from one to the next.
  if (Stride && isa<Function>(Base.stripPointerCastsAndAliases()))
    copy(To[0], channel(Unknown));
  Place P = place(Base);
  int64_t Offset = P.Offset + Constant.getSExtValue();
  arithmetic(To[0], P.Pointer, Offset, Stride, Forward && P.Offset >= 0);
}

void ConstraintBuilder::visitBinary(const BinaryOperator &I) {
  Lanes To = lanes(I);
  const Value &A = *I.getOperand(0), &B = *I.getOperand(1);
  if (To.empty())
    return;
  const auto *Number = dyn_cast<ConstantInt>(&B);
  bool Wide = To.size() == 1 && I.getType()->isIntegerTy();
  switch (I.getOpcode()) {
  case Instruction::Add:
    if (Wide && Number)
      return arithmetic(To[0], lane(A), Number->getSExtValue(), 0);
    break;
  case Instruction::Sub:
    if (Wide && Number && Number->getSExtValue() != INT64_MIN)
      return arithmetic(To[0], lane(A), -Number->getSExtValue(), 0);
    if (isa<PtrToIntOperator>(A) && isa<PtrToIntOperator>(B))
      return;
    if (isa<ConstantInt>(A)) // a negated address, which may be negated again
      return anywhere(To, B);
    return anywhere(To, A);
  case Instruction::Shl:
    // Pieces put together again.
    if (const auto *Part = dyn_cast<CastInst>(&A);
        Part && shiftsFar(I) && laneCount(Part->getSrcTy(), DL) == 0 && (isa<ZExtInst>(Part) || isa<SExtInst>(Part)))
      for (LocalNode Lane : To)
        copy(Lane, channel(Narrow));
    return anywhere(To, A);
  case Instruction::LShr:
  case Instruction::AShr:
    return anywhere(To, A);
  case Instruction::And:
    if (Number && Number->getValue().getActiveBits() <= 24)
      return; // the low bits of an address
    break;
  case Instruction::Or:
  case Instruction::Xor:
    break;
  default: // multiplication, division, floating point
    return;
  }
  anywhere(To, A);
  anywhere(To, B);
}

void ConstraintBuilder::visitCast(const CastInst &I) {
  const Value &From = *I.getOperand(0);
  if (I.getOpcode() == Instruction::IntToPtr && isComputed(From))
    unknown(I);
  switch (I.getOpcode()) {
  case Instruction::Trunc:
    if (count(I)) {
      Lanes A = lanes(I), B = lanes(From);
      for (unsigned K = 0; K != std::min(A.size(), B.size()); ++K)
        copy(A[K], B[K]);
    } else if (cutsHighPart(I)) {
      anywhere({channel(Narrow)}, From);
    }
    return;
  case Instruction::ZExt:
  case Instruction::SExt:
  case Instruction::PtrToInt:
  case Instruction::PtrToAddr:
  case Instruction::IntToPtr: {
    // The same low bits, with lanes of nothing behind. Vectors are spread otherwise.
    if (I.getType()->isVectorTy())
      return anywhere(lanes(I), From);
    if (auto *P = dyn_cast<PointerType>(From.getType()); P && P->getAddressSpace() != 0)
      return unknown(I);
    if (auto *P = dyn_cast<PointerType>(I.getType()); P && P->getAddressSpace() != 0)
      return escape(From);
    Lanes A = lanes(I), B = lanes(From);
    for (unsigned K = 0; K != std::min(A.size(), B.size()); ++K)
      copy(A[K], B[K]);
    return;
  }
  case Instruction::AddrSpaceCast:
    escape(From);
    return unknown(I);
  case Instruction::BitCast:
    copyLanes(I, From);
    if (auto *V = dyn_cast<FixedVectorType>(From.getType());
        V && !I.getType()->isVectorTy() && DL.getTypeSizeInBits(V->getElementType()) < 64)
      for (LocalNode Lane : lanes(I))
        copy(Lane, channel(Narrow));
    return;
  case Instruction::UIToFP: // 53 bits are enough for an address
  case Instruction::SIToFP:
  case Instruction::FPToUI:
  case Instruction::FPToSI:
    return anywhere(lanes(I), From);
  default: // between sizes of floating point
    return;
  }
}

void ConstraintBuilder::visitAggregate(const Instruction &I) {
  const auto *Extract = dyn_cast<ExtractValueInst>(&I);
  const auto *Insert = dyn_cast<InsertValueInst>(&I);
  Type *Whole = I.getOperand(0)->getType();
  SmallVector<Value *, 4> Path = {ConstantInt::get(Type::getInt32Ty(I.getContext()), 0)};
  for (unsigned Index : Extract ? Extract->getIndices() : Insert->getIndices())
    Path.push_back(ConstantInt::get(Type::getInt32Ty(I.getContext()), Index));
  uint64_t At = DL.getIndexedOffsetInType(Whole, Path);
  const Value &Part = Extract ? static_cast<const Value &>(I) : *I.getOperand(1);
  Lanes All = Extract ? lanes(*I.getOperand(0)) : lanes(I), Some = lanes(Part);
  if (Insert)
    copyLanes(I, *I.getOperand(0));
  if (All.empty())
    return;
  for (unsigned K = 0; K != Some.size(); ++K)
    for (uint64_t Slot = (At + 8 * K) & ~uint64_t(7); Slot < At + 8 * K + 8; Slot += 8) {
      if (Slot / 8 >= All.size() && All.size() < MaxLanes)
        continue;
      LocalNode Lane = All[std::min<uint64_t>(Slot / 8, All.size() - 1)];
      Extract ? copy(Some[K], Lane) : copy(Lane, Some[K]);
    }
}

void ConstraintBuilder::visitVector(const Instruction &I) {
  auto *Ty = dyn_cast<FixedVectorType>(I.getOperand(0)->getType());
  Lanes To = lanes(I);
  bool Whole = Ty && Ty->getNumElements() <= MaxLanes && DL.getTypeSizeInBits(Ty->getElementType()) == 64;
  if (const auto *E = dyn_cast<ExtractElementInst>(&I)) {
    const auto *Index = dyn_cast<ConstantInt>(E->getIndexOperand());
    if (Whole && Index && Index->getZExtValue() < Ty->getNumElements())
      return copy(To[0], lanes(*E->getVectorOperand())[Index->getZExtValue()]);
    for (LocalNode Lane : lanes(*E->getVectorOperand()))
      for (LocalNode Target : To)
        copy(Target, Lane);
    return;
  }
  if (const auto *E = dyn_cast<InsertElementInst>(&I)) {
    copyLanes(I, *E->getOperand(0));
    const auto *Index = dyn_cast<ConstantInt>(E->getOperand(2));
    Lanes Part = lanes(*E->getOperand(1));
    if (Whole && Index && Index->getZExtValue() < Ty->getNumElements())
      return copy(To[Index->getZExtValue()], Part[0]);
    for (LocalNode Lane : Part)
      for (LocalNode Target : To)
        copy(Target, Lane);
    return;
  }
  const auto &S = cast<ShuffleVectorInst>(I);
  if (!Whole || To.size() != S.getShuffleMask().size()) {
    for (unsigned Operand : {0u, 1u})
      for (LocalNode Lane : lanes(*S.getOperand(Operand)))
        for (LocalNode Target : To)
          copy(Target, Lane);
    return;
  }
  Lanes A = lanes(*S.getOperand(0)), B = lanes(*S.getOperand(1));
  for (unsigned K = 0; K != To.size(); ++K)
    if (int From = S.getMaskValue(K); From >= 0)
      copy(To[K], size_t(From) < A.size() ? A[From] : B[From - A.size()]);
}

/// A structure passed by value is copied by the caller: the callee, whichever it turns out to be, has the copy's address and writes
/// there. A variadic one finds the words of the copy among its arguments: they are the second lane.
Lanes ConstraintBuilder::copyForCallee(const CallBase &I, unsigned K) {
  const uint64_t Bytes = DL.getTypeAllocSize(I.getParamByValType(K));
  LocalNode Original = lane(*I.getArgOperand(K)), Address = fresh(), Row = fresh(), Words = fresh();
  T.Addresses.push_back({Address, uint32_t(T.Objects.size())});
  T.Objects.push_back({&I, Bytes});
  if (Original != None)
    T.MemoryCopies.push_back({Address, Original, Bytes});
  arithmetic(Row, Address, 0, 8, true);
  load(Words, {Row, 0});
  return {Address, Words};
}

void ConstraintBuilder::visitCall(const CallBase &I) {
  if (I.isInlineAsm())
    return visitAssembly(I);
  if (const auto *Intrinsic = dyn_cast<IntrinsicInst>(&I))
    return visitIntrinsic(*Intrinsic);
  Call C;
  C.Site = &I;
  const Value *Target = I.getCalledOperand()->stripPointerCastsAndAliases();
  C.Direct = dyn_cast<Function>(Target);
  if (!C.Direct)
    C.Callee = I.getCalledOperand()->getType()->getPointerAddressSpace() ? channel(Unknown) : lane(*I.getCalledOperand());
  for (unsigned K = 0; K != I.arg_size(); ++K)
    C.Arguments.push_back(I.isByValArgument(K) ? copyForCallee(I, K) : lanes(*I.getArgOperand(K)));
  C.Results = lanes(I);
  T.Calls.push_back(std::move(C));
}

} // namespace capriccio::pointsto
