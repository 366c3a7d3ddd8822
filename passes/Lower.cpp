// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First edit: calls that leave the module's own functions. Second edit: the callees of checkpointed edges, and the entry
// stubs that take over addresses. Between the two lies the measurement, so the second may change no frame.
#include "Lower.h"
#include "Diagnostics.h"
#include "LinkerOptions.h"
#include "RuntimeABI.h"
#include "Stubs.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace capriccio {

/// Flags of the compile that would break a promise: the stack's, or their own.
static void refuseFlagsOf(const Function &F) {
  auto Has = [&](const char *Attribute, const char *Value) {
    return F.getFnAttribute(Attribute).getValueAsString().contains(Value);
  };
  const char *NotHere = "or build with -fno-capriccio";
  if (F.hasFnAttribute("fentry-call") || Has("instrument-function-entry-inlined", "mcount"))
    fail(F.getName() + ": compiled with -pg, whose mcount tells callers by their place on the stack, which a switch of stacks changes. "
         "Remedy: drop -pg and profile with perf, " + NotHere);
  if (F.hasFnAttribute("xray-instruction-threshold") || Has("function-instrument", "xray-always"))
    fail(F.getName() + ": compiled with -fxray-instrument, whose handlers need more stack than a thread may have. Remedy: drop the "
         "flag and trace with perf, " + NotHere);
  if (F.hasFnAttribute(Attribute::SpeculativeLoadHardening) || Has("target-features", "+retpoline-indirect") ||
      Has("target-features", "+lvi-"))
    fail(F.getName() + ": compiled with -mretpoline, -mlvi-hardening or -mspeculative-load-hardening, which the runtime's and the stubs' "
         "own indirect jumps would undo. Remedy: drop the flag, " + NotHere);
  if (F.hasFnAttribute("split-stack"))
    fail(F.getName() + ": compiled with -fsplit-stack, whose stack limit is kept where capcc keeps its own. Remedy: drop the flag, capcc "
         "links stacks by itself, " + NotHere);
}

void refuseUnsupported(const Module &M) {
  // A context made by hand runs on memory of its own, of which the limit knows nothing.
  for (const char *Name : {"makecontext", "swapcontext", "setcontext"})
    if (const Function *F = M.getFunction(Name); F && !F->use_empty() && F->isDeclaration())
      fail(Twine(Name) + ": the program switches stacks by hand, which linked stacks cannot follow. Remedy: use "
           "threads in its place, or build with -fno-capriccio");
  // The linker renames symbols after the pass, whose calls name bodies and stubs by then.
  for (const std::string &Name : linkerOptions().Wrapped)
    if (const GlobalValue *GV = M.getNamedValue(Name); GV && !GV->isDeclaration())
      fail(Twine(Name) + ": --wrap of a function that the program or the runtime defines. Remedy: rename it with a macro (-D" + Name +
           "=__wrap_" + Name + "), or build with -fno-capriccio");
  if (linkerOptions().Partitioned)
    fail("--lto-partitions: the parts of a program generated apart do not see each other's stubs. Remedy: drop the flag, or build with "
         "-fno-capriccio");
  if (linkerOptions().InterproceduralRegisters)
    fail("-enable-ipra: a caller would count on registers that the stubs before its callee change. Remedy: drop the flag, or build with "
         "-fno-capriccio");
  if (linkerOptions().Outlined)
    fail("-enable-machine-outliner: what it takes out of functions is called after their frames are measured, and pushes a return address "
         "more. Remedy: drop the flag (-Oz makes code small by other means), or build with -fno-capriccio");
  for (const GlobalObject &O : M.global_objects())
    for (const char *Name : {abi::EntrySection, abi::StubSection, abi::NoteSection, abi::ClaimsSection})
      if (O.getSection() == Name)
        fail(O.getName() + ": section " + Name + " is for what capcc makes itself. Remedy: give the section another name");
  for (const Function &F : M) {
    if (F.isDeclarationForLinker())
      continue;
    refuseFlagsOf(F);
    if (F.hasFnAttribute("no_caller_saved_registers"))
      fail(F.getName() + ": the attribute no_caller_saved_registers, whose registers a switch of stacks would not keep. "
           "Remedy: remove it, or build with -fno-capriccio");
    for (const Instruction &I : instructions(F)) {
      if (const auto *II = dyn_cast<IntrinsicInst>(&I); II && II->getIntrinsicID() == Intrinsic::eh_sjlj_longjmp)
        failAt(I, "__builtin_longjmp knows nothing of linked stacks. Remedy: setjmp and longjmp of <setjmp.h>, or "
                  "-fno-capriccio for this program");
      if (isa<InvokeInst>(I))
        failAt(I, "C++ exceptions cannot cross linked stacks yet. Remedy: -fno-exceptions, or -fno-capriccio for this program");
      // The register of a static chain (`nest`) is the one in which stubs and indirect calls carry their target.
      if (const auto *CB = dyn_cast<CallBase>(&I); CB && !isa<IntrinsicInst>(CB) && CB->getAttributes().hasAttrSomewhere(Attribute::Nest))
        failAt(I, "__builtin_call_with_static_chain, whose register r10 is what the stubs of linked stacks use. Remedy: pass the chain as "
                  "an argument, or build with -fno-capriccio");
    }
  }
}

void refuseUnwoundCleanups(const Module &M) {
  for (const Function &F : M) {
    if (F.isDeclarationForLinker() || !F.hasPersonalityFn() ||
        F.getPersonalityFn()->stripPointerCasts()->getName() != "__gcc_personality_v0")
      continue;
    for (const Instruction &I : instructions(F))
      if (isa<InvokeInst>(I))
        failAt(I, "C compiled with -fexceptions: pthread_cleanup_push and __attribute__((cleanup)) are then left to an unwinder, which "
                  "cannot cross linked stacks. Remedy: compile it by capcc, which does without the flag, or with -fno-exceptions");
  }
}

/// True for the conventions whose registers the stubs keep: C's, and what the optimizer makes of it for local functions.
static bool isOrdinary(CallingConv::ID CC) {
  return CC == CallingConv::C || CC == CallingConv::Fast || CC == CallingConv::X86_64_SysV;
}

/// Conventions that differ from C's only in that the callee keeps more registers: C's does as well where all callers are known.
static bool onlyKeepsMore(CallingConv::ID CC) {
  return CC == CallingConv::PreserveMost || CC == CallingConv::PreserveAll || CC == CallingConv::Cold;
}

void makeConventionsOrdinary(Module &M) {
  for (Function &F : M) {
    if (isOrdinary(F.getCallingConv()) || F.isIntrinsic() || (F.isDeclarationForLinker() && F.use_empty()))
      continue;
    bool Known = onlyKeepsMore(F.getCallingConv()) && F.hasLocalLinkage() && !F.hasFnAttribute(Attribute::Naked) &&
                 all_of(F.uses(), [](const Use &U) {
                   const auto *CB = dyn_cast<CallBase>(U.getUser());
                   return CB && CB->isCallee(&U);
                 });
    if (!Known)
      fail(F.getName() + ": a calling convention other than C's (preserve_most, ms_abi, ...), whose registers a switch of "
           "stacks would not keep. Remedy: remove the attribute, or make the function static and call it by name alone if it "
           "is preserve_most or preserve_all; or -fno-capriccio");
    F.setCallingConv(CallingConv::C);
    for (User *U : F.users())
      cast<CallBase>(U)->setCallingConv(CallingConv::C);
  }
}

/// The same call with the target in the `nest` register, to the stub.
static void lowerIndirect(CallBase &Site) {
  Module &M = *Site.getModule();
  LLVMContext &C = M.getContext();
  FunctionType *Old = Site.getFunctionType();
  if (!isOrdinary(Site.getCallingConv()))
    failAt(Site, "an indirect call with a calling convention other than C's. Remedy: remove the attribute, or -fno-capriccio");

  SmallVector<Type *, 8> Params = {PointerType::get(C, 0)};
  Params.append(Old->param_begin(), Old->param_end());
  auto *Ty = FunctionType::get(Old->getReturnType(), Params, Old->isVarArg());
  SmallVector<Value *, 8> Args = {Site.getCalledOperand()};
  Args.append(Site.arg_begin(), Site.arg_end());

  AttributeList Attrs = Site.getAttributes();
  SmallVector<AttributeSet, 8> ParamAttrs = {
      AttributeSet::get(C, {Attribute::get(C, Attribute::Nest)})};
  for (unsigned I = 0, E = Site.arg_size(); I != E; ++I)
    ParamAttrs.push_back(Attrs.getParamAttrs(I));

  Function *Stub = indirectStub(M, stackArgumentBytes(Site), Old->isVarArg());
  SmallVector<OperandBundleDef, 1> Bundles;
  Site.getOperandBundlesAsDefs(Bundles);
  auto *New = CallInst::Create(Ty, Stub, Args, Bundles, "", Site.getIterator());
  New->setAttributes(AttributeList::get(C, Attrs.getFnAttrs(), Attrs.getRetAttrs(), ParamAttrs));
  New->setCallingConv(CallingConv::C);
  New->setTailCallKind(cast<CallInst>(Site).getTailCallKind());
  New->copyMetadata(Site);
  New->takeName(&Site);
  Site.replaceAllUsesWith(New);
  Site.eraseFromParent();
}

/// True if every target is a function whose entry stub checks for itself. A variadic one does not know its arguments (Stubs.cpp).
static bool staysInside(const CallBase &Site, const IndirectTargets &Targets) {
  return !Site.getFunctionType()->isVarArg() && Targets.targets(Site).StaysInside;
}

void lowerCalls(Module &M, const Externals &X, const IndirectTargets &Targets, const OtherModules &Others) {
  SmallVector<CallBase *, 0> Sites;
  for (Function &F : M)
    if (!isOpaque(F))
      for (Instruction &I : instructions(F))
        if (auto *CB = dyn_cast<CallBase>(&I);
            CB && !isa<IntrinsicInst>(CB) && !CB->isInlineAsm())
          Sites.push_back(CB);

  for (CallBase *Site : Sites) {
    auto *Callee = dyn_cast<Function>(Site->getCalledOperand()->stripPointerCastsAndAliases());
    if (!Callee) {
      if (staysInside(*Site, Targets))
        continue; // to an entry stub, by a jump as well as by a call
      if (Site->isMustTailCall()) // no stub has its caller's type and one argument more
        failAt(*Site, "musttail through a function pointer: the target may be external code, which must not run on a small "
                      "stack. Remedy: call it without musttail, or link with -fcapriccio-icalls=pointsto if all targets are the program's");
      lowerIndirect(*Site);
      continue;
    }
    // What runs if the call stays here is the function; whether it does is a question of the name, perhaps an alias's.
    auto &Name = *cast<GlobalValue>(Site->getCalledOperand()->stripPointerCasts());
    bool Elsewhere = Others.mayReach(Name) && !X.bound(*Callee);
    if (Elsewhere) {
      Site->setCalledOperand(moduleStub(Name, *Callee, std::max(stackArgumentBytes(*Site), stackArgumentBytes(*Callee))));
      continue;
    }
    if (!isOpaque(*Callee) || isStub(*Callee) || X.bound(*Callee))
      continue;
    if (Site->hasFnAttr(Attribute::ReturnsTwice) && Callee->getName() != "vfork")
      failAt(*Site, Callee->getName() + " returns twice, and its stack need is unknown. Remedy: declare it with "
             "CAPR_STACK_BOUND");
    uint64_t Args = std::max(stackArgumentBytes(*Site), stackArgumentBytes(*Callee));
    Site->setCalledOperand(borrowStub(Name, Args));
  }
}

void applyPlacement(CallGraph &G, DynamicAllocas &Allocas, bool Shared) {
  for (Node &N : G.Nodes) {
    Allocas.setRoom(*N.F, DynamicAllocas::roomFor(N.Depth));
    for (CallEdge &E : N.Edges) {
      if (E.Callee == ~0u)
        continue;
      Node &Target = G.Nodes[E.Callee];
      Function *Callee = Target.F;
      if (E.Kind == EdgeKind::Checkpoint)
        Callee = checkpointStub(*Target.F, Target.request(),
                                std::max(E.ArgBytes, stackArgumentBytes(*Target.F)));
      else if (E.Kind == EdgeKind::Borrow)
        Callee = internalBorrowStub(*Target.F, std::max(E.ArgBytes, stackArgumentBytes(*Target.F)));
      if (E.Site->getCalledOperand() != Callee)
        E.Site->setCalledOperand(Callee);
    }
  }
  for (Node &N : G.Nodes) {
    if (!N.Entered)
      continue;
    if (canBeEntered(*N.F, N.EntryChecked, Shared)) {
      enterAtBody(*N.F, N.Depth);
      N.Entry = N.F;
    } else {
      N.Entry = entryStub(*N.F, N.EntryChecked ? N.request() : N.Depth, stackArgumentBytes(*N.F), N.EntryChecked, N.MayBlock);
    }
  }
}

} // namespace capriccio
