// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decodes the instructions of an ElfImage with LLVM's MC layer, each address once.

#ifndef CAPSTACK_DECODER_H
#define CAPSTACK_DECODER_H

#include "ElfImage.h"
#include "Instruction.h"
#include "OpcodeClass.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"

#include <deque>
#include <memory>
#include <vector>

namespace capstack {

class Decoder {
  public:
    explicit Decoder(const ElfImage &Image);
    ~Decoder();

    /// The instruction at \p Address; null where there is no code or none that decodes. Stays valid as long as the Decoder.
    const Instruction *at(uint64_t Address);

  private:
    struct OpcodeInfo {
        OpcodeClass Class;
        RegisterSet Clobbers = 0; // implicit
        RegisterSet Reads = 0;    // implicit
        bool WritesElsewhere = false, WritesFlags = false, Known = false;
        int MemoryAt = -1; // index of the first of the five operands
    };

    const OpcodeInfo &info(unsigned Opcode);
    void fill(const llvm::MCInst &Inst, Instruction &Out);
    void readMemory(const llvm::MCInst &Inst, int At, Instruction &Out) const;
    Register whole(llvm::MCRegister R) const; // a 64-bit register, else NoRegister or OtherRegister
    unsigned widthOf(llvm::MCRegister R) const { return R.id() < Widths.size() ? Widths[R.id()] : 0; }

    const ElfImage &Image;
    std::unique_ptr<llvm::MCRegisterInfo> Registers;
    std::unique_ptr<llvm::MCAsmInfo> Assembly;
    std::unique_ptr<llvm::MCInstrInfo> Opcodes;
    std::unique_ptr<llvm::MCSubtargetInfo> Subtarget;
    std::unique_ptr<llvm::MCContext> Context;
    std::unique_ptr<llvm::MCDisassembler> Disassembler;
    std::vector<OpcodeInfo> Infos;
    std::vector<int8_t> Numbers;  // by MCRegister: the general register that it is, or is a part of
    std::vector<uint8_t> Widths;  // by MCRegister: bytes, of general and vector registers
    llvm::MCRegister Flags, InstructionPointer;
    std::deque<Instruction> Store;
    llvm::DenseMap<uint64_t, const Instruction *> Cache;
};

} // namespace capstack

#endif
