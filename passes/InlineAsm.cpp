// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the template text, instruction by instruction. Text that pushes and pops in straight line is bounded by its pushes, with what
// .rept repeats and what macros of the module's own assembly stand for, and by the deepest place below rsp that it names;
// a branch backwards past a push, a call, or arithmetic on rsp is not, and is refused: a wrong bound corrupts memory.
#include "InlineAsm.h"
#include "Diagnostics.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace capriccio {

static constexpr const char *Remedy = " Remedy: make it a function in a .S file, declared with CAPR_STACK_BOUND, or compile this file with "
                                      "-fno-capriccio";

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

/// Calls `Do` with each statement, without its labels, and whether it had any.
template <typename Fn> static void forStatements(StringRef Text, Fn Do) {
  SmallVector<StringRef, 8> Lines;
  Text.split(Lines, '\n');
  for (StringRef Line : Lines) {
    SmallVector<StringRef, 4> Statements;
    Line.split(Statements, ';');
    for (StringRef S : Statements) {
      S = S.trim();
      if (S.starts_with("#") || S.starts_with("//"))
        break;
      bool Labels = false;
      while (S.contains(':') && S.find(':') < S.find_first_of(" \t,$%(")) {
        Labels = true;
        S = S.substr(S.find(':') + 1).trim();
      }
      if (Labels || !S.empty())
        Do(S, Labels);
    }
  }
}

static StringRef firstWord(StringRef S) {
  return S.take_until([](char C) { return isSpace(C) || C == ','; });
}

void InlineAsmReader::findMacros(StringRef Text) {
  std::string Name;
  unsigned Depth = 0;
  forStatements(Text, [&](StringRef S, bool) {
    StringRef Word = firstWord(S);
    if (Word == ".macro" && !Depth++) {
      Name = firstWord(S.drop_front(Word.size()).ltrim()).str();
      Macros[Name] += namesStackPointer(S) ? "\\rsp\n" : ""; // a default, for whatever its parameter is used: refused below
      return;
    }
    if ((Word == ".endm" || Word == ".endmacro") && Depth && !--Depth)
      return;
    if (Depth)
      Macros[Name] += (S + "\n").str();
  });
}

InlineAsmReader::InlineAsmReader(const Module &M) {
  findMacros(M.getModuleInlineAsm());
  for (const Function &F : M)
    for (const Instruction &I : instructions(F))
      if (const auto *Site = dyn_cast<CallBase>(&I); Site && Site->isInlineAsm()) {
        const auto *Asm = cast<InlineAsm>(Site->getCalledOperand());
        if (StringRef(Asm->getAsmString()).contains(".macro"))
          findMacros(inDialect(Asm->getAsmString(), Asm->getDialect() == InlineAsm::AD_Intel));
      }
}

namespace {

class Text {
  const CallBase &Site;
  const StringMap<std::string> &Macros;
  const bool Intel;
  SmallVector<std::optional<uint64_t>, 2> Times; // of the .rept and its like that are open; none: unknown
  unsigned Depth = 0;                            // of macros
  uint64_t Pushed = 0, Below = 0;                // bytes below the frame: pushed so far, and the deepest that is named
  bool Labels = false;

  [[noreturn]] void refuse(StringRef S, const char *Why) {
    failAt(Site, "inline assembly with '" + S + "'" + Why + Remedy);
  }
  void statement(StringRef S);
  void directive(StringRef S);
  void expand(StringRef S, StringRef Body);
  void push(StringRef S);
  void memory(StringRef S, StringRef Operands);

public:
  Text(const CallBase &Site, const StringMap<std::string> &Macros, bool Intel) : Site(Site), Macros(Macros), Intel(Intel) {}
  uint64_t read(StringRef T);
  void statements(StringRef T);
};

void Text::push(StringRef S) {
  uint64_t Bytes = 8;
  for (std::optional<uint64_t> T : Times) {
    if (!T || *T > UINT32_MAX / Bytes)
      refuse(S, " repeated: its stack need cannot be bounded.");
    Bytes *= *T;
    if (!Bytes)
      return;
  }
  Pushed += Bytes;
}

/// A place relative to rsp: -2000(%rsp), [rsp - 2000].
void Text::memory(StringRef S, StringRef Operands) {
  size_t Open = Operands.find_first_of("([");
  while (Open != StringRef::npos) {
    size_t Close = Operands.find_first_of(")]", Open);
    StringRef Inside = Operands.slice(Open + 1, Close);
    if (namesStackPointer(Inside)) {
      StringRef Before = Operands.take_front(Open);
      Before = Before.drop_front(Before.rfind(',') + 1).trim(); // npos + 1 is 0
      std::string Offset = (Before + (Intel ? Inside : "")).str();
      llvm::erase_if(Offset, [](char C) { return isSpace(C) || C == '*'; });
      // What is subtracted, as numbers; what is added does not lead below.
      for (size_t At = Offset.find('-'); At != std::string::npos; At = Offset.find('-', At + 1)) {
        StringRef Number = StringRef(Offset).drop_front(At + 1);
        uint64_t Bytes;
        if (Number.consumeInteger(0, Bytes) || (!Number.empty() && Number[0] != '+' && Number[0] != '-') || Bytes > INT32_MAX)
          refuse(S, " names a place below the stack pointer that is no number.");
        Below = std::max(Below, Pushed + Bytes);
      }
      // An operand of the assembly, an argument of a macro, a symbol.
      if (StringRef(Offset).find_first_of("$\\~") != StringRef::npos ||
          (!Intel && StringRef(Offset).find_first_not_of("0123456789abcdefxABCDEFX+-*()") != StringRef::npos))
        refuse(S, " names a place relative to the stack pointer that is no number.");
    }
    Open = Close == StringRef::npos ? Close : Operands.find_first_of("([", Close);
  }
}

void Text::directive(StringRef S) {
  StringRef Word = firstWord(S), Rest = S.drop_front(Word.size()).trim();
  if (Word.starts_with(".irp") && namesStackPointer(Rest))
    refuse(S, ", whose body is given the stack pointer: its stack need cannot be bounded.");
  if (Word == ".rept" || Word == ".rep") {
    uint64_t N;
    Times.push_back(Rest.getAsInteger(0, N) ? std::nullopt : std::optional(N));
  } else if (Word == ".irp") {
    SmallVector<StringRef, 8> Words; // the first is the name
    SplitString(Rest, Words, ", \t");
    Times.push_back(Words.empty() ? 0 : Words.size() - 1);
  } else if (Word == ".irpc") {
    Times.push_back(Rest.size());
  } else if (Word == ".endr" && !Times.empty()) {
    Times.pop_back();
  } else if (Word == ".include") {
    refuse(S, ", which is not read: its stack need cannot be bounded.");
  }
}

void Text::expand(StringRef S, StringRef Body) {
  if (Depth == 16 || namesStackPointer(S))
    refuse(S, ", a macro that is given the stack pointer, or calls itself: its stack need cannot be bounded.");
  ++Depth;
  statements(Body);
  --Depth;
}

void Text::statement(StringRef S) {
  StringRef Mnemonic = S.take_while([](char C) { return isAlnum(C) || C == '_'; });
  StringRef Operands = S.drop_front(Mnemonic.size());
  for (StringRef Prefix : {"rep", "repe", "repne", "repz", "repnz", "lock", "notrack"})
    if (Mnemonic.equals_insensitive(Prefix)) {
      S = Operands.trim();
      Mnemonic = S.take_while([](char C) { return isAlnum(C) || C == '_'; });
      Operands = S.drop_front(Mnemonic.size());
      break;
    }
  if (auto It = Macros.find(firstWord(S)); It != Macros.end())
    return expand(S, It->second);
  std::string Op = Mnemonic.lower();
  StringRef M(Op);
  if (Operands.starts_with("\\")) // of a macro: its arguments make the instruction's name
    for (StringRef Name : {"push", "call", "enter", "leave", "lcall", "ret", "iret"})
      if (Name.starts_with(M))
        refuse(S, ", whose name a macro's argument makes: its stack need cannot be bounded.");
  if (M.starts_with("push")) {
    push(S);
  } else if (M.starts_with("pop") && !M.starts_with("popcnt") && !popsStackPointer(Operands)) {
    // Gives back what a push took.
  } else if (M.starts_with("call") || M == "enter" || M == "enterq" || M == "leave" || M == "leaveq" || M == "lcall" ||
             M.starts_with("ret") || M.starts_with("iret")) {
    refuse(S, ": its stack need cannot be bounded.");
  } else if (namesStackPointer(Operands)) {
    // Reading rsp is harmless; AT&T order puts what is written last, Intel's first.
    StringRef Target = (Intel ? Operands.split(',').first : Operands.rsplit(',').second).trim();
    bool Reads = M.starts_with("mov") || M.starts_with("lea") || M.starts_with("cmp") || M.starts_with("test");
    Target.consume_front("%");
    Target.consume_front("%");
    bool WritesRsp = Target.equals_insensitive("rsp") || Target.equals_insensitive("esp");
    if (M.starts_with("cmp") || M.starts_with("test"))
      WritesRsp = false;
    if (!Reads || WritesRsp)
      refuse(S, " moves the stack pointer.");
  }
  memory(S, Operands);
}

void Text::statements(StringRef T) {
  unsigned Defined = 0; // macros whose text this is
  forStatements(T, [&](StringRef S, bool HasLabels) {
    StringRef Word = firstWord(S);
    Defined += Word == ".macro";
    if (Defined) {
      Defined -= Word == ".endm" || Word == ".endmacro";
      return;
    }
    Labels |= HasLabels;
    if (S.starts_with("."))
      directive(S);
    else if (!S.empty())
      statement(S);
  });
}

uint64_t Text::read(StringRef T) {
  statements(T);
  if (Pushed && Labels)
    failAt(Site, Twine("inline assembly that pushes and has labels: its stack need cannot be bounded.") + Remedy);
  return std::max(Pushed, Below);
}

} // namespace

uint64_t InlineAsmReader::bytes(const CallBase &Site) const {
  const auto *Asm = cast<InlineAsm>(Site.getCalledOperand());
  bool Intel = Asm->getDialect() == InlineAsm::AD_Intel;
  return Text(Site, Macros, Intel).read(inDialect(Asm->getAsmString(), Intel));
}

} // namespace capriccio
