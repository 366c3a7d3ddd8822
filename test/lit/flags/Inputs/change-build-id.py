# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Changes the first byte of an ELF file's build id, in place.
import sys

path = sys.argv[1]
data = bytearray(open(path, "rb").read())
note = bytes([4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0]) + b"GNU\0"  # name size, description size, NT_GNU_BUILD_ID, name
at = data.index(note) + len(note)
if data.find(note, at) != -1:
    sys.exit("change-build-id.py: error: %s: more than one build id" % path)
data[at] ^= 1
open(path, "wb").write(data)
