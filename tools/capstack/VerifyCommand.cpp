// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `capstack verify`: whether every path between two checks of a program that capcc linked stays within what the first of them
// asked for. Takes the arguments apart and puts what was found into lines.

#include "VerifyCommand.h"
#include "Command.h"

#include "Verifier.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capstack {

namespace {

struct Options {
    bool Strict = false, Quiet = false, Verbose = false;
    StringRef File, Bounds;
};

int usage(const Twine &What) {
    errs() << "capstack: error: verify: " << What << ": usage: capstack verify [-v] [--strict] [--quiet] [--bounds FILE] FILE\n";
    return 2;
}

int failed(StringRef File, Error E) { return capstack::failed(File, toString(std::move(E))); }

std::string lineFor(const Program &P, const Finding &F) {
    if (F.Address == 0) return F.Text;
    std::string Name = P.nameOf(F.Address), Number = "0x" + utohexstr(F.Address, /*LowerCase=*/true);
    return (Name == Number ? Name : Name + " (" + Number + ")") + ": " + F.Text;
}

void printTrust(const Program &P) {
    struct {
        const SetVector<uint64_t> &Where;
        const char *What;
    } Kinds[] = {{P.PointerCalls, "calls through a pointer whose targets the note names"},
                 {P.Blocks, "a dynamic alloca, checked by its own code"},
                 {P.LeafCalls, "libc's, by the bound of `capstack bounds`"},
                 {P.ExternalCalls, "calls another module's function by its CAPR_STACK_BOUND"}};
    for (const auto &Kind : Kinds)
        for (uint64_t Address : Kind.Where) outs() << "  rests on a claim: " << P.nameOf(Address) << ": " << Kind.What << "\n";
    for (const auto &[Address, Depth] : P.Walked)
        if (Depth.Bounded)
            outs() << "  " << P.nameOf(Address) << ": frame " << Depth.OwnBytes << ", with what it calls in place " << Depth.Bytes << "\n";
}

int report(const Options &Chosen, Program &P) {
    size_t Wrong = P.Violations.size(), Open = P.Unproven.size();
    bool IsError = Wrong != 0 || (Chosen.Strict && Open != 0);
    if (Chosen.Quiet && IsError) {
        const Finding &First = Wrong ? P.Violations.front() : P.Unproven.front();
        errs() << "capstack: error: " << Chosen.File << ": " << lineFor(P, First);
        if (Wrong + Open > 1) errs() << " (and " << Wrong + Open - 1 << " more)";
        if (!First.Remedy.empty())
            errs() << "; " << First.Remedy << "\n";
        else
            errs() << ": a stack might overflow; report it as a bug of capcc, or link with -fno-capriccio-verify\n";
    }
    if (Chosen.Quiet) return IsError;
    for (const Finding &F : P.Violations) outs() << "  violation: " << lineFor(P, F) << "\n";
    for (const Finding &F : P.Unproven) outs() << "  unproven: " << lineFor(P, F) << "\n";
    if (Chosen.Verbose) printTrust(P);
    outs() << Chosen.File << ": " << P.Walked.size() << " functions, " << P.Promises.size() << " promises: " << Wrong << " violations, "
           << Open << " unproven; " << P.PointerCalls.size() + P.Blocks.size() + P.ExternalCalls.size() << " functions rest on claims\n";
    outs().flush();
    if (outs().has_error()) {
        errs() << "capstack: error: standard output: " << outs().error().message() << ": make room for the report\n";
        outs().clear_error();
        return 1;
    }
    return IsError;
}

} // namespace

int verifyCommand(ArrayRef<const char *> Arguments) {
    Options Chosen;
    bool OptionsEnded = false;
    for (size_t I = 0; I < Arguments.size(); I++) {
        StringRef Argument = Arguments[I];
        if (OptionsEnded || !Argument.starts_with("-") || Argument == "-") {
            if (!Chosen.File.empty()) return usage("one file at a time: " + Argument);
            Chosen.File = Argument;
        } else if (Argument == "--strict") {
            Chosen.Strict = true;
        } else if (Argument == "--quiet") {
            Chosen.Quiet = true;
        } else if (Argument == "-v") {
            Chosen.Verbose = true;
        } else if (Argument == "--bounds") {
            if (++I == Arguments.size()) return usage("--bounds: no file given");
            Chosen.Bounds = Arguments[I];
        } else if (Argument == "--") {
            OptionsEnded = true;
        } else {
            return usage("unknown option " + Argument);
        }
    }
    if (Chosen.File.empty()) return usage("no file given");
    Expected<std::unique_ptr<Verifier>> V = Verifier::open(Chosen.File);
    if (!V) return failed(Chosen.File, V.takeError());
    (*V)->run();
    if (!Chosen.Bounds.empty())
        if (Error E = (*V)->compareLeafBounds(Chosen.Bounds)) return failed(Chosen.Bounds, std::move(E));
    return report(Chosen, (*V)->program());
}

} // namespace capstack
