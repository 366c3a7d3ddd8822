// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the language of Models.h. Recursive descent over a row's text; the first error ends it, with the text that was left.
#include "Models.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace capriccio::pointsto {
namespace {

class Parser {
  StringRef Rest;
  std::string &Error;
  bool Allocates = false, Kernel = false;

  bool fail(const char *What) {
    if (Error.empty())
      Error = (Twine(What) + " at '" + Rest + "'").str();
    return false;
  }
  bool eat(StringRef Token) {
    Rest = Rest.ltrim();
    return Rest.consume_front(Token);
  }
  bool word(StringRef Word) {
    Rest = Rest.ltrim();
    if (!Rest.starts_with(Word) || (Rest.size() > Word.size() && isAlnum(Rest[Word.size()])))
      return false;
    Rest = Rest.drop_front(Word.size());
    return true;
  }
  bool argument(unsigned &A) {
    Rest = Rest.ltrim();
    if (!Rest.consume_front("a") || Rest.consumeInteger(10, A))
      return fail("expected an argument number");
    return true;
  }
  bool channel(Channel &C) {
    static const std::pair<StringRef, Channel> Names[] = {
        {"descriptors", Descriptors}, {"epoll", Epoll},     {"joined", Joined},    {"specific", Specific},
        {"signals", Signals},         {"tokens", Tokens},   {"exported", Exported}, {"values", Values}};
    for (const auto &[Name, Value] : Names)
      if (word(Name)) {
        C = Value;
        Kernel |= isKept(C);
        return true;
      }
    return fail("expected a channel");
  }
  static std::unique_ptr<ModelValue> box(ModelValue V) { return std::make_unique<ModelValue>(std::move(V)); }
  static ModelValue wrap(ModelValue::Kind K, ModelValue V) {
    ModelValue W;
    W.K = K;
    W.Of = box(std::move(V));
    return W;
  }

  bool primary(ModelValue &V) {
    if (eat("~") || eat("*") || eat("%")) {
      char Operator = Rest.data()[-1];
      ModelValue Of;
      if (!value(Of))
        return false;
      if (Operator != '*')
        Of = wrap(ModelValue::Anywhere, std::move(Of));
      if (Operator != '~')
        Of = wrap(ModelValue::Contents, std::move(Of));
      V = std::move(Of);
      return true;
    }
    if (eat("@")) {
      V.K = ModelValue::Shared;
      return channel(V.Name);
    }
    if (eat("-"))
      return true;
    if (word("lib")) {
      V.K = ModelValue::Library;
    } else if (word("ext")) {
      V.K = ModelValue::Outside;
    } else if (word("new")) {
      V.K = ModelValue::Heap;
      Allocates = true;
      if (eat("("))
        return argument(V.A) && (!eat("*") || argument(V.B)) && (eat(")") || fail("expected )"));
    } else if (word("r")) {
      V.K = ModelValue::Result;
    } else if (word("n")) {
      V.K = ModelValue::Temporary;
    } else {
      V.K = ModelValue::Argument;
      return argument(V.A);
    }
    return true;
  }
  bool value(ModelValue &V) {
    if (!primary(V))
      return false;
    if (!eat("["))
      return true;
    V = wrap(ModelValue::Row, std::move(V));
    return argument(V.A) && (eat("]") || fail("expected ]"));
  }
  bool target(ModelValue &V) {
    if (!value(V))
      return false;
    if (V.K == ModelValue::Result || V.K == ModelValue::Temporary || V.K == ModelValue::Shared ||
        V.K == ModelValue::Contents)
      return true;
    return fail("not a target, before");
  }
  bool statement(ModelStatement &S) {
    if (word("unknown")) {
      S.K = ModelStatement::AsUnknown;
      return true;
    }
    if (word("unless")) {
      if (!argument(S.Unless) || !(eat("&") || fail("expected &")))
        return false;
      Rest = Rest.ltrim();
      if (Rest.consumeInteger(10, S.Mask))
        return fail("expected a number");
    }
    if (word("call")) {
      S.K = ModelStatement::CallBack;
      if (!value(S.Source) || !(eat("(") || fail("expected (")))
        return false;
      if (!eat(")")) {
        do {
          S.Arguments.emplace_back();
          if (!value(S.Arguments.back()))
            return false;
        } while (eat(","));
        if (!eat(")"))
          return fail("expected )");
      }
      return !eat("->") || target(S.Target);
    }
    if (word("copy")) {
      S.K = ModelStatement::CopyMemory;
      if (!value(S.Target) || !value(S.Source))
        return false;
      Rest = Rest.ltrim();
      return Rest.empty() || Rest.front() == ';' || argument(S.Size);
    }
    S.K = ModelStatement::Assign;
    return target(S.Target) && (eat("=") || fail("expected =")) && value(S.Source);
  }

public:
  Parser(StringRef Text, std::string &Error) : Rest(Text), Error(Error) {}

  std::unique_ptr<Model> parse() {
    auto M = std::make_unique<Model>();
    while (!Rest.ltrim().empty()) {
      M->Statements.emplace_back();
      if (!statement(M->Statements.back()))
        return nullptr;
      if (!Rest.ltrim().empty() && !eat(";")) {
        fail("expected ;");
        return nullptr;
      }
    }
    M->Allocates = Allocates;
    M->Kernel = Kernel;
    return M;
  }
};

} // namespace

std::unique_ptr<Model> parseModel(StringRef Text, std::string &Error) { return Parser(Text, Error).parse(); }

} // namespace capriccio::pointsto
