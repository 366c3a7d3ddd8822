// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The copy has the program's bodies, and of the runtime the names. It is simplified, so that code of -O0 shows which pointers are one.
// A call may block if it waits itself or calls a function from which direct calls lead to one that does; the shortest such chain is
// shown. Calls through pointers are not followed: by signature they would lead everywhere. What the compile has inlined is told apart
// again by debug information, so that a warning does not depend on it.
#include "CriticalSections.h"
#include "ContextGraph.h"
#include "Diagnostics.h"
#include "LockFlow.h"
#include "RuntimeFunctions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <deque>

using namespace llvm;

namespace capriccio {
namespace {

std::unique_ptr<Module> copyProgram(const Module &M, StringSet<> &Runtime) {
  DenseSet<const Function *> Theirs = findRuntimeFunctions(M);
  for (const Function *F : Theirs)
    Runtime.insert(F->getName());
  ValueToValueMapTy Map;
  return CloneModule(M, Map, [&](const GlobalValue *GV) {
    const auto *F = dyn_cast_or_null<Function>(GV->getAliaseeObject());
    if (!F || !Theirs.contains(F))
      return true;
    Runtime.insert(GV->getName());
    return false;
  });
}

/// Variables become values, reads of one place one value, and `!result` a comparison.
void simplify(Module &M) {
  LoopAnalysisManager LAM;
  FunctionAnalysisManager FAM;
  CGSCCAnalysisManager CGAM;
  ModuleAnalysisManager MAM;
  // Calls keep the names that the source gives them: no puts for printf.
  TargetLibraryInfoImpl Library(M.getTargetTriple());
  Library.disableAllFunctions();
  FAM.registerPass([&] { return TargetLibraryAnalysis(Library); });
  PassBuilder PB;
  PB.registerModuleAnalyses(MAM);
  PB.registerCGSCCAnalyses(CGAM);
  PB.registerFunctionAnalyses(FAM);
  PB.registerLoopAnalyses(LAM);
  PB.crossRegisterProxies(LAM, FAM, CGAM, MAM);
  FunctionPassManager FPM;
  FPM.addPass(SROAPass(SROAOptions::PreserveCFG));
  FPM.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  FPM.addPass(InstCombinePass());
  for (Function &F : M)
    if (!F.isDeclaration()) {
      F.removeFnAttr(Attribute::OptimizeNone);
      FPM.run(F, FAM);
    }
}

/// A function on a chain, and the place in it of the call that goes on.
struct Link {
  std::string Function;
  const DILocation *Where = nullptr;
};

/// The call's function and what was inlined on the way to the call, outermost first.
SmallVector<Link, 4> linksOf(const CallBase &Site) {
  SmallVector<Link, 4> Links;
  for (const DILocation *L = Site.getDebugLoc(); L; L = L->getInlinedAt())
    Links.push_back({L->getScope()->getSubprogram()->getName().str(), L});
  std::reverse(Links.begin(), Links.end());
  if (Links.empty())
    Links.push_back({sourceName(*Site.getFunction()), nullptr});
  return Links;
}

std::string place(const Link &L) {
  return L.Where && L.Where->getLine() ? (L.Where->getFilename() + ":" + Twine(L.Where->getLine())).str() : "";
}

std::string head(const Link &L) {
  std::string Text = place(L);
  if (Text.empty())
    return "function " + L.Function;
  return L.Where->getColumn() ? (Text + ":" + Twine(L.Where->getColumn())).str() : Text;
}

const Function *calleeOf(const CallBase &Site) { return dyn_cast<Function>(Site.getCalledOperand()->stripPointerCastsAndAliases()); }

/// From each function of the program the call by which the shortest chain to one that waits goes on.
class Waits {
  DenseMap<const Function *, const CallBase *> Next[2];

  static unsigned index(WaitClass C) { return C == WaitClass::Stream; }

public:
  explicit Waits(const Module &M) {
    DenseMap<const Function *, SmallVector<const CallBase *, 4>> Callers;
    std::deque<const Function *> Work[2];
    for (const Function &F : M)
      for (const Instruction &I : instructions(F)) {
        const auto *Site = dyn_cast<CallBase>(&I);
        const Function *Callee = Site ? calleeOf(*Site) : nullptr;
        if (!Callee)
          continue;
        if (!Callee->isDeclaration())
          Callers[Callee].push_back(Site);
        else if (WaitClass C = waitClass(Callee->getName(), *Site); C != WaitClass::None && Next[index(C)].try_emplace(&F, Site).second)
          Work[index(C)].push_back(&F);
      }
    for (unsigned C = 0; C != 2; ++C)
      for (; !Work[C].empty(); Work[C].pop_front())
        for (const CallBase *Site : Callers[Work[C].front()])
          if (Next[C].try_emplace(Site->getFunction(), Site).second)
            Work[C].push_back(Site->getFunction());
  }

  bool leadsTo(const CallBase &Site, WaitClass C) const {
    const Function *F = calleeOf(Site);
    return F && (F->isDeclaration() ? waitClass(F->getName(), Site) == C : Next[index(C)].contains(F));
  }

  /// What lies between the call and the waiting, and the name of what waits.
  SmallVector<Link, 8> chain(const CallBase &Site, WaitClass C) const {
    SmallVector<Link, 8> Chain;
    for (const CallBase *At = &Site; At;) {
      append_range(Chain, linksOf(*At));
      const Function *F = calleeOf(*At);
      At = F->isDeclaration() ? nullptr : Next[index(C)].lookup(F);
      if (!At)
        Chain.push_back({F->getName().str(), nullptr});
    }
    return Chain;
  }
};

struct Message {
  StringRef File;
  unsigned Line = 0, Column = 0, Number = 0; // the last: in the module's order
  std::string Text, Note;
  bool Error = false;
};

class Warner {
  const Options &O;
  Waits W;
  std::vector<Message> Messages;
  StringSet<> Known; // what was inlined at several places is one line of the source

  /// How many inlined functions both calls are in.
  static unsigned shared(ArrayRef<Link> A, ArrayRef<Link> B) {
    unsigned Depth = 0;
    while (Depth + 1 < std::min(A.size(), B.size()) && A[Depth].Where == B[Depth].Where)
      ++Depth;
    return Depth;
  }

  static std::string name(const HeldLock &L, const CallBase &Site) {
    std::string Name = describe(L.Path, *Site.getFunction());
    for (unsigned Reads : {MostReads, 0u}) // by what it is called where it is locked; by the variable that was set last
      if (Name.empty())
        Name =
            describe(lockPath(L.Path.Kind, L.Origin->getArgOperand(0), Site.getModule()->getDataLayout(), Reads), *L.Origin->getFunction());
    std::string Kind = lockName(L.Path.Kind);
    return Name.empty() ? "a " + Kind : "the " + Kind + " '" + Name + "'";
  }

  static std::string lockedAt(const HeldLock &L, const CallBase &Site) {
    Link Inner = linksOf(*L.Origin).back();
    if (std::string Where = place(Inner); !Where.empty())
      return " (locked at " + Where + ")";
    return L.Origin->getFunction() == Site.getFunction() ? "" : " (locked in '" + Inner.Function + "')";
  }

  void warn(const CallBase &Site, ArrayRef<HeldLock> Held, WaitClass C, StringRef Flag, Severity How) {
    SmallVector<Link, 8> Chain = W.chain(Site, C);
    unsigned Depth = 0;
    for (const HeldLock &L : Held)
      Depth = std::max(Depth, shared(linksOf(*L.Site), linksOf(Site)));
    ArrayRef<Link> Shown = ArrayRef(Chain).drop_front(Depth);

    std::string Locks;
    if (Held.size() == 1)
      Locks = name(Held[0], Site) + " is held" + lockedAt(Held[0], Site);
    else
      Locks = (Twine(Held.size()) +
               " locks are held: " + join(map_range(Held, [&](const HeldLock &L) { return name(L, Site) + lockedAt(L, Site); }), ", "))
                  .str();
    Message New;
    New.Error = How == Severity::Error;
    New.Text = (head(Shown[0]) + ": " + (New.Error ? "error" : "warning") + ": " + Shown[1].Function + " may block while " + Locks + " [" +
                (New.Error ? "-Werror," : "") + "-Wcapriccio-" + Flag + "]\n")
                   .str();
    if (!Known.insert(New.Text).second)
      return;
    if (const DILocation *L = Shown[0].Where) {
      New.File = L->getFilename();
      New.Line = L->getLine();
      New.Column = L->getColumn();
    }
    New.Note = head(Shown[Shown.size() - 2]) + ": note: ";
    for (const Link &L : Shown.drop_back()) {
      std::string Where = place(L);
      New.Note += L.Function + (Where.empty() ? "" : " (" + Where + ")") + " > ";
    }
    New.Note += Shown.back().Function + "\n";
    New.Number = Messages.size();
    Messages.push_back(std::move(New));
  }

public:
  Warner(const Module &M, const Options &O) : O(O), W(M) {}

  void look(const CallBase &Site, const HeldLocks &During) {
    HeldLocks Held;
    copy_if(During, std::back_inserter(Held), [](const HeldLock &L) { return !L.Shared; });
    if (Held.empty())
      return;
    if (O.BlockingInSection != Severity::Off && W.leadsTo(Site, WaitClass::Any))
      warn(Site, Held, WaitClass::Any, "blocking-in-critical-section", O.BlockingInSection);
    else if (O.StreamInSection != Severity::Off && W.leadsTo(Site, WaitClass::Stream))
      warn(Site, Held, WaitClass::Stream, "stdio-in-critical-section", O.StreamInSection);
  }

  /// In the order of the source, whatever the compile made of that of the functions; returns how many are errors.
  unsigned print() {
    sort(Messages, [](const Message &A, const Message &B) {
      return std::tie(A.File, A.Line, A.Column, A.Number) < std::tie(B.File, B.Line, B.Column, B.Number);
    });
    for (const Message &M : Messages)
      errs() << M.Text << M.Note;
    return count_if(Messages, [](const Message &M) { return M.Error; });
  }
};

} // namespace

void warnOfCriticalSections(const Module &M, const Options &O) {
  if (O.BlockingInSection == Severity::Off && O.StreamInSection == Severity::Off)
    return;
  StringSet<> Runtime;
  std::unique_ptr<Module> Copy = copyProgram(M, Runtime);
  simplify(*Copy);
  LockFlow Flow(*Copy, Runtime);
  Warner W(*Copy, O);
  for (const Function &F : *Copy)
    if (!F.isDeclaration())
      Flow.eachCall(F, [&](const CallBase &Site, const HeldLocks &Held) { W.look(Site, Held); });
  if (unsigned Errors = W.print())
    fail(Twine(Errors) + (Errors == 1 ? " call" : " calls") +
         " in critical sections (above) that -Werror makes errors; nothing was linked");
}

} // namespace capriccio
