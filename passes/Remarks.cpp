// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clang hands -Rpass-analysis=REGEX of a link line to lld, and LLVM's diagnostic handler tells whether it matches. The text is
// printed here, in clang's own form, since lld would leave out the name by which a remark is switched on.
#include "Remarks.h"
#include "StackLocals.h"
#include "Stubs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {
namespace {

constexpr const char *Name = "capriccio";

class FunctionRemarks {
  const CallGraph &G;
  const BlockingChains &Chains;
  const Externals &X;
  const IndirectTargets &Targets;
  const Options &O;
  const Node &N;
  StackLocals Locals;

  /// Locals below this are not worth a line.
  uint64_t smallest() const { return O.MaxPath / 16; }

  void remark(const Twine &Where, const Twine &Text) const {
    errs() << Where << ": remark: " << Text << " [-Rpass-analysis=" << Name << "]\n";
  }

  void remarkAt(const DebugLoc &Where, const Twine &Text) const {
    if (Where)
      remark(Twine(Where->getFilename()) + ":" + Twine(Where.getLine()) + ":" + Twine(Where.getCol()), Text);
    else if (const DISubprogram *SP = N.F->getSubprogram())
      remark(Twine(SP->getFilename()) + ":" + Twine(SP->getLine()), Text);
    else
      remark("function " + N.F->getName(), Text);
  }

  static std::string name(const StackLocal &L) { return L.Name.empty() ? "a local variable" : "'" + L.Name + "'"; }

  static std::string line(const CallBase &Call) {
    const DebugLoc &Where = Call.getDebugLoc();
    return Where ? (" (line " + Twine(Where.getLine()) + ")").str() : "";
  }

  std::string callee(const CallEdge &E) const {
    return E.Callee == ~0u ? "a function called through a pointer" : ("'" + G.Nodes[E.Callee].F->getName() + "'").str();
  }

  bool blocks(const CallEdge &E) const {
    if (E.Callee != ~0u)
      return Chains.Blocks[E.Callee];
    return E.Kind == EdgeKind::Indirect && any_of(Targets.targets(*E.Site).Functions, [&](const Function *F) {
             auto It = G.Index.find(F);
             return It != G.Index.end() && Chains.Blocks[It->second];
           });
  }

  void frame() const {
    if (N.Frame < O.MaxPath / 4)
      return;
    std::string Text = ("frame of '" + N.F->getName() + "' takes " + Twine(N.Frame) + " bytes").str();
    const char *Before = ": ";
    for (const StackLocal &L : Locals.locals().take_front(3)) {
      Text += (Before + name(L) + " " + Twine(L.Bytes)).str();
      if (L.Where && L.Where->getInlinedAt())
        Text += (" (of '" + L.Where->getScope()->getSubprogram()->getName() + "', inlined)").str();
      Before = ", ";
    }
    if (Locals.locals().size() > 3)
      Text += (", " + Twine(Locals.locals().size() - 3) + " more").str();
    remarkAt(DebugLoc(), Text);
  }

  void external(const CallEdge &E) const {
    const auto *Stub = cast<Function>(E.Site->getCalledOperand()->stripPointerCastsAndAliases());
    StringRef External = borrowedBy(*Stub)->getName();
    remarkAt(E.Site->getDebugLoc(), "'" + External + "' is called in a loop; " + X.reason(External));
  }

  void loops() const {
    for (const CallEdge &E : N.Edges) {
      if (!E.Site || !Locals.loops().getLoopFor(E.Site->getParent()))
        continue;
      const DebugLoc &Where = E.Site->getDebugLoc();
      if (E.Kind == EdgeKind::ExternalBorrow)
        external(E);
      else if (E.Kind == EdgeKind::Borrow)
        remarkAt(Where, callee(E) + " is called in a loop; big stack: " + E.Why);
      else if (E.Kind == EdgeKind::Checkpoint)
        remarkAt(Where, "checkpoint in a loop: " + callee(E) + " needs " + Twine(G.Nodes[E.Callee].Depth) + " bytes; " + E.Why);
    }
  }

  void local(const StackLocal &L, ArrayRef<const CallEdge *> Blocking) const {
    // What is kept is said of the first call that finds it so; a buffer is idle only if no call needs it.
    const CallEdge *Said = nullptr;
    During How = During::Idle;
    for (const CallEdge *E : Blocking) {
      During Now = Locals.during(L, *E->Site);
      if (!Said || (How == During::Idle && Now != During::Idle)) {
        Said = E;
        How = Now;
      }
    }
    std::string Text = (name(L) + " (" + Twine(L.Bytes) + " bytes) is on the stack while " + callee(*Said) + " blocks" +
                        line(*Said->Site))
                           .str();
    if (How == During::Argument)
      Text += ", which is handed its address";
    else if (How == During::Kept)
      Text += " and is used before and after";
    else
      Text += " though nothing needs it then: use it in a function of its own that does not block";
    if (Blocking.size() > 1)
      Text += ("; " + Twine(Blocking.size()) + " calls in '" + N.F->getName() + "' may block").str();
    remarkAt(L.Where, Text);
  }

  void buffers() const {
    SmallVector<const CallEdge *, 8> Blocking;
    for (const CallEdge &E : N.Edges)
      if (E.Site && blocks(E))
        Blocking.push_back(&E);
    if (!Blocking.empty())
      for (const StackLocal &L : Locals.locals())
        local(L, Blocking);
  }

public:
  FunctionRemarks(const CallGraph &G, const BlockingChains &Chains, const Externals &X, const IndirectTargets &Targets,
                  const Options &O, const Node &N)
      : G(G), Chains(Chains), X(X), Targets(Targets), O(O), N(N), Locals(*N.F, smallest()) {}

  void print() const {
    frame();
    loops();
    buffers();
  }
};

} // namespace

void printRemarks(const CallGraph &G, const BlockingChains &Chains, const Externals &X, const IndirectTargets &Targets,
                  const Options &O) {
  if (G.Nodes.empty() || !G.Nodes.front().F->getContext().getDiagHandlerPtr()->isAnalysisRemarkEnabled(Name))
    return;
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    if (!Chains.Runtime[I])
      FunctionRemarks(G, Chains, X, Targets, O, G.Nodes[I]).print();
}

} // namespace capriccio
