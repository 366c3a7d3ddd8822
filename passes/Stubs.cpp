// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits the stubs as naked functions of a few instructions of inline assembly. Only r10 and r11 are free between a call and
// its callee; every argument register, and al for variadic calls, passes through untouched. A stub keeps its callee's type
// and attributes, so that code generation treats a call to it as it would treat a call to the callee.
#include "Stubs.h"
#include "Diagnostics.h"
#include "Placement.h"
#include "RuntimeABI.h"
#include "StubUnwind.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"

using namespace llvm;

namespace capriccio {

// Marks stubs in the module, so that the call graph knows them without a side table.
static constexpr const char *BorrowMark = "capr-borrow";
static constexpr const char *IndirectMark = "capr-indirect";
static constexpr const char *ModuleMark = "capr-module";
static constexpr const char *CheckpointMark = "capr-checkpoint";

static constexpr const char *LimitOperand = "%fs:0x70";

static Function *makeStub(Module &M, const Function *Like, FunctionType *Ty,
                          const Twine &Name) {
  auto *S = Function::Create(Ty, GlobalValue::InternalLinkage, Name, M);
  if (Like) {
    S->setCallingConv(Like->getCallingConv());
    S->setAttributes(Like->getAttributes());
    // Not about how to call it.
    for (Attribute::AttrKind Kind :
         {Attribute::OptimizeNone, Attribute::AlwaysInline, Attribute::MinSize,
          Attribute::OptimizeForSize, Attribute::StackProtect,
          Attribute::StackProtectReq, Attribute::StackProtectStrong,
          Attribute::SafeStack, Attribute::InlineHint})
      S->removeFnAttr(Kind);
    for (StringRef Name : {"patchable-function-entry", "patchable-function-prefix", "stackrealign"})
      S->removeFnAttr(Name);
  }
  S->addFnAttr(Attribute::Naked);
  S->addFnAttr(Attribute::NoInline);
  S->addFnAttr(Attribute::OptimizeForSize); // for no more than the alignment below
  S->setAlignment(Align(4));
  S->setSection(abi::StubSection);
  if (describedTogether(M)) {
    S->removeFnAttr(Attribute::UWTable);
    S->addFnAttr(Attribute::NoUnwind);
  } else {
    S->addFnAttr(Attribute::getWithUWTableKind(M.getContext(), UWTableKind::Async));
  }
  S->setUnnamedAddr(GlobalValue::UnnamedAddr::None);
  return S;
}

/// Fills the stub with `Text`, where $0, $1 are the symbols.
static void setBody(Function *S, const std::string &Text, ArrayRef<Constant *> Symbols) {
  LLVMContext &C = S->getContext();
  IRBuilder<> B(BasicBlock::Create(C, "", S));
  SmallVector<Type *, 4> Types;
  SmallVector<Value *, 4> Values;
  std::string Constraints;
  for (Constant *Symbol : Symbols) {
    Types.push_back(Symbol->getType());
    Values.push_back(Symbol);
    Constraints += Constraints.empty() ? "s" : ",s";
  }
  auto *Ty = FunctionType::get(Type::getVoidTy(C), Types, false);
  B.CreateCall(Ty, InlineAsm::get(Ty, Text, Constraints, /*hasSideEffects=*/true), Values);
  B.CreateUnreachable();
}

/// An undefined hidden symbol that the linker makes for the bounds of section capr_entry.
static GlobalVariable *sectionEdge(Module &M, const char *Name) {
  if (GlobalVariable *GV = M.getNamedGlobal(Name))
    return GV;
  auto *GV = new GlobalVariable(M, Type::getInt8Ty(M.getContext()), true,
                                GlobalValue::ExternalWeakLinkage, nullptr, Name); // a shared object may have none
  GV->setVisibility(GlobalValue::HiddenVisibility);
  GV->setDSOLocal(true);
  return GV;
}

/// The stub that runs G on the big stack, under a name made of its own and `Suffix`; null if there is one already.
static Function *makeBorrow(GlobalValue &G, uint64_t ArgBytes, const char *Suffix, Function *&Existing) {
  Module &M = *G.getParent();
  std::string Name = (G.getName() + Suffix + (ArgBytes ? utostr(ArgBytes) : "")).str();
  if ((Existing = M.getFunction(Name)))
    return nullptr;
  auto *F = dyn_cast<Function>(G.stripPointerCastsAndAliases());
  Function *S = makeStub(M, F, cast<FunctionType>(G.getValueType()), Name);
  // Code compiled without -fPIC claims that what it declares lies in the same file; GOTPCREL is right either way.
  std::string Load = !G.isDeclarationForLinker() || (G.isDSOLocal() && !G.hasDefaultVisibility())
                         ? "leaq ${0:P}(%rip), %r10\n\t"
                         : "movq ${0:P}@GOTPCREL(%rip), %r10\n\t";
  if (ArgBytes)
    setBody(S, Load + "movl $$" + utostr(ArgBytes) + ", %r11d\n\tjmp ${1:P}",
            {&G, declareStub(M, abi::BorrowArgs)});
  else
    setBody(S, Load + "jmp ${1:P}", {&G, declareStub(M, abi::Borrow)});
  return S;
}

Function *borrowStub(GlobalValue &G, uint64_t ArgBytes) {
  Function *Existing;
  Function *S = makeBorrow(G, ArgBytes, "$b", Existing);
  if (!S)
    return Existing;
  S->addFnAttr(BorrowMark, G.getName());
  return S;
}

Function *internalBorrowStub(Function &F, uint64_t ArgBytes) {
  Function *Existing;
  Function *S = makeBorrow(F, ArgBytes, "$w", Existing);
  return S ? S : Existing;
}

Function *moduleStub(GlobalValue &G, Function &F, uint64_t ArgBytes) {
  Module &M = *G.getParent();
  std::string Name = (G.getName() + "$m" + (ArgBytes ? utostr(ArgBytes) : "")).str();
  if (Function *Existing = M.getFunction(Name))
    return Existing;
  Function *S = makeStub(M, &F, F.getFunctionType(), Name);
  S->addFnAttr(ModuleMark, G.getName());
  setBody(S, "movq ${0:P}@GOTPCREL(%rip), %r10\n\tjmp ${1:P}", {&G, indirectStub(M, ArgBytes, F.isVarArg())});
  return S;
}

Function *indirectStub(Module &M, uint64_t ArgBytes, bool Variadic) {
  if (!ArgBytes && !Variadic)
    return declareStub(M, abi::ICall);
  std::string Name = std::string(abi::ICall) + (Variadic ? "$v" : "$a") + utostr(ArgBytes);
  if (Function *S = M.getFunction(Name))
    return S;
  Function *S = makeStub(M, nullptr, FunctionType::get(Type::getVoidTy(M.getContext()), false), Name);
  S->addFnAttr(IndirectMark);
  std::string Text = "leaq ${0:P}(%rip), %r11\n\tcmpq %r11, %r10\n\tjb 1f\n\t"
                     "leaq ${1:P}(%rip), %r11\n\tcmpq %r11, %r10\n\tjae 1f\n\t";
  // A variadic callee cannot tell how many bytes of arguments to take along to a new chunk; this site can, so it makes the
  // check that the callee's entry stub then makes once more, with success. Its need is the word before the stub.
  if (Variadic)
    Text += std::string("movq -8(%r10), %r11\n\tnegq %r11\n\taddq %rsp, %r11\n\t") +
            "cmpq " + LimitOperand + ", %r11\n\tjb 2f\n\t";
  Text += "jmp *%r10\n";
  if (Variadic)
    Text += "2:\tmovabsq $$" + utostr(ArgBytes << 32) +
            ", %r11\n\torq -8(%r10), %r11\n\tjmp ${3:P}\n";
  Text += "1:\tmovl $$" + utostr(ArgBytes) + ", %r11d\n\tjmp ${2:P}";
  SmallVector<Constant *, 4> Symbols = {sectionEdge(M, "__start_capr_entry"), sectionEdge(M, "__stop_capr_entry"),
                                        declareStub(M, Variadic ? abi::FarVariadic : abi::FarArgs)};
  if (Variadic)
    Symbols.push_back(declareStub(M, abi::Link));
  setBody(S, Text, Symbols);
  return S;
}

/// The check and the slow path, as every checkpoint runs them: three instructions where there is room.
static void setCheckedBody(Function *S, Function &F, uint64_t Need, uint64_t ArgBytes, const char *SlowPath) {
  if (Need > INT32_MAX)
    fail(F.getName() + ": needs " + Twine(Need) + " bytes of stack, more than a checkpoint can ask for");
  std::string Text = "leaq -" + utostr(Need) + "(%rsp), %r11\n\tcmpq " +
                     LimitOperand + ", %r11\n\tjae ${0:P}\n\tleaq ${0:P}(%rip), %r10\n\t";
  if (ArgBytes)
    Text += "movabsq $$" + utostr(ArgBytes << 32 | Need) + ", %r11\n\t";
  else
    SlowPath = SlowPath == StringRef(abi::Grow) ? abi::GrowChecked : abi::LinkChecked;
  setBody(S, Text + "jmp ${1:P}", {&F, declareStub(*F.getParent(), SlowPath)});
}

Function *checkpointStub(Function &F, uint64_t Need, uint64_t ArgBytes) {
  Module &M = *F.getParent();
  std::string Name = (F.getName() + "$c" + (ArgBytes ? utostr(ArgBytes) : "")).str();
  if (Function *S = M.getFunction(Name))
    return S;
  Function *S = makeStub(M, &F, F.getFunctionType(), Name);
  S->addFnAttr(CheckpointMark);
  setCheckedBody(S, F, Need, ArgBytes, abi::Link);
  return S;
}

bool canBeEntered(const Function &F, bool Checked, bool Shared) {
  // What a shared object exports may be replaced, so its own calls need a body of another name. A function that was put
  // somewhere has to stay there.
  return !Checked && (!Shared || F.hasLocalLinkage()) && !F.hasSection() && !F.hasComdat() && !F.hasPrefixData() &&
         !F.hasFnAttribute("patchable-function-prefix");
}

static void putAmongEntries(Function &F, uint64_t Need) {
  F.setSection(abi::EntrySection);
  F.setPrefixData(ConstantInt::get(Type::getInt64Ty(F.getContext()), Need));
}

void enterAtBody(Function &F, uint64_t Need) {
  putAmongEntries(F, Need);
  F.setAlignment(std::max(F.getAlign().valueOrOne(), Align(16)));
}

Function *entryStub(Function &F, uint64_t Need, uint64_t ArgBytes, bool Checked, bool MayBlock) {
  Module &M = *F.getParent();
  Function *S = makeStub(M, &F, F.getFunctionType(), F.getName() + "$e");
  putAmongEntries(*S, Need);
  S->setAlignment(Align(8));
  S->setUnnamedAddr(F.getUnnamedAddr());

  F.replaceUsesWithIf(S, [](Use &U) {
    if (isa<BlockAddress>(U.getUser()))
      return false;
    const auto *CB = dyn_cast<CallBase>(U.getUser());
    // A checkpoint has made the check that the entry stub would make once more.
    return !CB || (!CB->isCallee(&U) && !CB->getFunction()->hasFnAttribute(CheckpointMark));
  });

  if (!F.hasLocalLinkage()) {
    std::string Name = F.getName().str();
    F.setName(Name + "$body");
    S->setName(Name);
    S->setLinkage(F.getLinkage());
    S->setVisibility(F.getVisibility());
    S->setDSOLocal(F.isDSOLocal());
    S->setDLLStorageClass(F.getDLLStorageClass());
    if (Comdat *Group = F.getComdat()) {
      // A section of its own: apart from those that are described together.
      S->setComdat(Group);
      S->addFnAttr(Attribute::getWithUWTableKind(M.getContext(), UWTableKind::Async));
    }
    F.setComdat(nullptr);
    F.setVisibility(GlobalValue::DefaultVisibility);
    F.setLinkage(GlobalValue::InternalLinkage);
  }

  // A variadic function cannot know how many bytes of arguments would have to move. Calls with a variadic type do, and check before
  // they come here (indirectStub); this is for those with another one, as of open kept as int (*)(const char *, int, mode_t).
  if (Checked && F.isVarArg())
    setCheckedBody(S, F, Need, CAPR_ARGS_UNKNOWN, abi::Link);
  else if (Checked)
    setCheckedBody(S, F, Need, ArgBytes, MayBlock || Need > BigDepth ? abi::Link : abi::Grow);
  else
    setBody(S, "jmp ${0:P}", {&F});
  return S;
}

bool isIndirectStub(const Function &F) {
  return F.hasFnAttribute(IndirectMark) || F.getName() == abi::ICall;
}

bool isStub(const Function &F) {
  return isIndirectStub(F) || F.hasFnAttribute(BorrowMark) || F.hasFnAttribute(ModuleMark);
}

/// What the name in the stub's mark stands for; null if that is no function, or the stub has no such mark.
static const Function *behind(const Function &Stub, const char *Mark) {
  if (!Stub.hasFnAttribute(Mark))
    return nullptr;
  const GlobalValue *Name = Stub.getParent()->getNamedValue(Stub.getFnAttribute(Mark).getValueAsString());
  return Name ? dyn_cast_or_null<Function>(Name->getAliaseeObject()) : nullptr;
}

const Function *otherModuleBehind(const Function &F) { return behind(F, ModuleMark); }

const Function *borrowedBy(const Function &F) { return behind(F, BorrowMark); }

} // namespace capriccio
