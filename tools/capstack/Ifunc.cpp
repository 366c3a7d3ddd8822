// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The candidates of an IFUNC resolver: the values that rax may hold when it returns, over all paths. A resolver chooses among
// constants by CPU features, so this is exact for glibc's; one that returns a word from memory (time and gettimeofday, whose
// choice is the kernel's vDSO) or the result of a call has no candidates that could be known, and its function no bound.

#include "FunctionWalk.h"
#include "StackDepth.h"

using namespace llvm;

namespace capstack {

std::vector<uint64_t> ifuncCandidates(StackDepth &Depths, uint64_t Resolver) {
    DepthResult Outcome = FunctionWalk(Depths, Resolver, FunctionWalk::Aim::Result).run();
    SmallVector<uint64_t, 16> Found;
    if (!Outcome.Reason.empty() || !Outcome.Returns) return {};
    if (!Outcome.Result.isConstant() && Outcome.Result.Is != Value::Kind::Set) return {};
    SetPool::enumerate(Outcome.Result, Found);
    for (uint64_t Candidate : Found)
        if (!Depths.image().isCode(Candidate)) return {};
    return std::vector<uint64_t>(Found.begin(), Found.end());
}

} // namespace capstack
