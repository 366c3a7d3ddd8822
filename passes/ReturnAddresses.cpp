// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A call of the module and the instruction that becomes of it have one thing in common that nothing else has and that changes no code: the
// debug location, once it is a distinct node, with the same line and scope as before. A machine pass behind all others finds the calls by it,
// and has the addresses behind them written into a section by what LLVM has for that (PC sections): for each function their distances, the
// calls' numbers, and how many they are. Where code generation has merged two calls, their location is neither's, and both are missing; so
// are all in the medium and large code models, whose distances have 8 bytes. The runtime then tries each call of the function.
#include "ReturnAddresses.h"
#include "RuntimeABI.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstrBuilder.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace capriccio {
namespace {

using Marks = DenseMap<const DILocation *, uint32_t>;

class Noter : public MachineFunctionPass {
public:
  static char ID;
  const Marks &Calls;
  Noter(const Marks &Calls) : MachineFunctionPass(ID), Calls(Calls) {}
  StringRef getPassName() const override { return "Capriccio return addresses"; }
  void getAnalysisUsage(AnalysisUsage &AU) const override {
    AU.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(AU);
  }

  bool runOnMachineFunction(MachineFunction &MF) override {
    CodeModel::Model Model = MF.getTarget().getCodeModel();
    if (Model == CodeModel::Medium || Model == CodeModel::Large)
      return false;
    SmallVector<MachineInstr *, 16> Found;
    SmallVector<Metadata *, 16> Numbers;
    for (MachineBasicBlock &MBB : MF)
      for (MachineInstr &MI : MBB) {
        if (!MI.isCall() || MI.isReturn())
          continue;
        if (auto It = Calls.find(MI.getDebugLoc().get()); It != Calls.end()) {
          Found.push_back(&MI);
          Numbers.push_back(number(MF, It->second));
        }
      }
    if (Found.empty())
      return false;
    // One node for all, since LLVM writes several in the order of their addresses in its own memory, and no two links would be the same.
    LLVMContext &C = MF.getFunction().getContext();
    Numbers.push_back(number(MF, Found.size()));
    MDNode *All = MDNode::getDistinct(C, {MDString::get(C, abi::ContextCalls), MDNode::get(C, Numbers)});
    for (MachineInstr *MI : Found)
      note(MF, *MI, All);
    return true;
  }

private:
  /// An instruction that becomes no code. PC sections have the address at which one begins.
  static void note(MachineFunction &MF, MachineInstr &MI, MDNode *All) {
    MachineInstr *Behind = MF.CreateMachineInstr(MF.getSubtarget().getInstrInfo()->get(TargetOpcode::KILL), DebugLoc());
    MI.getParent()->insert(std::next(MI.getIterator()), Behind);
    Behind->setPCSections(MF, All);
  }

  static Metadata *number(MachineFunction &MF, uint32_t N) {
    return ConstantAsMetadata::get(ConstantInt::get(Type::getInt32Ty(MF.getFunction().getContext()), N));
  }
};

char Noter::ID = 0;

/// Locations for calls that have none. Where the function has no debug information either, they are in a function of a unit without any.
class Nowhere {
  Module &M;
  DISubprogram *Apart = nullptr;

public:
  explicit Nowhere(Module &M) : M(M) {}

  DILocation *in(const Function &F) {
    DISubprogram *Scope = F.getSubprogram();
    if (!Scope && !Apart)
      make();
    return DILocation::getDistinct(M.getContext(), 0, 0, Scope ? Scope : Apart);
  }

private:
  void make() {
    DIBuilder B(M);
    DIFile *File = B.createFile("<none>", ""); // the verifier wants a name
    DICompileUnit *Unit = B.createCompileUnit(DISourceLanguageName(dwarf::DW_LANG_C11), File, "", false, "", 0, "", DICompileUnit::NoDebug);
    Apart = B.createFunction(Unit, "", "", File, 0, B.createSubroutineType({}), 0, DINode::FlagZero, DISubprogram::SPFlagDefinition);
    B.finalize();
  }
};

} // namespace

void noteReturnAddresses(Module &M, const ContextGraph &C) {
  // Both live until the process ends: lld generates code after the pass has returned.
  static Marks Calls;
  static std::unique_ptr<RegisterTargetPassConfigCallback> Installer;
  Calls.clear();
  Nowhere Unknown(M);
  for (unsigned I = 0; I != C.Sites.size(); ++I) {
    CallBase &Call = *C.Sites[I].Call;
    const DILocation *L = Call.getDebugLoc();
    DILocation *Own = L ? DILocation::getDistinct(M.getContext(), L->getLine(), L->getColumn(), L->getRawScope(), L->getRawInlinedAt(),
                                                  L->isImplicitCode(), L->getAtomGroup(), L->getAtomRank())
                        : Unknown.in(*Call.getFunction());
    Call.setDebugLoc(DebugLoc(Own));
    Calls[Own] = I;
  }
  if (!Installer)
    Installer = std::make_unique<RegisterTargetPassConfigCallback>([](TargetMachine &, PassManagerBase &, TargetPassConfig *Config) {
      Config->insertPass(&LiveDebugValuesID, new Noter(Calls));
    });
}

} // namespace capriccio
