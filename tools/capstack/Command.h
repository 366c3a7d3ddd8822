// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the commands have in common: how one says that a file is of no use, and how lines of the source are looked up.
#ifndef CAPSTACK_COMMAND_H
#define CAPSTACK_COMMAND_H

#include "llvm/DebugInfo/Symbolize/Symbolize.h"
#include "llvm/Support/raw_ostream.h"

namespace capstack {

/// One line on standard error; the exit status that follows.
inline int failed(llvm::StringRef File, const llvm::Twine &What) {
    llvm::errs() << "capstack: error: " << File << ": " << What << "\n";
    return 1;
}

/// Files as the compiler's command line named them.
inline llvm::symbolize::LLVMSymbolizer::Options namedAsCompiled() {
    llvm::symbolize::LLVMSymbolizer::Options Chosen;
    Chosen.PathStyle = llvm::DILineInfoSpecifier::FileLineInfoKind::RelativeFilePath;
    return Chosen;
}

} // namespace capstack

#endif
