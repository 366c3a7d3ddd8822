// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A machine pass placed right behind prologue/epilogue insertion, where every frame index has become an offset from rsp or
// rbp, and the code generation that runs it. MachineFrameInfo's stack size leaves out what is pushed for calls without a
// reserved call frame, the red zone, and the slack of a realigned frame: boundOf adds them. The code generator has to be
// set up as lld sets up its own, or frames differ: level and relocation model are read from lld's command line.
#include "FrameSizes.h"
#include "CallGraph.h"
#include "Diagnostics.h"
#include "LinkerOptions.h"
#include "llvm/Analysis/RuntimeLibcallInfo.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/CodeGen/CommandFlags.h"
#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetFrameLowering.h"
#include "llvm/CodeGen/TargetLowering.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/CodeGen/TargetRegisterInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace capriccio {
namespace {

/// Deepest byte below rsp that an instruction of a leaf function touches (the red zone), up to 128.
uint64_t redZoneOf(const MachineFunction &MF) {
  const MachineFrameInfo &MFI = MF.getFrameInfo();
  if (MFI.hasCalls())
    return 0;
  // Every object could lie there; which one does is an offset that only the frame lowering knows.
  bool HasObjects = MFI.getObjectIndexEnd() > 0 || MFI.getNumFixedObjects() > 0;
  return HasObjects ? 128 : 0;
}

/// Deepest byte below rsp that an instruction names. A fence is a locked instruction on the bytes 64 below rsp, in functions
/// that call as well, and without an object there.
uint64_t belowStackPointer(const MachineFunction &MF) {
  Register SP = MF.getSubtarget().getTargetLowering()->getStackPointerRegisterToSaveRestore();
  int64_t Deepest = 0;
  for (const MachineBasicBlock &MBB : MF)
    for (const MachineInstr &MI : MBB)
      // An address is base, scale, index, offset, segment.
      for (unsigned I = 0; I + 4 < MI.getNumExplicitOperands(); ++I)
        if (MI.getOperand(I).isReg() && MI.getOperand(I).getReg() == SP && MI.getOperand(I + 1).isImm() &&
            MI.getOperand(I + 2).isReg() && MI.getOperand(I + 3).isImm() && MI.getOperand(I + 4).isReg())
          Deepest = std::min(Deepest, MI.getOperand(I + 3).getImm());
  return -Deepest;
}

/// What is pushed around inline assembly, or a call, that changes the register by which the frame is addressed (rbp, in a realigned
/// frame rbx): both, and as much to keep the stack aligned.
uint64_t aroundClobbers(const MachineFunction &MF) {
  const TargetRegisterInfo &TRI = *MF.getSubtarget().getRegisterInfo();
  auto IsBase = [&](MCRegister R) { return StringRef(TRI.getName(R)) == "RBP" || StringRef(TRI.getName(R)) == "RBX"; };
  for (const MachineBasicBlock &MBB : MF)
    for (const MachineInstr &MI : MBB)
      if (MI.isInlineAsm() || MI.isCall())
        for (const MachineOperand &Op : MI.operands()) {
          if (Op.isReg() && Op.isDef() && Op.getReg().isPhysical())
            for (MCPhysReg R : TRI.superregs_inclusive(Op.getReg()))
              if (IsBase(R))
                return 32;
        }
  return 0;
}

uint64_t boundOf(const MachineFunction &MF) {
  const MachineFrameInfo &MFI = MF.getFrameInfo();
  const TargetSubtargetInfo &ST = MF.getSubtarget();
  uint64_t Bytes = MFI.getStackSize();
  if (MFI.isMaxCallFrameSizeComputed() &&
      !ST.getFrameLowering()->hasReservedCallFrame(MF))
    Bytes += alignTo(MFI.getMaxCallFrameSize(), 16) + 8;
  // With -mstackrealign without an object; where inline assembly takes the base register, unbeknown to hasStackRealignment, with
  // another copy of the return address.
  Align StackAlign = ST.getFrameLowering()->getStackAlign();
  if (ST.getRegisterInfo()->hasStackRealignment(MF) || MFI.getMaxAlign() > StackAlign)
    Bytes += 2 * std::max(MFI.getMaxAlign(), StackAlign).value() + 16;
  // At -Oz a small constant takes its way to a register over a push and a pop, which appear after the frame is laid out.
  if (MF.getFunction().hasMinSize())
    Bytes += 8;
  return Bytes + aroundClobbers(MF) + std::max(redZoneOf(MF), belowStackPointer(MF));
}

/// Of the functions that code generation calls on its own, those of `long double` alone have arguments on the stack: three at most
/// (fmal). A tail call leaves them where the caller's own arguments came.
uint64_t libraryArgumentBytes(const MachineFunction &MF) {
  constexpr uint64_t Most = 64;
  const MachineFrameInfo &MFI = MF.getFrameInfo();
  uint64_t Pushed = MFI.isMaxCallFrameSizeComputed() ? MFI.getMaxCallFrameSize() : Most;
  return std::min(Most, alignTo(std::max(Pushed, stackArgumentBytes(MF.getFunction())), 8));
}

/// In the large code model the address of a function is a value like others: fetched once for several uses, kept in a register or
/// spilled. Calls and addresses are given other functions after the measure (stubs, bodies, the checkpoint of one site), so that more
/// values may live at a time: one for each use at most, with the base that they are relative to, and the registers that are saved for them.
uint64_t largeModelSlack(const MachineFunction &MF) {
  if (MF.getTarget().getCodeModel() != CodeModel::Large)
    return 0;
  constexpr uint64_t Word = 8, SavedRegisters = 6, Base = 1;
  uint64_t Uses = 0;
  for (const MachineBasicBlock &MBB : MF)
    for (const MachineInstr &MI : MBB) {
      Uses += MI.isCall();
      for (const MachineOperand &Op : MI.operands())
        Uses += Op.isGlobal() || Op.isSymbol();
    }
  return Uses ? alignTo(Word * (Uses + SavedRegisters + Base), 16) : 0;
}

class Recorder : public MachineFunctionPass {
public:
  static char ID;
  /// Record: frames go there. Check: they are compared with it. One of the two.
  FrameTable *Record;
  const FrameTable *Check;
  Recorder(FrameTable *Record, const FrameTable *Check)
      : MachineFunctionPass(ID), Record(Record), Check(Check) {}
  StringRef getPassName() const override { return "Capriccio frame recorder"; }
  void getAnalysisUsage(AnalysisUsage &AU) const override {
    AU.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(AU);
  }

  bool runOnMachineFunction(MachineFunction &MF) override {
    uint64_t Bytes = boundOf(MF);
    if (Check) {
      auto It = Check->find(MF.getName());
      if (It == Check->end())
        fail(Twine(MF.getName()) + ": code generation made a function that the "
             "pass has not seen; its stack need is unknown. Remedy: drop the "
             "-mllvm option that makes it (machine outliner?)");
      if (Bytes > It->second.Bytes)
        fail(Twine(MF.getName()) + ": frame of " + Twine(Bytes) +
             " bytes in the final code, " + Twine(It->second.Bytes) +
             " were assumed. Remedy: link with the same code generation "
             "options as lld's defaults, or report a bug in capcc");
      return false;
    }
    Frame &Out = (*Record)[MF.getName()];
    Out.Bytes = Bytes + largeModelSlack(MF);
    Out.ArgBytes = libraryArgumentBytes(MF);
    for (const MachineBasicBlock &MBB : MF)
      for (const MachineInstr &MI : MBB)
        for (const MachineOperand &Op : MI.operands()) {
          // In the large code model an instruction before the call fetches the address. Inline assembly's text is a symbol too.
          if (Op.isSymbol() && !MI.isInlineAsm() && StringRef(Op.getSymbolName()) != "_GLOBAL_OFFSET_TABLE_")
            Out.Calls[Op.getSymbolName()] = true;
          else if (Op.isGlobal() && MI.isCall())
            Out.Calls.try_emplace(Op.getGlobal()->getName(), false);
          else if (Op.isMCSymbol() && MI.isCall()) // as the selector for optnone functions names what it calls on its own
            Out.Calls[Op.getMCSymbol()->getName()] = true;
        }
    return false;
  }
};

char Recorder::ID = 0;

/// Gives the calls that code generation makes on its own the names of their stubs, as soon as they are machine instructions.
class Redirector : public MachineFunctionPass {
public:
  static char ID;
  const FrameTable &Table;
  Redirector(const FrameTable &Table) : MachineFunctionPass(ID), Table(Table) {}
  StringRef getPassName() const override { return "Capriccio calls of code generation"; }
  void getAnalysisUsage(AnalysisUsage &AU) const override {
    AU.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(AU);
  }

  bool runOnMachineFunction(MachineFunction &MF) override {
    auto Its = Table.find(MF.getName());
    if (Its == Table.end() || Its->second.Through.empty())
      return false;
    auto StubFor = [&](StringRef Name) -> const char * {
      auto To = Its->second.Through.find(Name);
      return To == Its->second.Through.end() ? nullptr : MF.createExternalSymbolName(To->second);
    };
    for (MachineBasicBlock &MBB : MF)
      for (MachineInstr &MI : MBB)
        for (MachineOperand &Op : MI.operands())
          if (Op.isSymbol() && !MI.isInlineAsm()) {
            if (const char *Stub = StubFor(Op.getSymbolName()))
              Op.ChangeToES(Stub, Op.getTargetFlags());
          } else if (Op.isGlobal() && MI.isCall()) { // made in the code generator's own IR (16-byte atomics)
            if (const char *Stub = StubFor(Op.getGlobal()->getName()))
              Op.ChangeToES(Stub, Op.getTargetFlags());
          } else if (Op.isMCSymbol() && MI.isCall()) {
            if (const char *Stub = StubFor(Op.getMCSymbol()->getName()))
              Op.ChangeToMCSymbol(MF.getContext().getOrCreateSymbol(Stub), Op.getTargetFlags());
          }
    return true;
  }
};

char Redirector::ID = 0;

/// Puts a recorder into every code generation pipeline that is built while it lives.
class RecorderInstaller {
  FrameTable *Record;
  const FrameTable *Check;
  RegisterTargetPassConfigCallback Callback;

public:
  RecorderInstaller(FrameTable *Record, const FrameTable *Check)
      : Record(Record), Check(Check),
        Callback([this](TargetMachine &, PassManagerBase &,
                        TargetPassConfig *Config) {
          Config->insertPass(&PrologEpilogCodeInserterID,
                             new Recorder(this->Record, this->Check));
          if (this->Check)
            Config->insertPass(&FinalizeISelID, new Redirector(*this->Check));
        }) {}
};

std::unique_ptr<TargetMachine> makeTargetMachine(const Module &M) {
  const Triple &TT = M.getTargetTriple();
  std::string Error;
  const Target *T = TargetRegistry::lookupTarget(TT, Error);
  if (!T)
    fail(Twine(TT.str()) + ": " + Error);
  const LinkerOptions &Linker = linkerOptions();
  TargetOptions Options = codegen::InitTargetOptionsFromCodeGenFlags(TT);
  std::unique_ptr<TargetMachine> TM(T->createTargetMachine(
      TT, Linker.Cpu, "", Options,
      Linker.PositionIndependent ? Reloc::PIC_ : Reloc::Static,
      M.getCodeModel(), Linker.CodeGenLevel));
  // As LLVM's own link-time code generation does: what the medium model takes for far away.
  if (std::optional<uint64_t> Threshold = M.getLargeDataThreshold())
    TM->setLargeDataThreshold(*Threshold);
  return TM;
}

/// Code generation as far as the frames are laid out: nothing behind that changes them. Where the pipeline ends is an option of LLVM's
/// that the link's own code generation must not see.
void addPassesUpToFrames(TargetMachine &TM, legacy::PassManager &PM) {
  auto *StopAfter = static_cast<cl::opt<std::string> *>(cl::getRegisteredOptions().lookup("stop-after"));
  if (!StopAfter)
    fail("this LLVM has no -stop-after");
  std::string Before = StopAfter->getValue();
  StopAfter->setValue("prologepilog");
  TargetPassConfig *Config = TM.createPassConfig(PM); // reads the option
  StopAfter->setValue(Before);
  if (!Config)
    fail("the target cannot generate code");
  // What lld's code generation knows of library functions, and LLVM's pipeline in its order.
  const TargetOptions &O = TM.Options;
  PM.add(new TargetLibraryInfoWrapperPass(TargetLibraryInfoImpl(TM.getTargetTriple(), O.VecLib)));
  PM.add(new RuntimeLibraryInfoWrapper(TM.getTargetTriple(), O.ExceptionModel, O.FloatABIType, O.EABIVersion, O.MCOptions.ABIName,
                                       O.VecLib));
  Config->setDisableVerify(true);
  PM.add(Config);
  PM.add(new MachineModuleInfoWrapperPass(&TM));
  invokeGlobalTargetPassConfigCallbacks(TM, PM, Config);
  if (Config->addISelPasses())
    fail("the target cannot generate code");
  Config->addMachinePasses();
  Config->setInitialized();
  PM.add(createFreeMachineFunctionPass());
}

} // namespace

FrameTable measureFrames(const Module &M) {
  SmallVector<char, 0> Bitcode;
  raw_svector_ostream OS(Bitcode);
  WriteBitcodeToFile(M, OS, /*ShouldPreserveUseListOrder=*/true);

  LLVMContext Context;
  Expected<std::unique_ptr<Module>> Copy = parseBitcodeFile(
      MemoryBufferRef(StringRef(Bitcode.data(), Bitcode.size()), "copy"),
      Context);
  if (!Copy)
    fail("cannot read the module back: " + toString(Copy.takeError()));

  FrameTable Frames;
  RecorderInstaller Installer(&Frames, nullptr);
  std::unique_ptr<TargetMachine> TM = makeTargetMachine(**Copy);
  (*Copy)->setDataLayout(TM->createDataLayout());
  legacy::PassManager PM;
  addPassesUpToFrames(*TM, PM);
  PM.run(**Copy);
  return Frames;
}

void checkFinalFrames(FrameTable Assumed) {
  // Both live until the process ends: lld generates code after the pass has returned.
  static FrameTable Table;
  static RecorderInstaller *Installer;
  Table = std::move(Assumed);
  if (!Installer)
    Installer = new RecorderInstaller(nullptr, &Table);
}

} // namespace capriccio
