// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unwind information for the stubs. They only jump, so the return address lies at rsp in all of them at each instruction, and one
// entry says so for a whole section, where code generation would write one for each: 32 bytes with its place in the search table,
// which is as much as a stub. Written by hand into .eh_frame, because the assembler's .cfi directives belong to one function.
#include "StubUnwind.h"
#include "LinkerOptions.h"
#include "RuntimeABI.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;

namespace capriccio {

/// The description that both entries refer to: addresses relative to where they stand, frame at rsp + 8.
static constexpr const char *Common = R"(
	.section .eh_frame,"a",@unwind
	.p2align 3
.Lcapr_cie:
	.long .Lcapr_cie_end - .Lcapr_cie_body
.Lcapr_cie_body:
	.long 0
	.byte 1
	.asciz "zR"
	.uleb128 1
	.sleb128 -8
	.uleb128 16
	.uleb128 1
	.byte 0x1b
	.byte 0x0c, 7, 8
	.byte 0x80 + 16, 1
	.p2align 3
.Lcapr_cie_end:
)";

bool describedTogether(const Module &M) {
  // With a section for each block every stub has one too, of the same name.
  return M.debug_compile_units().empty() && !linkerOptions().BlockSections;
}

/// Puts `Label` after the last instruction of a stub, whose body is one piece of inline assembly.
static void labelEnd(Function &Stub, const Twine &Label) {
  auto &Call = cast<CallInst>(Stub.getEntryBlock().front());
  auto *Old = cast<InlineAsm>(Call.getCalledOperand());
  Call.setCalledOperand(InlineAsm::get(Old->getFunctionType(), (Old->getAsmString() + "\n" + Label + ":").str(),
                                       Old->getConstraintString(), Old->hasSideEffects()));
}

void describeStubs(Module &M) {
  if (!describedTogether(M))
    return;
  std::string Text;
  for (const char *Section : {abi::StubSection, abi::EntrySection}) {
    Function *First = nullptr, *Last = nullptr;
    for (Function &F : M) {
      // Functions that are their own entries stand before the stubs of their section, each with what code generation says of it.
      if (!F.hasSection() || F.getSection() != Section || F.hasComdat() || !F.hasFnAttribute(Attribute::Naked))
        continue;
      First = First ? First : &F;
      Last = &F;
    }
    if (!First)
      continue;
    std::string Name = (Twine('"') + First->getName() + "\"").str();
    std::string Entry = (Twine(".Lcapr_fde_") + Section).str(), End = (Twine(".Lcapr_end_") + Section).str();
    labelEnd(*Last, End);
    Text += "\t.long " + Entry + "_end - " + Entry + "_body\n" + Entry + "_body:\n" +
            "\t.long . - .Lcapr_cie\n\t.long " + Name + " - .\n\t.long " + End + " - " + Name +
            "\n\t.byte 0\n\t.p2align 3\n" + Entry + "_end:\n";
  }
  if (!Text.empty())
    M.appendModuleInlineAsm(Common + Text + "\t.text\n");
}

} // namespace capriccio
