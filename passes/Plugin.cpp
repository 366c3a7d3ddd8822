// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass, step by step. It runs last in lld's full LTO, on the merged module of program and runtime, so that nothing but
// code generation follows. It is required: at -O0 every function is optnone, and the stacks are linked all the same.
#include "BlockingChains.h"
#include "CallGraph.h"
#include "Callers.h"
#include "CheckIndirectCalls.h"
#include "Claims.h"
#include "CodeGenCalls.h"
#include "ContextCode.h"
#include "ContextGraph.h"
#include "CriticalSections.h"
#include "Diagnostics.h"
#include "DynamicAlloca.h"
#include "Externals.h"
#include "FrameSizes.h"
#include "HeapCalls.h"
#include "IndirectTargets.h"
#include "InlineLimit.h"
#include "LinkerOptions.h"
#include "Lower.h"
#include "MayBlock.h"
#include "Note.h"
#include "Options.h"
#include "OtherModules.h"
#include "Placement.h"
#include "Preemptible.h"
#include "ProfileUse.h"
#include "PointsTo/PointsTo.h"
#include "PointsTo/PrintPass.h"
#include "Remarks.h"
#include "Report.h"
#include "ReturnAddresses.h"
#include "RuntimeABI.h"
#include "RuntimeCode.h"
#include "RuntimeFunctions.h"
#include "SpinLoops.h"
#include "StubUnwind.h"
#include "Stubs.h"
#include "ThreadLocals.h"
#include "WorkerAddresses.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {
namespace {

/// What the final code generation may come to: every body's measured frame, under the name that it has now, and what it calls.
FrameTable finalFrames(const Module &M, const CallGraph &G) {
  FrameTable Final;
  for (const Function &F : M)
    if (!F.isDeclaration())
      Final[F.getName()].Bytes = 0; // stubs and naked functions have no frame
  for (const Node &N : G.Nodes) {
    Frame &Its = Final[N.F->getName()];
    Its.Bytes = N.Frame;
    Its.Through = N.Through;
  }
  return Final;
}

class CapriccioPass : public PassInfoMixin<CapriccioPass> {
public:
  static bool isRequired() { return true; }

  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    if (M.getTargetTriple().getArch() != Triple::x86_64 || !M.getTargetTriple().isOSLinux())
      fail(Twine(M.getTargetTriple().str()) + ": only x86_64 Linux is supported; use -fno-capriccio for this target");
    Options O = readOptions();
    refuseUnsupported(M);
    markRuntimeCode(M); // which the early pass has done, unless this one was run by hand
    releaseRuntime(M);

    // Code that natively needs nothing from us, and here gives way.
    gatherStaticAllocas(M);
    SpinLoops Spins(M, O);

    // What is known of code outside the module, and of pointers, while the module is still the program's own.
    Externals X(M, O);
    OtherModules Others(O);
    std::unique_ptr<IndirectTargets> Targets;
    if (O.PointsTo && !O.Shared) // in a shared object any pointer may hold another module's function of the same name
      Targets = targetsByPointsTo(M, O);
    else
      Targets = targetsBySignature(M);

    // First edit: everything that may change a frame.
    makeConventionsOrdinary(M);
    ThreadLocals Locals(M, O.Shared);
    refreshWorkerAddresses(M);
    if (O.CheckICalls && !O.Shared) // the record's reader is the program's
      checkIndirectCalls(M, *Targets, O);
    if (O.Contexts && !O.Shared)
      countHeapCalls(M);
    lowerCalls(M, X, *Targets, Others);
    DynamicAllocas Allocas(M);
    CallGraph Calls(M, X, O.EntryInPlace);
    for (Node &N : Calls.Nodes)
      N.MayBlock = false;
    findMayBlock(Calls, *Targets, O.Shared);
    std::unique_ptr<ContextGraph> Contexts;
    if (O.Contexts) {
      Contexts = std::make_unique<ContextGraph>(Calls, *Targets, O.Shared ? linkerOptions().Name : "");
      if (O.PrintContexts)
        Contexts->print(Calls, errs());
      applyContexts(M, Calls, *Contexts, O.Shared);
    }

    if (O.Preempt && !O.Shared)
      describePreemptible(M);

    // Exact frames of what will be generated.
    FrameTable Frames = measureFrames(M);
    borrowForCodeGenCalls(M, Frames, X);
    if (O.PrintFrames)
      for (const Function &F : M)
        if (auto It = Frames.find(F.getName()); It != Frames.end() && !isOpaque(F))
          errs() << F.getName() << ' ' << It->second.Bytes << '\n';

    // Decide. From here to the end no frame changes.
    CallGraph G(M, Frames, X, O.EntryInPlace);
    if (O.PrintGraph)
      G.print(errs());
    for (Node &N : G.Nodes)
      N.MayBlock = Calls.Nodes[Calls.Index.lookup(N.F)].MayBlock;
    BlockingChains Chains(G, *Targets, O.PointsTo && !O.Shared);
    if (O.PrintBlocking)
      Chains.print(G, errs());
    if (!O.TwoStacks)
      for (Node &N : G.Nodes)
        N.MayBlock = true;
    if (!O.ProfileFile.empty()) {
      Expected<Profile> P = readProfile(O.ProfileFile);
      if (!P)
        fail(O.ProfileFile + ": " + toString(P.takeError()));
      ProfileUse Use(G, *P, O.ProfileFile);
      Use.markCold(G, *Targets);
      place(G, O.MaxPath, O.EntryInPlace);
      Use.raiseRequests(G, O.MaxPath);
    } else {
      place(G, O.MaxPath, O.EntryInPlace);
    }
    if (O.PrintPlacement)
      printPlacement(G, errs());
    printRemarks(G, Chains, X, *Targets, O);
    std::string Report = renderReport(G, X, *Targets, Chains, Allocas, Locals, Spins, O);
    writeCallers(G, O);

    // Second edit: callees and addresses.
    std::unique_ptr<ThreadRoutines> Routines = Contexts ? std::make_unique<ThreadRoutines>(M, G, O.Shared) : nullptr;
    applyPlacement(G, Allocas, O.Shared);
    if (Routines)
      Routines->settle();
    describeStubs(M);
    emitNote(M, G, O);
    if (O.Shared)
      emitExports(M, G);
    emitClaims(M, G, X, *Targets, Allocas, O);
    if (Contexts)
      emitContextTables(M, Calls, *Contexts, *Routines);
    emitRuntimeConstants(M, X, O);
    if (O.Preempt && !O.Shared)
      emitPreemptible(M, G);
    if (Contexts)
      noteReturnAddresses(M, *Contexts);
    checkFinalFrames(finalFrames(M, G));
    writeReport(Report, O);
    return PreservedAnalyses::none();
  }
};

/// Before the optimizations of the link: what must be said while functions are still apart.
class CapriccioEarlyPass : public PassInfoMixin<CapriccioEarlyPass> {
public:
  static bool isRequired() { return true; }

  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    refuseUnwoundCleanups(M);
    noteRuntimeFunctions(M);
    markRuntimeCode(M);
    Options O = readOptions();
    warnOfCriticalSections(M, O);
    limitInlining(M, O.InlineLimit);
    if (O.Preempt && !O.Shared)
      keepRuntimeApart(M);
    return PreservedAnalyses::none();
  }
};

} // namespace
} // namespace capriccio

extern "C" LLVM_ATTRIBUTE_WEAK __attribute__((visibility("default"))) PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "Capriccio", "1", [](PassBuilder &PB) {
            PB.registerFullLinkTimeOptimizationEarlyEPCallback(
                [](ModulePassManager &MPM, OptimizationLevel) { MPM.addPass(capriccio::CapriccioEarlyPass()); });
            PB.registerFullLinkTimeOptimizationLastEPCallback(
                [](ModulePassManager &MPM, OptimizationLevel) { MPM.addPass(capriccio::CapriccioPass()); });
            // For the lit tests: opt -load-pass-plugin=... -passes=capriccio
            PB.registerPipelineParsingCallback(
                [](StringRef Name, ModulePassManager &MPM, ArrayRef<PassBuilder::PipelineElement>) {
                  if (Name == "capriccio")
                    MPM.addPass(capriccio::CapriccioPass());
                  else if (Name == "capriccio-early")
                    MPM.addPass(capriccio::CapriccioEarlyPass());
                  else if (Name == "capriccio-pointsto-print")
                    MPM.addPass(capriccio::PointsToPrintPass());
                  else
                    return false;
                  return true;
                });
          }};
}
