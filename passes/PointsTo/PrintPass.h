// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass `capriccio-pointsto-print`, which Plugin.cpp registers.
#ifndef CAPRICCIO_POINTSTO_PRINTPASS_H
#define CAPRICCIO_POINTSTO_PRINTPASS_H

#include "llvm/IR/PassManager.h"

namespace capriccio {

class PointsToPrintPass : public llvm::PassInfoMixin<PointsToPrintPass> {
public:
  static bool isRequired() { return true; }
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
};

} // namespace capriccio

#endif
