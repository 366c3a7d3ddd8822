// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every link has the runtime's two hundred functions in it, optimized when capcc was built. To optimize them once more would take a
// quarter of the time of a small link, of which a configure script makes hundreds, and would shorten no path that counts: what
// these inline across files is in headers. So they pass through as optnone, which no function of theirs is for code generation.
#include "RuntimeCode.h"
#include "RuntimeABI.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace capriccio {

/// What is made of a function keeps its attributes.
static constexpr const char *RuntimeCode = "capr-code";

/// Held back from the optimizer until releaseRuntime, the second one for size, which LLVM does not allow beside optnone.
static constexpr const char *Held = "capr-held", *HeldForSize = "capr-held-optsize";

bool isRuntimeCode(const Function &F) { return F.hasFnAttribute(RuntimeCode); }

void markRuntimeCode(Module &M) {
  for (Function &F : M)
    if (F.getSection() == abi::RuntimeSection) {
      F.addFnAttr(RuntimeCode);
      F.setSection("");
    }
}

void keepRuntimeApart(Module &M) {
  for (Function &F : M) {
    if (F.isDeclaration() || !isRuntimeCode(F) || F.hasFnAttribute(Attribute::AlwaysInline))
      continue;
    F.addFnAttr(Attribute::NoInline);
    if (F.hasFnAttribute(Attribute::MinSize) || F.hasFnAttribute(Attribute::OptimizeNone))
      continue;
    bool ForSize = F.hasFnAttribute(Attribute::OptimizeForSize);
    F.removeFnAttr(Attribute::OptimizeForSize);
    F.addFnAttr(ForSize ? HeldForSize : Held);
    F.addFnAttr(Attribute::OptimizeNone);
  }
}

void releaseRuntime(Module &M) {
  for (Function &F : M) {
    bool ForSize = F.hasFnAttribute(HeldForSize);
    if (!ForSize && !F.hasFnAttribute(Held))
      continue;
    F.removeFnAttr(ForSize ? HeldForSize : Held);
    F.removeFnAttr(Attribute::OptimizeNone);
    if (ForSize)
      F.addFnAttr(Attribute::OptimizeForSize);
  }
}

} // namespace capriccio
