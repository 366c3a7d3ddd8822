// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of functions that capcc does not compile: which of them may run in place on a small stack, and in how many
// bytes. Everything else runs on the worker's big stack.
#ifndef CAPRICCIO_EXTERNALS_H
#define CAPRICCIO_EXTERNALS_H

#include "Options.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include <optional>
#include <vector>

namespace capriccio {

class Externals {
public:
  /// Reads the bounds file and the CAPR_STACK_BOUND annotations of `M`.
  Externals(const llvm::Module &M, const Options &O);

  /// Bytes below the return address, when a call to this external function may run in place.
  std::optional<uint64_t> bound(llvm::StringRef Name) const;

  /// The same for a function that may be the module's own (naked): of such a one only its CAPR_STACK_BOUND is known.
  std::optional<uint64_t> bound(const llvm::Function &F) const;

  /// True for a function of the module that is always called through a checkpoint (CAPR_CHECKPOINT).
  bool wantsCheckpoint(llvm::StringRef Name) const { return Checkpointed.contains(Name); }

  /// Where bound() comes from ("annotation", "machine code", "runtime"), or why there is none.
  std::string reason(llvm::StringRef Name) const;

  /// One bit for each name of rt/stack/leaf_names.h, in its order: the bound is from machine code, so the runtime may let
  /// calls run in place if the build id agrees.
  uint64_t trustedLeaves() const;

  /// The bound that each name of rt/stack/leaf_names.h was given, in its order.
  std::vector<uint64_t> leafBounds() const;

  /// Build id (raw bytes) of the library whose machine code the bounds come from; empty if there is no bounds file.
  const std::string &leafBuildId() const { return BuildId; }

private:
  llvm::StringMap<uint64_t> Annotated, Leaves;
  llvm::StringSet<> Checkpointed;
  std::string BuildId;
  uint64_t EarlyLeaf;
};

} // namespace capriccio

#endif
