// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// capstack: what finished machine code needs of the stack, and what runs make of it. Chooses the command and hands it its arguments.

#include "BoundsCommand.h"
#include "TreeCommand.h"
#include "TuneCommand.h"
#include "VerifyCommand.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <vector>

using namespace llvm;

namespace {

struct Command {
    const char *Name, *Synopsis, *Summary;
    int (*Run)(ArrayRef<const char *>);
};

constexpr Command Commands[] = {
    {"bounds", "bounds [-v] [--whitelist] FILE [NAME...]", "stack bytes that exported functions need, at most",
     capstack::boundsCommand},
    {"verify", "verify [-v] [--strict] [--quiet] [--bounds FILE] FILE", "whether a program's checks ask for all that its paths need",
     capstack::verifyCommand},
    {"tree", "tree [--function NAME] [--top N] FILE", "a program's deepest paths between two checks, call by call",
     capstack::treeCommand},
    {"tune", "tune [--program FILE] [--top N] [--merge FILE] PROFILE...", "what CAPRICCIO_PROFILE says of a run's stacks",
     capstack::tuneCommand},
};

void help(raw_ostream &Out) {
    Out << "capstack: stack depths, proved from machine code\n\n";
    for (const Command &C : Commands) Out << "  capstack " << C.Synopsis << "\n      " << C.Summary << "\n";
}

} // namespace

int main(int Count, char **Words) {
    std::vector<const char *> Arguments(Words + std::min(Count, 1), Words + Count);
    if (Arguments.empty()) {
        help(errs());
        return 2;
    }
    StringRef First = Arguments.front();
    if (First == "--help" || First == "-h") {
        help(outs());
        return 0;
    }
    if (First == "--version") {
        outs() << "capstack " CAPCC_VERSION "\n";
        return 0;
    }
    for (const Command &C : Commands)
        if (First == C.Name) return C.Run(ArrayRef(Arguments).drop_front());
    errs() << "capstack: error: " << First << ": no such command: see capstack --help\n";
    return 2;
}
