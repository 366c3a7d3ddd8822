// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that capcc linked, as the walk sees it: where checks and changes of stacks end one function's need, with all that
// the claims note says checked against the code where it can be. Collects the promises that come up on the way.

#ifndef CAPSTACK_PROGRAM_H
#define CAPSTACK_PROGRAM_H

#include "Claims.h"
#include "StackDepth.h"
#include "StubShapes.h"

#include "llvm/ADT/SetVector.h"

#include <map>
#include <string>
#include <vector>

namespace capstack {

/// A stub lets its body run in place where Need bytes are free; so may whoever reads the word before an entry stub.
struct Promise {
    uint64_t Stub, Body, Need;
    enum class Kind {
        Checked, // by the stub's own code
        Entry,   // an entry without a check, for which every caller has to have Need bytes
        Big,     // run on a big stack, where Need bytes are free without a check
    } By;
};

/// What was found wrong or could not be shown, with the function that it is about.
struct Finding {
    uint64_t Address;
    std::string Text;
    std::string Remedy = ""; // empty: none but to tell us
};

class Program : public ProgramFacts {
  public:
    Program(const ElfImage &Image, Claims Said);
    /// The walk that the facts are for. Reads the entries.
    void start(StackDepth &Walk);

    std::optional<DepthResult> inPlaceOf(uint64_t Entry) override;
    void concluded(uint64_t Entry, DepthResult &Walked) override;
    std::optional<uint64_t> throughPointer(uint64_t Entry, const Instruction &I) override;
    bool neverReturns(uint64_t Entry) const override { return Said.NeverReturn.contains(Entry); }
    bool hasBlocks(uint64_t Entry) const override;
    llvm::ArrayRef<uint64_t> starts() const override { return Starts; }
    llvm::ArrayRef<uint64_t> stubs() const override { return Said.Stubs; }

    const Claims &said() const { return Said; }
    bool isEntry(uint64_t Address) const { return EntryPoints.contains(Address); }
    std::string nameOf(uint64_t Address) const;

    llvm::SetVector<uint64_t> SlowPaths; // what check stubs jump to
    std::vector<Promise> Promises;       // grows while functions are walked
    std::vector<Finding> Violations, Unproven;
    std::map<uint64_t, DepthResult> Walked; // what was found of each function, before a claim took its place
    /// Functions whose need rests on a claim that the code cannot show, by the kind of claim.
    llvm::SetVector<uint64_t> PointerCalls, Blocks, ExternalCalls, LeafCalls;

  private:
    void readEntries();
    uint64_t wordBefore(uint64_t Entry) const;
    void addUnchecked(uint64_t Entry, uint64_t Body);
    bool asksProgramFirst(uint64_t Address) const;
    void addCheck(uint64_t Stub, const CheckStub &Shape);
    std::optional<uint64_t> needOfTargets(uint64_t Entry);

    const ElfImage &Image;
    Claims Said;
    StackDepth *Walk = nullptr;
    std::vector<uint64_t> Starts;
    ElfImage::SectionBytes Entries;
    llvm::DenseSet<uint64_t> EntryPoints, Checks;
};

} // namespace capstack

#endif
