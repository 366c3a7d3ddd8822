// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes profiles of runs of one program, produces advice and two tables: the calls that link most, and those whose chunks hold most
// bytes that nobody uses while threads wait. Lines come from the program, as long as it is still the one that ran.

#include "TuneCommand.h"
#include "Command.h"

#include "../outputs/place.h"
#include "Advice.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/DebugInfo/Symbolize/Symbolize.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;
using namespace capriccio;

namespace capstack {

namespace {

constexpr unsigned DefaultTop = 10;

struct Options {
    std::vector<StringRef> Files;
    StringRef Program, Merged;
    unsigned Top = DefaultTop;
};

int usage(const Twine &What) {
    errs() << "capstack: error: tune: " << What << ": usage: capstack tune [--program FILE] [--top N] [--merge FILE] PROFILE...\n";
    return 2;
}

/// As the source has it: without the number of a local function, and what the pass adds.
StringRef sourceName(StringRef Name) {
    Name = Name.split('$').first;
    auto [Source, Number] = Name.rsplit('.');
    return !Source.empty() && !Number.empty() && all_of(Number, isDigit) ? Source : Name;
}

/// Finds the lines of calls.
class Lines {
    std::string Program;
    uint64_t Base = 0; // address of the first byte
    bool There = false;
    symbolize::LLVMSymbolizer Symbolizer{namedAsCompiled()};

  public:
    unsigned Strange = 0; // calls that lie in other functions than the profile says

    explicit Lines(StringRef File) : Program(File) {
        Expected<object::OwningBinary<object::ObjectFile>> Opened = object::ObjectFile::createObjectFile(File);
        if (!Opened) {
            consumeError(Opened.takeError());
            return;
        }
        const auto *Elf = dyn_cast<object::ELF64LEObjectFile>(Opened->getBinary());
        if (!Elf) return;
        auto Headers = Elf->getELFFile().program_headers();
        if (!Headers) {
            consumeError(Headers.takeError());
            return;
        }
        for (const auto &Header : *Headers)
            if (Header.p_type == ELF::PT_LOAD && Header.p_offset == 0) {
                Base = Header.p_vaddr;
                There = true;
            }
    }
    bool found() const { return There; }

    std::string of(const ProfileSite &S) {
        if (!There || S.Offset == 0 || S.Caller == "-" || S.Caller[0] == '[') return "";
        Expected<DIInliningInfo> Info =
            Symbolizer.symbolizeInlinedCode(Program, {Base + S.Offset - 1, object::SectionedAddress::UndefSection});
        if (!Info) {
            consumeError(Info.takeError());
            return "";
        }
        if (Info->getNumberOfFrames() == 0 ||
            sourceName(Info->getFrame(Info->getNumberOfFrames() - 1).FunctionName) != sourceName(S.Caller)) {
            ++Strange;
            return "";
        }
        const DILineInfo &Line = Info->getFrame(0);
        if (Line.Line == 0 || Line.FileName == DILineInfo::BadString) return "";
        return Line.FileName + ":" + utostr(Line.Line);
    }
};

std::string callText(const ProfileSite &S, Lines &Places) {
    std::string Callee = sourceName(S.Callee).str(), Text;
    switch (S.Kind) {
    case ProfileSite::Thread: return "thread " + Callee;
    case ProfileSite::Preempt: return "(a turn that ended)";
    case ProfileSite::Alloca: Text = sourceName(S.Caller).str() + " > alloca"; break;
    case ProfileSite::Call: Text = sourceName(S.Caller).str() + " > " + Callee; break;
    }
    std::string Place = Places.of(S);
    return Place.empty() ? Text : Text + "  " + Place;
}

double per(uint64_t Sum, uint64_t Count) { return Count ? double(Sum) / double(Count) : 0; }

void table(const Profile &P, Lines &Places, unsigned Top, StringRef Title, function_ref<uint64_t(const ProfileSite &)> Cost) {
    std::vector<const ProfileSite *> Order;
    for (const ProfileSite &S : P.Sites)
        if (Cost(S)) Order.push_back(&S);
    llvm::sort(Order, [&](const ProfileSite *A, const ProfileSite *B) { return std::pair(Cost(*B), A) < std::pair(Cost(*A), B); });
    if (Order.size() > Top) Order.resize(Top);
    if (Order.empty()) return;
    outs() << "\n" << Title << "\n   links   need deepest internal external  at waits  call\n";
    for (const ProfileSite *S : Order)
        outs() << format("%8llu %6llu %7llu %8.0f %8.0f %9.0f  ", (unsigned long long)S->Links, (unsigned long long)S->Need,
                         (unsigned long long)S->Deepest, per(S->Left, S->Links), per(S->Unused, S->Returns), per(S->Idle + S->Held, P.Waits))
               << callText(*S, Places) << "\n";
}

void advise(StringRef Name, StringRef Flag, uint64_t Now, const Advice &A) {
    outs() << Name << ": ";
    if (A.Bytes == Now)
        outs() << "keep " << Now;
    else
        outs() << Flag << A.Bytes << " in place of " << Now;
    outs() << " (" << A.Why << ")\n";
}

void print(const Profile &P, const Options &Chosen) {
    StringRef Program = Chosen.Program.empty() ? StringRef(P.Program) : Chosen.Program;
    Lines Places(Program);
    if (!Places.found()) errs() << "capstack: warning: " << Program << ": not there, or no program: no lines; name it with --program\n";
    uint64_t Links = P.links(), Returns = 0, Left = 0, Unused = 0, Idle = 0, Held = 0;
    for (const ProfileSite &S : P.Sites) {
        Returns += S.Returns;
        Left += S.Left;
        Unused += S.Unused;
        Idle += S.Idle;
        Held += S.Held;
    }
    outs() << "links: " << Links << ", " << format("%.3f", per(Links, P.Waits)) << " a wait; waits: " << P.Waits << "\n";
    outs() << format("internal waste: %.0f bytes left behind by a link, %.0f held by a thread that waits\n", per(Left, Links), per(Held, P.Waits));
    outs() << format("external waste: %.0f bytes of a chunk never used, %.0f held by a thread that waits\n", per(Unused, Returns),
                     per(Idle, P.Waits));
    if (P.Lost) outs() << "not counted, since the table was full: " << P.Lost << " links\n";
    advise("MaxPath", "-fcapriccio-max-path=", P.MaxPath, adviseMaxPath(P));
    advise("MinChunk", "-fcapriccio-min-chunk=", P.MinChunk, adviseMinChunk(P));
    table(P, Places, Chosen.Top, "Calls that link most:", [](const ProfileSite &S) { return S.Kind == ProfileSite::Thread ? 0 : S.Links; });
    table(P, Places, Chosen.Top, "Chunks with most unused bytes while threads wait:", [](const ProfileSite &S) { return S.Idle + S.Held; });
    if (Places.Strange)
        errs() << "capstack: warning: " << Program << ": not the program that was profiled: " << Places.Strange << " calls without their lines\n";
}

} // namespace

int tuneCommand(ArrayRef<const char *> Arguments) {
    Options Chosen;
    bool OptionsEnded = false;
    for (size_t I = 0; I < Arguments.size(); I++) {
        StringRef Argument = Arguments[I];
        bool HasValue = I + 1 < Arguments.size();
        if (OptionsEnded || !Argument.starts_with("-") || Argument == "-") {
            Chosen.Files.push_back(Argument);
        } else if (Argument == "--program" && HasValue) {
            Chosen.Program = Arguments[++I];
        } else if (Argument == "--merge" && HasValue) {
            Chosen.Merged = Arguments[++I];
        } else if (Argument == "--top" && HasValue) {
            if (StringRef(Arguments[++I]).getAsInteger(10, Chosen.Top) || Chosen.Top == 0) return usage("--top: give a number from 1");
        } else if (Argument == "--program" || Argument == "--merge" || Argument == "--top") {
            return usage(Argument + ": no value given");
        } else if (Argument == "--") {
            OptionsEnded = true;
        } else {
            return usage("unknown option " + Argument);
        }
    }
    if (Chosen.Files.empty()) return usage("no profile given");
    Profile All;
    for (size_t I = 0; I < Chosen.Files.size(); I++) {
        Expected<Profile> P = readProfile(Chosen.Files[I]);
        if (!P) return failed(Chosen.Files[I], toString(P.takeError()));
        if (I == 0)
            All = std::move(*P);
        else if (Error E = All.merge(*P))
            return failed(Chosen.Files[I], toString(std::move(E)));
    }
    if (!Chosen.Merged.empty()) {
        std::string Text;
        raw_string_ostream OS(Text);
        All.write(OS);
        if (int Why = place_bytes(Chosen.Merged.str().c_str(), Text.data(), Text.size())) return failed(Chosen.Merged, std::string("cannot be written: ") + strerror(-Why));
    }
    print(All, Chosen);
    outs().flush();
    if (!outs().has_error()) return 0;
    std::error_code Why = outs().error();
    outs().clear_error();
    return failed("standard output", Why.message() + ": make room for the tables");
}

} // namespace capstack
