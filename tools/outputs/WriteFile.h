// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the pass and capstack write where a flag says. LLVM's writeToOutput puts a new file in the place of whatever the name leads to.
#ifndef CAPRICCIO_WRITE_FILE_H
#define CAPRICCIO_WRITE_FILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace capriccio {

/// Makes `Path` hold `Text`. A regular file, also one behind a symbolic link, is replaced as a whole or stays as it was; what is no regular
/// file (a device, a FIFO) is written into, `-` is standard output.
llvm::Error writeFile(llvm::StringRef Path, llvm::StringRef Text);

} // namespace capriccio

#endif
