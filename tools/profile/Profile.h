// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run with CAPRICCIO_PROFILE left behind (docs/profile.md has the format), read whole and checked: by the pass, which places checks
// by it, and by capstack, which says what it means. rt/stack/profile_write.c is the other side.
#ifndef CAPRICCIO_PROFILE_H
#define CAPRICCIO_PROFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace capriccio {

/// A call and the function that it linked a chunk for.
struct ProfileSite {
    enum Kinds : uint8_t { Call, Alloca, Preempt, Thread };
    Kinds Kind = Call;
    std::string Caller, Callee; // names of functions; "-": none; an address, [library] or [unloaded]: not in the program
    uint64_t Offset = 0;        // of the return address, from the start of its module
    uint64_t Links = 0, Returns = 0;
    uint64_t Need = 0;            // bytes asked for, the most
    uint64_t Bytes = 0;           // of all chunks linked
    uint64_t Left = 0;            // internal waste: bytes left on the chunks that it left
    uint64_t Unused = 0;          // external waste: bytes never used of the chunks that were gone
    uint64_t Deepest = 0, Used = 0; // bytes below the callee's return address: the most, and the sum over chunks that were gone
    uint64_t Waits = 0, Idle = 0;   // waits on its chunks, and what was unused in these until then
    uint64_t Holds = 0, Held = 0;   // the same of waits on chunks linked further on
};

/// How often the second linked while the stack was on a chunk of the first.
struct ProfilePair {
    int64_t Outer = -1; // index of a site; -1: on no chunk
    size_t Inner = 0;
    uint64_t Links = 0;
    uint64_t Ask = 0; // bytes below the return address of the first's callee down to where the second's need ends, the most
};

/// A call by name of which chunks had a trace when they were looked at, and how often: while its thread waited below it, or for as long
/// as nothing else was written there.
struct ProfileEdge {
    std::string Caller, Callee;
    uint64_t Seen = 0;
};

struct ProfileClass {
    uint64_t Bytes = 0;  // of a chunk
    uint64_t Spared = 0; // links that would have found room on a chunk of this class and not of a smaller one
    uint64_t Held = 0;   // bytes of waiting threads' chunks, were no linked chunk smaller, summed over waits
};

struct Profile {
    std::string Program;
    uint64_t MaxPath = 0, MinChunk = 0, Waits = 0, Lost = 0;
    std::vector<ProfileClass> Classes;
    std::vector<ProfileSite> Sites;
    std::vector<ProfilePair> Pairs;
    std::vector<ProfileEdge> Edges; // several may have the same names

    /// Links by calls and allocas: threads' first chunks are none.
    uint64_t links() const;

    /// Adds the counts of another process of the same program: of the same file name, wherever it lies.
    llvm::Error merge(const Profile &Other);

    void write(llvm::raw_ostream &OS) const;
};

/// Reads a file; an error says what is wrong with it, and the remedy, without the file's name.
llvm::Expected<Profile> readProfile(llvm::StringRef File);

} // namespace capriccio

#endif
