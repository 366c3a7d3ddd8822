// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The word lies in the worker, at a fixed place from %fs, and goes with the thread at each switch; so a change is one instruction that
// adds to memory (five where the word is turned) and needs no register that lives across the call, but where the callee
// may leave the word marked. Each other function leaves the word as it found it.
//
// The tables are in the order of docs/abi.md, "Contexts". Functions that lead to blocking points get unwind information if they have
// none: by it the runtime finds the calls of a chain the first time that it meets the chain's word.
#include "ContextCode.h"
#include "RuntimeABI.h"
#include "RuntimeFunctions.h"
#include "Stubs.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace capriccio {
namespace {

/// The address space in which code generation adds %fs.
constexpr unsigned FsSegment = 257;

/// Where the word is: in a program at a fixed place of the worker's record; in a shared object as far from %fs as the program has said.
struct ContextWord {
  GlobalVariable *Worker = nullptr; // the program's
  GlobalVariable *Distance = nullptr; // the shared object's

  ContextWord(Module &M, bool Shared) : Worker(Shared ? nullptr : M.getNamedGlobal(abi::Worker)), Distance(Shared ? M.getNamedGlobal(abi::ContextAt) : nullptr) {}
  explicit operator bool() const { return Worker || Distance; }

  Value *address(IRBuilder<> &B) const {
    if (Worker)
      return B.CreateConstGEP1_64(B.getInt8Ty(), B.CreateThreadLocalAddress(Worker), abi::WorkerContext);
    return B.CreateIntToPtr(B.CreateLoad(B.getInt64Ty(), Distance), PointerType::get(B.getContext(), FsSegment));
  }
};

/// What a call with this number adds to the turned word.
uint64_t spread(uint32_t Number) { return Number * abi::ContextSpread; }

/// By which the turn is taken back: what the factor becomes 1 with. Each round doubles the bits that are right, of which an odd number has 3.
constexpr uint64_t inverseOf(uint64_t Odd) {
  uint64_t Inverse = Odd;
  for (unsigned Bits = 3; Bits < 64; Bits *= 2)
    Inverse *= 2 - Odd * Inverse;
  return Inverse;
}
static_assert(inverseOf(abi::ContextMix) * abi::ContextMix == 1);

/// The word turned, with the call's number.
Value *turned(IRBuilder<> &B, Value *W, uint32_t Number) {
  return B.CreateAdd(B.CreateMul(W, B.getInt64(abi::ContextMix)), B.getInt64(spread(Number)));
}

/// The same, with a mark on top; a marked word stays as it is.
Value *marked(IRBuilder<> &B, Value *W, uint32_t Number) {
  Value *New = B.CreateAnd(turned(B, W, Number), B.getInt64((1ull << abi::ContextMarkShift) - 1));
  New = B.CreateOr(New, B.getInt64(uint64_t(abi::ContextMark) << abi::ContextMarkShift));
  return B.CreateSelect(B.CreateICmpEQ(B.CreateLShr(W, abi::ContextMarkShift), B.getInt64(abi::ContextMark)), W, New);
}

void change(const ContextSite &S, const ContextWord &The) {
  IRBuilder<> B(S.Call);
  B.SetCurrentDebugLocation(S.Call->getDebugLoc());
  Type *Word = B.getInt64Ty();
  Value *At = The.address(B), *Before = B.CreateLoad(Word, At);
  if (S.How == ContextSite::Add)
    B.CreateStore(B.CreateAdd(Before, B.getInt64(int64_t(S.Constant))), At);
  else if (S.How == ContextSite::Turn)
    B.CreateStore(turned(B, Before, S.Constant), At);
  else if (S.How == ContextSite::Mark)
    B.CreateStore(marked(B, Before, S.Constant), At);
  if (S.How == ContextSite::Mark)
    return;
  B.SetInsertPoint(S.Call->getNextNode());
  B.SetCurrentDebugLocation(S.Call->getDebugLoc());
  At = The.address(B);
  if (S.Kept) {
    B.CreateStore(Before, At);
    return;
  }
  Value *W = B.CreateLoad(Word, At);
  if (S.How == ContextSite::Turn)
    W = B.CreateMul(B.CreateSub(W, B.getInt64(spread(S.Constant))), B.getInt64(inverseOf(abi::ContextMix)));
  else
    W = B.CreateSub(W, B.getInt64(int64_t(S.Constant)));
  B.CreateStore(W, At);
}

/// The word as it was at entry comes back wherever setjmp returns.
void restoreAfterJumps(Function &F, const ContextWord &The) {
  SmallVector<CallInst *, 2> Calls;
  for (Instruction &I : instructions(F))
    if (auto *CI = dyn_cast<CallInst>(&I); CI && CI->hasFnAttr(Attribute::ReturnsTwice) && !CI->isMustTailCall())
      Calls.push_back(CI);
  if (Calls.empty())
    return;
  BasicBlock::iterator At = F.getEntryBlock().begin();
  while (isa<AllocaInst>(*At))
    ++At;
  IRBuilder<> B(&*At);
  B.SetCurrentDebugLocation(DebugLoc());
  Value *W = B.CreateLoad(B.getInt64Ty(), The.address(B));
  for (CallInst *CI : Calls) {
    B.SetInsertPoint(CI->getNextNode());
    B.SetCurrentDebugLocation(CI->getDebugLoc());
    B.CreateStore(W, The.address(B));
  }
}

/// Text of one table, each piece once.
class Strings {
  std::string Text = std::string(1, '\0'); // 0 is the empty string
  StringMap<uint32_t> Known;

public:
  uint32_t add(StringRef S) {
    if (S.empty())
      return 0;
    auto [It, New] = Known.try_emplace(S, Text.size());
    if (New) {
      Text += S;
      Text += '\0';
    }
    return It->second;
  }
  StringRef text() const { return Text; }
};

/// Where a call stands: a line `function<tab>file:line` for each function that was inlined there, the outermost first.
std::string placeOf(const Function &F, const CallBase &Call) {
  SmallVector<const DILocation *, 4> Inlined;
  for (const DILocation *L = Call.getDebugLoc(); L; L = L->getInlinedAt())
    Inlined.push_back(L);
  std::string Text;
  for (const DILocation *L : reverse(Inlined)) {
    const DISubprogram *P = L->getScope()->getSubprogram();
    if (!Text.empty())
      Text += '\n';
    Text += (P ? P->getName() : StringRef(sourceName(F))).str();
    if (L->getLine())
      Text += ("\t" + L->getFilename() + ":" + Twine(L->getLine())).str();
  }
  return Text.empty() ? sourceName(F) : Text;
}

/// What a call that leaves the module is to, where it says that; else empty.
std::string nameOutside(const CallBase &Call) {
  const auto *F = dyn_cast<Function>(Call.getCalledOperand()->stripPointerCastsAndAliases());
  if (!F || isIndirectStub(*F))
    return "";
  const Function *Behind = borrowedBy(*F);
  if (!Behind)
    Behind = otherModuleBehind(*F);
  return calledAs(Behind ? *Behind : *F).str();
}

/// Where a function is defined, as a place.
std::string definitionOf(const Function &F) {
  std::string Text = sourceName(F);
  if (const DISubprogram *P = F.getSubprogram(); P && P->getLine())
    Text += ("\t" + P->getFilename() + ":" + Twine(P->getLine())).str();
  return Text;
}

void define(Module &M, const char *Name, ArrayRef<Constant *> Words) {
  Type *I32 = Type::getInt32Ty(M.getContext());
  defineForRuntime(M, Name, ConstantArray::get(ArrayType::get(I32, Words.size()), Words));
}

/// From a table to what it names.
Constant *distance(Constant *To, GlobalVariable *From) {
  Type *I64 = Type::getInt64Ty(To->getContext());
  return ConstantExpr::getTrunc(ConstantExpr::getSub(ConstantExpr::getPtrToInt(To, I64), ConstantExpr::getPtrToInt(From, I64)),
                                Type::getInt32Ty(To->getContext()));
}

/// A table whose words depend on where it lies takes the place of the runtime's declaration.
void replaceDeclared(Module &M, const char *Name, GlobalVariable *Table, ArrayRef<Constant *> Words) {
  Table->setInitializer(ConstantArray::get(cast<ArrayType>(Table->getValueType()), Words));
  if (GlobalVariable *Old = M.getNamedGlobal(Name)) {
    Old->replaceAllUsesWith(Table);
    Old->eraseFromParent();
  }
  Table->setName(Name);
  Table->setLinkage(GlobalValue::ExternalLinkage);
  Table->setVisibility(GlobalValue::HiddenVisibility);
  Table->setDSOLocal(true);
}

} // namespace

void applyContexts(Module &M, const CallGraph &G, const ContextGraph &C, bool Shared) {
  const ContextWord The(M, Shared);
  if (!The)
    return; // no runtime in this module: opt on a piece of one
  for (const ContextSite &S : C.Sites)
    if (S.How != ContextSite::Same || S.Kept)
      change(S, The);
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    if (Function &F = *G.Nodes[I].F; C.Leads[I] && !F.hasUWTable())
      F.setUWTableKind(UWTableKind::Sync);
  // Also where nothing waits: a signal handler may jump there.
  for (const Node &N : G.Nodes)
    restoreAfterJumps(*N.F, The);
}

ThreadRoutines::ThreadRoutines(Module &M, const CallGraph &G, bool Shared) {
  std::vector<bool> Runtime = findRuntimeFunctions(G);
  SmallVector<Constant *, 0> Uses;
  for (unsigned I = 0; I != G.Nodes.size(); ++I) {
    Function &F = *G.Nodes[I].F;
    bool Pointer = F.arg_empty() || (F.arg_size() == 1 && F.getArg(0)->getType()->isPointerTy());
    if (Runtime[I] || !G.Nodes[I].Pointed || !Pointer || F.isVarArg() || (Shared && !F.hasLocalLinkage()))
      continue;
    Functions.push_back(&F);
    Uses.push_back(&F);
  }
  auto *Type = ArrayType::get(PointerType::getUnqual(M.getContext()), Uses.size());
  Holder = new GlobalVariable(M, Type, true, GlobalValue::InternalLinkage, ConstantArray::get(Type, Uses), "");
}

void ThreadRoutines::settle() {
  for (unsigned I = 0; I != Functions.size(); ++I)
    Addresses.push_back(Holder->getInitializer()->getAggregateElement(I));
  Holder->eraseFromParent();
  Holder = nullptr;
}

void emitContextTables(Module &M, const CallGraph &G, const ContextGraph &C, const ThreadRoutines &Routines) {
  LLVMContext &Context = M.getContext();
  Type *I32 = Type::getInt32Ty(Context);
  auto Word = [&](uint32_t N) -> Constant * { return ConstantInt::get(I32, N); };

  // Numbers of the functions that the table names.
  std::vector<uint32_t> Number(G.Nodes.size(), ~0u);
  uint32_t Functions = 0;
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    if (C.Leads[I])
      Number[I] = Functions++;

  Strings Text;
  SmallVector<Constant *, 0> SiteWords, FunctionWords;
  auto *Base = new GlobalVariable(M, ArrayType::get(I32, uint64_t(Functions) * 4), true, GlobalValue::InternalLinkage, nullptr, "");
  unsigned Next = 0;
  for (unsigned I = 0; I != G.Nodes.size(); ++I) {
    if (!C.Leads[I])
      continue;
    Function *F = G.Nodes[I].F;
    unsigned First = Next;
    for (; Next != C.Sites.size() && C.Sites[Next].Caller == I; ++Next) {
      const ContextSite &S = C.Sites[Next];
      uint32_t To = S.Callee == ~0u ? abi::ContextOutside : S.Sink ? abi::ContextSink : Number[S.Callee];
      uint32_t Callee = S.Sink ? Text.add(calledAs(*G.Nodes[S.Callee].F)) : S.Callee == ~0u ? Text.add(nameOutside(*S.Call)) : 0;
      SiteWords.append({Word(S.Constant), Word(To), Word(Text.add(placeOf(*F, *S.Call))),
                        Word(Callee << 4 | S.Inside << 3 | (S.How == ContextSite::Mark) << 2 | (S.How == ContextSite::Turn) << 1 | S.Tail)});
    }
    FunctionWords.append({distance(F, Base), Word(Text.add(sourceName(*F))), Word(First), Word((Next - First) | uint32_t(G.Nodes[I].Entered) << 31)});
  }
  replaceDeclared(M, abi::ContextFunctions, Base, FunctionWords);
  define(M, abi::ContextSites, SiteWords);

  // Addresses of start routines, and where they are defined.
  auto *Starts = new GlobalVariable(M, ArrayType::get(I32, uint64_t(Routines.functions().size()) * 2), true, GlobalValue::InternalLinkage, nullptr, "");
  SmallVector<Constant *, 0> StartWords;
  for (unsigned I = 0; I != Routines.functions().size(); ++I)
    StartWords.append({distance(Routines.address(I), Starts), Word(Text.add(definitionOf(*Routines.functions()[I])))});
  replaceDeclared(M, abi::ContextRoutines, Starts, StartWords);
  define(M, abi::ContextCounts, {Word(Functions), Word(C.Sites.size()), Word(Text.text().size()), Word(Routines.functions().size())});
  defineForRuntime(M, abi::ContextText, ConstantDataArray::getString(Context, Text.text(), /*AddNull=*/false));
}

} // namespace capriccio
