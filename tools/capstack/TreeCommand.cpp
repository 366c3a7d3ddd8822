// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `capstack tree`: the deepest path below each check of a program, call by call, with what each function takes of it and where it
// stands in the source. From the same walk as `capstack verify`, so the bytes are those of the machine code.

#include "TreeCommand.h"
#include "Command.h"

#include "Verifier.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/DebugInfo/Symbolize/Symbolize.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <tuple>

using namespace llvm;

namespace capstack {

namespace {

constexpr unsigned DefaultTop = 10;

struct Options {
    StringRef File, Function;
    unsigned Top = DefaultTop;
};

int usage(const Twine &What) {
    errs() << "capstack: error: tree: " << What << ": usage: capstack tree [--function NAME] [--top N] FILE\n";
    return 2;
}

/// The name as the source has it: the body of an exported function has a suffix.
std::string sourceName(const Program &P, uint64_t Address) {
    std::string Name = P.nameOf(Address);
    StringRef Short = Name;
    return Short.consume_back("$body") ? Short.str() : Name;
}

class Printer {
    const Program &P;
    StringRef File;
    symbolize::LLVMSymbolizer Lines{namedAsCompiled()};

    std::string place(uint64_t Address) {
        Expected<DILineInfo> Info = Lines.symbolizeCode(File, {Address, object::SectionedAddress::UndefSection});
        if (!Info) {
            consumeError(Info.takeError());
            return "";
        }
        if (Info->StartLine == 0 || Info->FileName == DILineInfo::BadString) return "";
        return Info->FileName + ":" + utostr(Info->StartLine);
    }
    void row(uint64_t Bytes, uint64_t Sum, StringRef Name, StringRef Place) {
        outs() << format("%8llu %8llu  ", (unsigned long long)Bytes, (unsigned long long)Sum);
        if (Place.empty())
            outs() << Name;
        else
            outs() << left_justify(Name, 32) << " " << Place;
        outs() << "\n";
    }

  public:
    Printer(const Program &P, StringRef File) : P(P), File(File) {}

    /// From the function at \p Address down to where the path ends: at the next check, on another stack, in a leaf.
    void path(uint64_t Address) {
        outs() << "   bytes      sum  function\n";
        uint64_t Sum = 0;
        DenseSet<uint64_t> Seen; // a function that jumps to itself at its end
        for (auto At = P.Walked.find(Address); At != P.Walked.end(); At = P.Walked.find(Address)) {
            const DepthResult &Depth = At->second;
            Seen.insert(Address);
            auto Next = P.Walked.find(Depth.DeepestCallee);
            uint64_t Below = Next == P.Walked.end() ? 0 : Next->second.Bytes;
            bool GoesOn = Depth.DeepestCallee != 0 && Depth.DeepestCallAt + Below >= Depth.Bytes && !Seen.contains(Depth.DeepestCallee);
            if (!Depth.Bounded) {
                outs() << "       ?        ?  " << sourceName(P, Address) << ": " << Depth.Reason << "\n";
                return;
            }
            uint64_t Own = GoesOn ? Depth.DeepestCallAt : Depth.Bytes;
            Sum += Own;
            row(Own, Sum, sourceName(P, Address), place(Address));
            if (!GoesOn) {
                if (Depth.DeepestCallee && Depth.DeepestCallAt <= Depth.Bytes && Next == P.Walked.end())
                    outs() << "                   then " << P.nameOf(Depth.DeepestCallee) << "\n";
                return;
            }
            Address = Depth.DeepestCallee;
        }
    }
};

void printPromise(Printer &Out, const Program &P, const Promise &One) {
    auto Found = P.Walked.find(One.Body);
    outs() << sourceName(P, One.Stub) 
           << (One.By == Promise::Kind::Checked ? " checks for "
               : One.By == Promise::Kind::Entry ? " does not check, which allows "
                                                : " borrows the big stack, which allows ")
           << One.Need << " bytes";
    if (Found != P.Walked.end() && Found->second.Bounded) outs() << ", its paths need " << Found->second.Bytes;
    outs() << "\n";
    Out.path(One.Body);
}

int print(const Options &Chosen, Program &P) {
    Printer Out(P, Chosen.File);
    if (!Chosen.Function.empty()) {
        bool Found = false;
        for (const auto &[Address, Depth] : P.Walked) {
            if (sourceName(P, Address) != Chosen.Function) continue;
            if (Found) outs() << "\n";
            Found = true;
            Out.path(Address);
        }
        if (!Found)
            return failed(Chosen.File, Chosen.Function + ": no function of that name is called on a thread's stack: see the names that "
                                                         "capstack verify -v prints");
        return 0;
    }
    llvm::sort(P.Promises, [&](const Promise &A, const Promise &B) {
        return std::tuple(P.Walked[B.Body].Bytes, A.Stub) < std::tuple(P.Walked[A.Body].Bytes, B.Stub);
    });
    DenseSet<uint64_t> Seen;
    unsigned Left = Chosen.Top;
    for (const Promise &One : P.Promises) {
        if (!Seen.insert(One.Body).second) continue;
        if (Left-- == 0) break;
        if (Seen.size() > 1) outs() << "\n";
        printPromise(Out, P, One);
    }
    return 0;
}

} // namespace

int treeCommand(ArrayRef<const char *> Arguments) {
    Options Chosen;
    bool OptionsEnded = false;
    for (size_t I = 0; I < Arguments.size(); I++) {
        StringRef Argument = Arguments[I];
        bool HasValue = I + 1 < Arguments.size();
        if (OptionsEnded || !Argument.starts_with("-") || Argument == "-") {
            if (!Chosen.File.empty()) return usage("one file at a time: " + Argument);
            Chosen.File = Argument;
        } else if (Argument == "--function" && HasValue) {
            Chosen.Function = Arguments[++I];
        } else if (Argument == "--top" && HasValue) {
            if (StringRef(Arguments[++I]).getAsInteger(10, Chosen.Top) || Chosen.Top == 0) return usage("--top: give a number from 1");
        } else if (Argument == "--function" || Argument == "--top") {
            return usage(Argument + ": no value given");
        } else if (Argument == "--") {
            OptionsEnded = true;
        } else {
            return usage("unknown option " + Argument);
        }
    }
    if (Chosen.File.empty()) return usage("no file given");
    Expected<std::unique_ptr<Verifier>> V = Verifier::open(Chosen.File);
    if (!V) return failed(Chosen.File, toString(V.takeError()));
    (*V)->run();
    int Status = print(Chosen, (*V)->program());
    outs().flush();
    if (!outs().has_error()) return Status;
    std::error_code Why = outs().error();
    outs().clear_error();
    return failed("standard output", Why.message() + ": make room for the paths");
}

} // namespace capstack
