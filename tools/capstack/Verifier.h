// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All promises of one program, checked.

#ifndef CAPSTACK_VERIFIER_H
#define CAPSTACK_VERIFIER_H

#include "CallFrames.h"
#include "Program.h"

#include <memory>

namespace capstack {

class Verifier {
  public:
    static llvm::Expected<std::unique_ptr<Verifier>> open(llvm::StringRef Path);

    /// Walks everything that an entry stub reaches. What was found is in program().
    void run();
    /// Compares the bounds that the note claims of libc's functions with those of a bounds file (docs/abi.md).
    llvm::Error compareLeafBounds(llvm::StringRef BoundsFile);

    const ElfImage &image() const { return *Image; }
    Program &program() { return *Facts; }
    StackDepth &walk() { return *Walk; }

  private:
    Verifier() = default;
    void checkPromise(const Promise &P);
    /// A program's own memcpy that the pass has not seen: whoever calls it took it for the C library's.
    void checkReplacedLeaves();
    void checkClaim(const Claims::Function &Claim);

    std::unique_ptr<ElfImage> Image;
    std::unique_ptr<CallFrames> Frames;
    std::unique_ptr<Program> Facts;
    std::unique_ptr<StackDepth> Walk;
};

} // namespace capstack

#endif
