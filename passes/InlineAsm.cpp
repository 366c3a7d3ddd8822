// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the template text, instruction by instruction. Text that pushes and pops in straight line is bounded by its pushes;
// a branch backwards past a push, a call, or arithmetic on rsp is not, and is refused: a wrong bound corrupts memory.
#include "InlineAsm.h"
#include "Diagnostics.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/InlineAsm.h"

using namespace llvm;

namespace capriccio {

static bool namesStackPointer(StringRef Operands) {
  for (StringRef Name : {"rsp", "esp"}) {
    size_t At = Operands.find_insensitive(Name);
    while (At != StringRef::npos) {
      bool Left = At == 0 || !isAlnum(Operands[At - 1]);
      size_t End = At + Name.size();
      bool Right = End >= Operands.size() || !isAlnum(Operands[End]);
      if (Left && Right)
        return true;
      At = Operands.find_insensitive(Name, At + 1);
    }
  }
  return false;
}

/// True for `pop %rsp`, as opposed to a pop into memory that rsp addresses.
static bool popsStackPointer(StringRef Operands) {
  return namesStackPointer(Operands) && !Operands.contains('(') && !Operands.contains('[');
}

/// The text as the assembler sees it but for operands: of `{push %rax|push rax}` ($(, $|, $) in IR) one alternative, `$$` as `$`.
static std::string inDialect(StringRef Template, bool Intel) {
  std::string Text;
  int Alternative = -1; // outside of all
  for (size_t At = 0; At < Template.size(); ++At) {
    char Next = Template[At] == '$' && At + 1 < Template.size() ? Template[At + 1] : 0;
    if (Next == '(')
      Alternative = 0;
    else if (Next == '|' && Alternative >= 0)
      ++Alternative;
    else if (Next == ')')
      Alternative = -1;
    else if (Alternative < 0 || Alternative == int(Intel))
      Text += Template[At];
    if (Next == '(' || Next == '|' || Next == ')' || Next == '$')
      ++At;
  }
  return Text;
}

uint64_t inlineAsmBytes(const CallBase &Site) {
  const auto *Asm = cast<InlineAsm>(Site.getCalledOperand());
  bool Intel = Asm->getDialect() == InlineAsm::AD_Intel;
  std::string Template = inDialect(Asm->getAsmString(), Intel);
  StringRef Text(Template);
  uint64_t Pushed = 0;
  bool Labels = false;

  SmallVector<StringRef, 8> Lines;
  Text.split(Lines, '\n');
  for (StringRef Line : Lines) {
    SmallVector<StringRef, 4> Statements;
    Line.split(Statements, ';');
    for (StringRef S : Statements) {
      S = S.trim();
      if (S.starts_with("#") || S.starts_with("//"))
        break;
      while (S.contains(':') && S.find(':') < S.find_first_of(" \t,$%(")) {
        Labels = true;
        S = S.substr(S.find(':') + 1).trim();
      }
      if (S.empty() || S.starts_with("."))
        continue;
      StringRef Mnemonic = S.take_while([](char C) { return isAlnum(C) || C == '_'; });
      StringRef Operands = S.drop_front(Mnemonic.size());
      for (StringRef Prefix : {"rep", "repe", "repne", "repz", "repnz", "lock", "notrack"})
        if (Mnemonic.equals_insensitive(Prefix)) {
          S = Operands.trim();
          Mnemonic = S.take_while([](char C) { return isAlnum(C) || C == '_'; });
          Operands = S.drop_front(Mnemonic.size());
          break;
        }
      std::string Op = Mnemonic.lower();
      StringRef M(Op);
      if (M.starts_with("push")) {
        Pushed += 8;
      } else if (M.starts_with("pop") && !M.starts_with("popcnt") && !popsStackPointer(Operands)) {
        // Gives back what a push took.
      } else if (M.starts_with("call") || M == "enter" || M == "enterq" ||
                 M == "leave" || M == "leaveq" || M == "lcall" ||
                 M.starts_with("ret") || M.starts_with("iret")) {
        failAt(Site, "inline assembly with '" + S + "': its stack need cannot be "
               "bounded. Remedy: make it a function in a .S file, declared with "
               "CAPR_STACK_BOUND, or compile this file with -fno-capriccio");
      } else if (namesStackPointer(Operands)) {
        // Reading rsp is harmless; AT&T order puts what is written last, Intel's first.
        StringRef Target = (Intel ? Operands.split(',').first : Operands.rsplit(',').second).trim();
        bool Reads = M.starts_with("mov") || M.starts_with("lea") ||
                     M.starts_with("cmp") || M.starts_with("test");
        Target.consume_front("%");
        Target.consume_front("%");
        bool WritesRsp = Target.equals_insensitive("rsp") || Target.equals_insensitive("esp");
        if (M.starts_with("cmp") || M.starts_with("test"))
          WritesRsp = false;
        if (!Reads || WritesRsp)
          failAt(Site, "inline assembly with '" + S + "' moves the stack pointer. "
                 "Remedy: make it a function in a .S file, declared with "
                 "CAPR_STACK_BOUND, or compile this file with -fno-capriccio");
      }
    }
  }
  if (Pushed && Labels)
    failAt(Site, "inline assembly that pushes and has labels: its stack need "
           "cannot be bounded. Remedy: make it a function in a .S file, "
           "declared with CAPR_STACK_BOUND");
  return Pushed;
}

} // namespace capriccio
