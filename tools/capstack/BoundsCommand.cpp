// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `capstack bounds`: a table of the exported functions of a library with a bound of their stack depth, for the pass, which
// may then call them in place (docs/abi.md, "Bounds file"). The table is built in memory and written at the end, so that a
// failure leaves no half of it.

#include "BoundsCommand.h"

#include "CallFrames.h"
#include "ElfImage.h"
#include "StackDepth.h"
#include "Whitelist.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace llvm;

namespace capstack {

namespace {

struct Options {
    bool OnlyWhitelist = false, Verbose = false;
    StringRef File;
    std::vector<StringRef> Names;
};

int usage(const Twine &What) {
    errs() << "capstack: error: bounds: " << What << ": usage: capstack bounds [-v] [--whitelist] FILE [NAME...]\n";
    return 2;
}

/// Functions that may run the vDSO, machine code that comes with the kernel and changes with it.
bool mayRunVdso(StringRef Name) {
    static const char *const Names[] = {"time",   "gettimeofday", "clock_gettime", "clock_getres",
                                        "getcpu", "sched_getcpu", "getrandom"};
    return is_contained(Names, Name.ltrim('_'));
}

/// What the table says of one name, which may stand for several versions of a function: the worst of them.
std::string lineFor(StackDepth &Depths, StringRef Name, ArrayRef<const Export *> Versions, bool OnlyWhitelist) {
    if (mayRunVdso(Name)) return (Name + " - may run the vDSO, which changes with the kernel\n").str();
    uint64_t Bytes = 0;
    for (const Export *E : Versions) {
        DepthResult Depth = E->IsIfunc ? Depths.ofIfunc(E->Address) : Depths.of(E->Address);
        if (!Depth.Bounded) return (Name + " - " + Depth.Reason + "\n").str();
        Bytes = std::max(Bytes, Depth.Bytes);
    }
    if (OnlyWhitelist && Bytes > WhitelistBytes)
        return (Name + " - needs " + Twine(Bytes) + " bytes, the whitelist allows " + Twine(WhitelistBytes) + "\n").str();
    return (Name + " " + Twine(Bytes) + "\n").str();
}

Expected<std::string> table(const Options &Chosen) {
    Expected<std::unique_ptr<ElfImage>> Image = ElfImage::open(Chosen.File);
    if (!Image) return Image.takeError();
    Expected<std::unique_ptr<CallFrames>> Frames = CallFrames::read(**Image);
    if (!Frames) return Frames.takeError();
    StackDepth Depths(**Image, **Frames);

    std::map<StringRef, SmallVector<const Export *, 2>> ByName;
    for (const Export &E : (*Image)->exports()) ByName[E.Name].push_back(&E);
    std::vector<StringRef> Names = Chosen.Names;
    if (Names.empty() && Chosen.OnlyWhitelist) {
        for (const char *Name : Whitelist)
            if (ByName.count(Name)) Names.push_back(Name);
    } else if (Names.empty()) {
        for (const auto &Entry : ByName) Names.push_back(Entry.first);
    } else if (Chosen.OnlyWhitelist) {
        StringSet<> Listed;
        for (const char *Name : Whitelist) Listed.insert(Name);
        llvm::erase_if(Names, [&](StringRef Name) { return !Listed.contains(Name); });
    }

    std::string Text = ("library " + (*Image)->path() + " " + (*Image)->buildId() + "\n").str();
    for (StringRef Name : Names) {
        auto Found = ByName.find(Name);
        if (Found == ByName.end())
            Text += (Name + " - not a function that this file exports\n").str();
        else
            Text += lineFor(Depths, Name, Found->second, Chosen.OnlyWhitelist);
    }
    if (Chosen.Verbose)
        for (const std::string &Line : Depths.Disagreements) errs() << "capstack: note: " << Chosen.File << ": " << Line << "\n";
    return Text;
}

} // namespace

int boundsCommand(ArrayRef<const char *> Arguments) {
    Options Chosen;
    bool OptionsEnded = false;
    for (StringRef Argument : Arguments) {
        if (!OptionsEnded && Argument.starts_with("-") && Argument != "-") {
            if (Argument == "--whitelist")
                Chosen.OnlyWhitelist = true;
            else if (Argument == "-v")
                Chosen.Verbose = true;
            else if (Argument == "--")
                OptionsEnded = true;
            else
                return usage("unknown option " + Argument);
        } else if (Chosen.File.empty()) {
            Chosen.File = Argument;
        } else {
            Chosen.Names.push_back(Argument);
        }
    }
    if (Chosen.File.empty()) return usage("no file given");
    Expected<std::string> Text = table(Chosen);
    if (!Text) {
        errs() << "capstack: error: " << Chosen.File << ": " << toString(Text.takeError()) << "\n";
        return 1;
    }
    outs() << *Text;
    outs().flush();
    if (outs().has_error()) {
        errs() << "capstack: error: standard output: " << outs().error().message() << ": make room for the table\n";
        outs().clear_error();
        return 1;
    }
    return 0;
}

} // namespace capstack
