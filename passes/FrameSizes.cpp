// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A machine pass placed right behind prologue/epilogue insertion, where every frame index has become an offset from rsp or
// rbp, and the code generation that runs it. MachineFrameInfo's stack size leaves out what is pushed for calls without a
// reserved call frame, the red zone, and the slack of a realigned frame: boundOf adds them. The code generator has to be
// set up as lld sets up its own, or frames differ: level and relocation model are read from lld's command line.
#include "FrameSizes.h"
#include "Diagnostics.h"
#include "LinkerOptions.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/CodeGen/CommandFlags.h"
#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetFrameLowering.h"
#include "llvm/CodeGen/TargetLowering.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/CodeGen/TargetRegisterInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/MC/TargetRegistry.h"
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

uint64_t boundOf(const MachineFunction &MF) {
  const MachineFrameInfo &MFI = MF.getFrameInfo();
  const TargetSubtargetInfo &ST = MF.getSubtarget();
  uint64_t Bytes = MFI.getStackSize();
  if (MFI.isMaxCallFrameSizeComputed() &&
      !ST.getFrameLowering()->hasReservedCallFrame(MF))
    Bytes += alignTo(MFI.getMaxCallFrameSize(), 16) + 8;
  if (ST.getRegisterInfo()->hasStackRealignment(MF))
    Bytes += 2 * MFI.getMaxAlign().value();
  // At -Oz a small constant takes its way to a register over a push and a pop, which appear after the frame is laid out.
  if (MF.getFunction().hasMinSize())
    Bytes += 8;
  return Bytes + std::max(redZoneOf(MF), belowStackPointer(MF));
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
    Out.Bytes = Bytes;
    for (const MachineBasicBlock &MBB : MF)
      for (const MachineInstr &MI : MBB)
        for (const MachineOperand &Op : MI.operands()) {
          // In the large code model an instruction before the call fetches the address. Inline assembly's text is a symbol too.
          if (Op.isSymbol() && !MI.isInlineAsm() && StringRef(Op.getSymbolName()) != "_GLOBAL_OFFSET_TABLE_")
            Out.Calls.insert(Op.getSymbolName());
          else if (Op.isGlobal() && MI.isCall())
            Out.Calls.insert(Op.getGlobal()->getName());
          else if (Op.isMCSymbol() && MI.isCall()) // as the selector for optnone functions names what it calls on its own
            Out.Calls.insert(Op.getMCSymbol()->getName());
        }
    return false;
  }
};

char Recorder::ID = 0;

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
  return std::unique_ptr<TargetMachine>(T->createTargetMachine(
      TT, Linker.Cpu, "", Options,
      Linker.PositionIndependent ? Reloc::PIC_ : Reloc::Static,
      M.getCodeModel(), Linker.CodeGenLevel));
}

} // namespace

/// `Only`: null, or the names of the functions to measure.
static FrameTable measure(const Module &M, const StringSet<> *Only) {
  SmallVector<char, 0> Bitcode;
  raw_svector_ostream OS(Bitcode);
  WriteBitcodeToFile(M, OS, /*ShouldPreserveUseListOrder=*/true);

  LLVMContext Context;
  Expected<std::unique_ptr<Module>> Copy = parseBitcodeFile(
      MemoryBufferRef(StringRef(Bitcode.data(), Bitcode.size()), "copy"),
      Context);
  if (!Copy)
    fail("cannot read the module back: " + toString(Copy.takeError()));

  if (Only)
    for (Function &F : **Copy)
      if (!F.isDeclaration() && !Only->contains(F.getName())) {
        F.deleteBody(); // external linkage from here on; as near as it was
        F.setComdat(nullptr);
        F.setDSOLocal(true);
      }

  FrameTable Frames;
  RecorderInstaller Installer(&Frames, nullptr);
  std::unique_ptr<TargetMachine> TM = makeTargetMachine(**Copy);
  (*Copy)->setDataLayout(TM->createDataLayout());
  legacy::PassManager PM;
  raw_null_ostream Null;
  if (TM->addPassesToEmitFile(PM, Null, nullptr, CodeGenFileType::Null))
    fail("the target cannot generate code");
  PM.run(**Copy);
  return Frames;
}

FrameTable measureFrames(const Module &M) { return measure(M, nullptr); }

void measureAgain(const Module &M, const StringSet<> &Names, FrameTable &Frames) {
  for (auto &Entry : measure(M, &Names))
    Frames[Entry.getKey()] = std::move(Entry.getValue());
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
