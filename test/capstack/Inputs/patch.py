# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# patch.py IN OUT WHAT...: copies a linked program with one thing changed, to see whether `capstack verify` finds it. WHAT is
#   code FUNCTION OLD NEW        each occurrence of the bytes OLD (hexadecimal) in the function becomes NEW
#   stub FUNCTION BYTES [both]   the check of the stub asks for BYTES; with `both` so does its call of the slow path, if it names
#                                the need once more (stubs with arguments on the stack)
#   word_before FUNCTION BYTES   the word before an entry says BYTES
#   call FUNCTION FROM TO        each call of FROM in the function goes to TO
#   claim FUNCTION WORD VALUE    that word of the function's claims is VALUE
#   word INDEX VALUE             that word of the claims' head is VALUE
#   cut BYTES                    the claims end after so many bytes; the rest is zeros
# A change that finds nothing to change is an error: a test that changes nothing tests nothing.
import re
import struct
import sys

source, target, what = sys.argv[1], sys.argv[2], sys.argv[3:]
data = bytearray(open(source, "rb").read())
table, count, names = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HH", data, 60)
sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + 64 * i) for i in range(count)]


def text(strings, at):
    start = sections[strings][4] + at
    return data[start : data.index(0, start)].decode()


def section(name):
    return next(s for s in sections if text(names, s[0]) == name)


symtab = section(".symtab")
symbols = {}
for at in range(symtab[4], symtab[4] + symtab[5], 24):
    name, _, _, index, value, size = struct.unpack_from("<IBBHQQ", data, at)
    if 0 < index < count:
        symbols[text(symtab[6], name)] = (value, size, value - sections[index][3] + sections[index][4])


def replace(begin, end, old, new):
    found = [m.start() + begin for m in re.finditer(re.escape(bytes(old)), data[begin:end])]
    for at in found:
        data[at : at + len(new)] = new
    return len(found)


claims = section(".note.capriccio.claims")[4] + 12 + 12  # behind the note's header and name
changed = 0
if what[0] == "code":
    _, size, offset = symbols[what[1]]
    changed = replace(offset, offset + size, bytes.fromhex(what[2]), bytes.fromhex(what[3]))
elif what[0] == "stub":
    offset, need = symbols[what[1]][2], int(what[2])
    if data[offset : offset + 4] == b"\x4c\x8d\x5c\x24":
        before = -struct.unpack_from("<b", data, offset + 4)[0]
        struct.pack_into("<b", data, offset + 4, -need)
    elif data[offset : offset + 4] == b"\x4c\x8d\x9c\x24":
        before = -struct.unpack_from("<i", data, offset + 4)[0]
        struct.pack_into("<i", data, offset + 4, -need)
    changed = int(before != need)
    if what[3:] == ["both"]:
        changed = replace(offset, offset + 48, b"\x49\xbb" + struct.pack("<I", before), b"\x49\xbb" + struct.pack("<I", need))
elif what[0] == "word_before":
    struct.pack_into("<Q", data, symbols[what[1]][2] - 8, int(what[2]))
    changed = 1
elif what[0] == "call":
    value, size, offset = symbols[what[1]]
    for at in range(offset, offset + size - 4):
        next_address = value + at - offset + 5
        if data[at] == 0xE8 and struct.unpack_from("<i", data, at + 1)[0] + next_address == symbols[what[2]][0]:
            struct.pack_into("<i", data, at + 1, symbols[what[3]][0] - next_address)
            changed += 1
elif what[0] == "claim":
    body = struct.pack("<I", symbols[what[1]][0])
    leaves = struct.unpack_from("<I", data, claims + 52)[0]
    first = claims + 52 + 4 + 4 * leaves
    for at in range(first + 4, first + 4 + 24 * struct.unpack_from("<I", data, first)[0], 24):
        if data[at : at + 4] == body:
            struct.pack_into("<I", data, at + 4 * int(what[2]), int(what[3]))
            changed += 1
elif what[0] == "word":
    struct.pack_into("<I", data, claims + 4 * int(what[1]), int(what[2]))
    changed = 1
elif what[0] == "cut":
    end = claims - 24 + section(".note.capriccio.claims")[5]
    for at in range(claims + int(what[1]), end):
        data[at] = 0
    changed = 1
if not changed:
    sys.exit("patch.py: error: %s: nothing to change for %s" % (source, " ".join(what)))
open(target, "wb").write(data)
