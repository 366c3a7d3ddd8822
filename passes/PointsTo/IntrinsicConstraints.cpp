// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Intrinsics and inline assembly. The default for both is what is safe: an intrinsic that touches memory and inline assembly
// may do anything with what they are given, a pure intrinsic's result may point anywhere that its operands do.
#include "ConstraintBuilder.h"
#include "Values.h"
#include "llvm/IR/InlineAsm.h"

using namespace llvm;

namespace capriccio::pointsto {

void ConstraintBuilder::visitVarArgs(const Value &List) {
  if (T.VarArgs == None)
    return;
  // Both areas that va_arg reads from, registers saved and arguments on the stack, are one object, read anywhere.
  LocalNode Start = fresh(), Row = fresh();
  T.Addresses.push_back({Start, T.VarArgs});
  arithmetic(Row, Start, 0, 8, true);
  Place P = place(List);
  store({P.Pointer, P.Offset + 8}, Row);
  store({P.Pointer, P.Offset + 16}, Row);
}

void ConstraintBuilder::visitIntrinsic(const IntrinsicInst &I) {
  switch (I.getIntrinsicID()) {
  case Intrinsic::memcpy:
  case Intrinsic::memcpy_inline:
  case Intrinsic::memmove:
  case Intrinsic::memcpy_element_unordered_atomic:
  case Intrinsic::memmove_element_unordered_atomic:
    return memoryCopy(*I.getArgOperand(0), *I.getArgOperand(1), I.getArgOperand(2));
  case Intrinsic::memset:
  case Intrinsic::memset_inline:
  case Intrinsic::memset_element_unordered_atomic:
  case Intrinsic::lifetime_start:
  case Intrinsic::lifetime_end:
  case Intrinsic::assume:
  case Intrinsic::donothing:
  case Intrinsic::prefetch:
  case Intrinsic::trap:
  case Intrinsic::debugtrap:
  case Intrinsic::ubsantrap:
  case Intrinsic::stacksave:
  case Intrinsic::stackrestore:
  case Intrinsic::vaend:
  case Intrinsic::objectsize:
  case Intrinsic::sideeffect:
  case Intrinsic::experimental_noalias_scope_decl:
  case Intrinsic::invariant_start:
  case Intrinsic::invariant_end:
  case Intrinsic::pseudoprobe:
  case Intrinsic::readcyclecounter:
  case Intrinsic::ctpop:
  case Intrinsic::ctlz:
  case Intrinsic::cttz:
    return;
  case Intrinsic::experimental_memset_pattern: {
    LocalNode Row = fresh();
    arithmetic(Row, lane(*I.getArgOperand(0)), 0, 8, true);
    for (LocalNode From : lanes(*I.getArgOperand(1)))
      store({Row, 0}, From);
    return;
  }
  case Intrinsic::vastart:
    return visitVarArgs(*I.getArgOperand(0));
  case Intrinsic::vacopy: {
    Place P = place(*I.getArgOperand(0)), Q = place(*I.getArgOperand(1));
    for (int64_t At : {8, 16}) {
      LocalNode Area = fresh();
      load(Area, {Q.Pointer, Q.Offset + At});
      store({P.Pointer, P.Offset + At}, Area);
    }
    return;
  }
  case Intrinsic::expect:
  case Intrinsic::expect_with_probability:
  case Intrinsic::annotation:
  case Intrinsic::ptr_annotation:
  case Intrinsic::launder_invariant_group:
  case Intrinsic::strip_invariant_group:
  case Intrinsic::threadlocal_address:
  case Intrinsic::ssa_copy:
  case Intrinsic::abs:
    return copyLanes(I, *I.getArgOperand(0));
  case Intrinsic::fabs:
  case Intrinsic::canonicalize:
  case Intrinsic::arithmetic_fence:
    return copyLanes(I, *I.getArgOperand(0));
  case Intrinsic::copysign:
  case Intrinsic::minnum:
  case Intrinsic::maxnum:
  case Intrinsic::minimum:
  case Intrinsic::maximum:
  case Intrinsic::umin:
  case Intrinsic::umax:
  case Intrinsic::smin:
  case Intrinsic::smax:
    copyLanes(I, *I.getArgOperand(0));
    copyLanes(I, *I.getArgOperand(1));
    return;
  case Intrinsic::returnaddress:
  case Intrinsic::frameaddress:
  case Intrinsic::addressofreturnaddress:
  case Intrinsic::sponentry:
    return unknown(I);
  case Intrinsic::read_register:
  case Intrinsic::read_volatile_register:
    return unknown(I);
  case Intrinsic::write_register:
    return escape(*I.getArgOperand(1));
  case Intrinsic::load_relative: {
    // Table entries are kept as the address that they stand for.
    LocalNode Row = fresh(), Entry = fresh();
    arithmetic(Row, lane(*I.getArgOperand(0)), 0, 8);
    load(Entry, {Row, 0});
    arithmetic(lane(I), Entry, 0, 1);
    return;
  }
  case Intrinsic::masked_load:
    loadLanes(I, *I.getArgOperand(0));
    return copyLanes(I, *I.getArgOperand(I.arg_size() - 1));
  case Intrinsic::masked_store:
    return storeLanes(I, *I.getArgOperand(1), *I.getArgOperand(0));
  case Intrinsic::masked_gather:
    for (LocalNode Pointer : lanes(*I.getArgOperand(0)))
      for (LocalNode To : lanes(I))
        load(To, {Pointer, 0});
    return copyLanes(I, *I.getArgOperand(I.arg_size() - 1));
  case Intrinsic::masked_scatter:
    for (LocalNode Pointer : lanes(*I.getArgOperand(1)))
      for (LocalNode From : lanes(*I.getArgOperand(0)))
        store({Pointer, 0}, From);
    return;
  case Intrinsic::masked_expandload:
  case Intrinsic::masked_compressstore: {
    // Lanes that are switched off have no place in memory, so that each may be in any.
    const bool Loads = I.getIntrinsicID() == Intrinsic::masked_expandload;
    LocalNode Row = fresh();
    arithmetic(Row, lane(*I.getArgOperand(Loads ? 0 : 1)), 0, 8, true);
    for (LocalNode Lane : Loads ? lanes(I) : lanes(*I.getArgOperand(0)))
      Loads ? load(Lane, {Row, 0}) : store({Row, 0}, Lane);
    if (Loads)
      copyLanes(I, *I.getArgOperand(I.arg_size() - 1));
    return;
  }
  default:
    break;
  }
  if (isa<DbgInfoIntrinsic>(I))
    return;
  auto IsPointer = [](const Type *Ty) { return Ty->isPtrOrPtrVectorTy(); };
  const bool TakesPointer = any_of(I.args(), [&](const Use &A) { return IsPointer(A->getType()); });
  if (!I.doesNotAccessMemory() && TakesPointer) {
    for (const Value *A : I.args())
      escape(*A);
    return whatever(I); // vectors of doubles too: masked loads of a processor's own are of these
  }
  if (!TakesPointer && IsPointer(I.getType())) // an address that the processor or the frame has
    return unknown(I);
  if (I.getType()->isFPOrFPVectorTy() && !Intrinsic::isTargetIntrinsic(I.getIntrinsicID()))
    return; // arithmetic; a processor's own may move lanes about
  Lanes Result = lanes(I);
  for (const Value *A : I.args())
    anywhere(Result, *A);
}

void ConstraintBuilder::visitAssembly(const CallBase &I) {
  const auto &Asm = *cast<InlineAsm>(I.getCalledOperand());
  // Compiler barriers, and values hidden from the optimiser: what goes in comes out. Anything with an instruction in it may
  // keep, fetch and call what it likes.
  bool Empty = StringRef(Asm.getAsmString()).trim().empty();
  if (Empty)
    return visitEmptyAssembly(I);
  for (const Value *A : I.args())
    escape(*A);
  whatever(I);
}

/// An operand "=rm" that clang leaves in memory is a pointer with an element type: the value of an operand that is tied to it goes there.
void ConstraintBuilder::visitEmptyAssembly(const CallBase &I) {
  Lanes Result = lanes(I);
  auto IsMemory = [&](unsigned K) { return I.getParamElementType(K) != nullptr; };
  for (unsigned K = 0; K != I.arg_size(); ++K) {
    Lanes From = lanes(*I.getArgOperand(K));
    if (IsMemory(K)) {
      LocalNode Held = fresh();
      load(Held, place(*I.getArgOperand(K)));
      From = {Held};
    }
    for (LocalNode Lane : From) {
      for (LocalNode To : Result)
        copy(To, Lane);
      for (unsigned Other = 0; Other != I.arg_size(); ++Other)
        if (Other != K && IsMemory(Other))
          store(place(*I.getArgOperand(Other)), Lane);
    }
  }
}

} // namespace capriccio::pointsto
