// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The note is emitted as assembly text, since its section may not be loaded: a loaded note is a root of --gc-sections and
// would keep every function alive, and costs memory at run time. The linker fills in addresses as it does for debug
// information, with 0 for what it has thrown away.
#include "Claims.h"
#include "Placement.h"
#include "RuntimeABI.h"
#include "Stubs.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Mangler.h"

using namespace llvm;

namespace capriccio {
namespace {

/// Words of the note, as assembly text.
class Words {
  std::string Text;
  raw_string_ostream OS{Text};
  Mangler Mangle;

  void quoted(StringRef Name) {
    OS << '"';
    for (char C : Name) {
      if (C == '"' || C == '\\')
        OS << '\\';
      OS << C;
    }
    OS << '"';
  }

public:
  void number(uint64_t N) { OS << "\t.long " << std::min<uint64_t>(N, UINT32_MAX) << '\n'; }
  void address(const GlobalValue *GV) {
    if (!GV)
      return number(0);
    SmallString<64> Name;
    Mangle.getNameWithPrefix(Name, GV, /*CannotUsePrivateLabel=*/false);
    address(Name);
  }
  void address(StringRef Symbol) {
    OS << "\t.long ";
    quoted(Symbol);
    OS << '\n';
  }
  /// A string with its zero, padded to whole words, behind its number of words.
  void string(StringRef S) {
    number(S.size() / 4 + 1);
    OS << "\t.asciz ";
    quoted(S);
    OS << "\n\t.balign 4\n";
  }
  void raw(StringRef Line) { OS << Line; }
  StringRef text() const { return Text; }
};

// Bits of a function's flags.
constexpr uint32_t NeverReturns = 1, Variadic = 2, MayBlock = 4;

} // namespace

/// Every target of the calls of `N` that go through a pointer and no stub, each an entry stub.
static SetVector<const Function *> insideTargets(const CallGraph &G, const Node &N, const IndirectTargets &Targets) {
  SetVector<const Function *> Set;
  for (const CallEdge &E : N.Edges) {
    if (E.Kind != EdgeKind::Indirect || !E.Site ||
        isa<Function>(E.Site->getCalledOperand()->stripPointerCastsAndAliases()))
      continue;
    for (const Function *F : Targets.targets(*E.Site).Functions)
      if (auto It = G.Index.find(F); It != G.Index.end() && G.Nodes[It->second].Entry)
        Set.insert(G.Nodes[It->second].Entry);
  }
  return Set;
}

void emitClaims(Module &M, const CallGraph &G, const Externals &X, const IndirectTargets &Targets,
                const DynamicAllocas &Allocas, const Options &O) {
  Words W;
  W.raw("\t.pushsection " + std::string(abi::ClaimsSection) + ",\"\",@note\n\t.balign 4\n"
        "\t.long 10, .Lcapr_claims_end-.Lcapr_claims, 2\n\t.asciz \"Capriccio\"\n\t.balign 4\n.Lcapr_claims:\n");
  W.number(abi::ClaimsVersion);
  W.number(CAPR_RESERVE);
  W.number(BigDepth);
  W.number(O.EntryInPlace);
  for (const char *Name : {abi::Borrow, abi::BorrowArgs, abi::ICall, abi::Far, abi::FarArgs, abi::FarVariadic, abi::Alloca, abi::LeafSlots, abi::StackCheckFail})
    W.address(StringRef(Name));

  std::vector<uint64_t> Leaves = X.leafBounds();
  W.number(Leaves.size());
  for (uint64_t Bytes : Leaves)
    W.number(Bytes);

  W.number(G.Nodes.size());
  for (const Node &N : G.Nodes) {
    W.address(N.F);
    W.address(N.Entry);
    W.number(N.Frame + N.AsmBytes);
    W.number(N.Depth);
    W.number(Allocas.Rooms.count(N.F) ? DynamicAllocas::roomFor(N.Depth) : 0);
    W.number((N.F->doesNotReturn() ? NeverReturns : 0) | (N.F->isVarArg() ? Variadic : 0) | (N.MayBlock ? MayBlock : 0));
  }

  // Stubs: unwind information may take all for one function. Those of functions that never return once more: a walk would go
  // on behind their calls, into whatever follows.
  SmallVector<const Function *, 0> Stubs, Final;
  for (const Function &F : M) {
    if (!F.hasFnAttribute(Attribute::Naked) || F.isDeclaration())
      continue;
    Stubs.push_back(&F);
    if (F.doesNotReturn())
      Final.push_back(&F);
  }
  W.number(Stubs.size());
  for (const Function *F : Stubs)
    W.address(F);
  W.number(Final.size());
  for (const Function *F : Final)
    W.address(F);

  std::vector<std::pair<const Node *, SetVector<const Function *>>> Sets;
  for (const Node &N : G.Nodes)
    if (SetVector<const Function *> Set = insideTargets(G, N, Targets); !Set.empty())
      Sets.push_back({&N, std::move(Set)});
  W.number(Sets.size());
  for (const auto &[N, Set] : Sets) {
    W.address(N->F);
    W.number(Set.size());
    for (const Function *F : Set)
      W.address(F);
  }

  // Functions of other modules that a person's CAPR_STACK_BOUND has called in place.
  SetVector<const Function *> Externals;
  for (const Node &N : G.Nodes)
    for (const CallEdge &E : N.Edges)
      if (E.Kind == EdgeKind::ExternalInPlace && E.Site)
        if (const auto *F = dyn_cast<Function>(E.Site->getCalledOperand()->stripPointerCastsAndAliases()))
          Externals.insert(F);
  // What a shared object's part of the runtime calls of the program's.
  const std::pair<const char *, uint64_t> Shared[] = {
      {"capr_shared_link", abi::SlowPath}, {"capr_shared_grow", 16},      {"capr_shared_borrow", 16},
      {"capr_shared_borrow_args", 16},     {"capr_shared_alloca", 16},    {"capr_shared_alloca_unwind", 16},
      {"capr_shared_icall", O.EntryInPlace}, {"capr_shared_far_args", O.EntryInPlace},
      {"capr_shared_far_variadic", O.EntryInPlace}};
  W.number(Externals.size() + (O.Shared ? std::size(Shared) : 0));
  if (O.Shared)
    for (const auto &[Name, Bytes] : Shared) {
      W.number(Bytes);
      W.string(Name);
    }
  for (const Function *F : Externals) {
    W.number(X.bound(F->getName()).value_or(0));
    W.string(F->getName());
  }
  W.raw(".Lcapr_claims_end:\n\t.balign 4\n\t.popsection\n");
  M.appendModuleInlineAsm(W.text());
}

} // namespace capriccio
