// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a name and a text, finds out what is there already.
#include "WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {

/// Into a device or FIFO, or into the file that a symbolic link names and that is yet to be made.
static Error writeInto(StringRef Path, StringRef Text, sys::fs::CreationDisposition Creation) {
    int FD;
    if (std::error_code Why = sys::fs::openFileForWrite(Path, FD, Creation, sys::fs::OF_None)) return errorCodeToError(Why);
    raw_fd_ostream OS(FD, /*shouldClose=*/true);
    OS << Text;
    OS.close();
    std::error_code Why = OS.error();
    OS.clear_error();
    return errorCodeToError(Why);
}

Error writeFile(StringRef Path, StringRef Text) {
    SmallString<128> Target = Path;
    if (Path != "-") {
        sys::fs::file_status There;
        bool Absent = bool(sys::fs::status(Path, There));
        if (!Absent && There.type() != sys::fs::file_type::regular_file && There.type() != sys::fs::file_type::directory_file)
            return writeInto(Path, Text, sys::fs::CD_OpenExisting);
        if (sys::fs::is_symlink_file(Path)) {
            if (Absent) return writeInto(Path, Text, sys::fs::CD_OpenAlways);
            if (std::error_code Why = sys::fs::real_path(Path, Target)) return errorCodeToError(Why);
        }
    }
    return writeToOutput(Target, [&](raw_ostream &OS) {
        OS << Text;
        return Error::success();
    });
}

} // namespace capriccio
