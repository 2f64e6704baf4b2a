"""Writes a cubin of made-up machine code.

usage: make_cubin.py ARCHITECTURE FILE
"""

import pathlib
import struct
import sys

ALWAYS = 7
# Opcode, predicate, target. The loop is 1 to 9; 12 to 14 wait for a barrier, out of its way.
LOOP = [
    (0x202, ALWAYS, None),  # MOV
    (0x5A7, ALWAYS, None),  # SYNCS
    (0x947, 8, 12),  # BRA, if the barrier is not there yet
    (0xDF0, ALWAYS, None),  # HGMMA
    (0x947, 1, 7),  # BRA, over the mask
    (0x808, ALWAYS, None),  # FSEL
    (0x808, ALWAYS, None),  # FSEL
    (0x308, ALWAYS, None),  # MUFU
    (0xDF0, ALWAYS, None),  # HGMMA
    (0x947, 2, 1),  # BRA, to the next block
    (0x94D, ALWAYS, None),  # EXIT
    (0x918, ALWAYS, None),  # NOP
    (0x5A7, ALWAYS, None),  # SYNCS
    (0x947, 8, 12),  # BRA
    (0x947, ALWAYS, 3),  # BRA
]
PLAIN = [(0x202, ALWAYS, None), (0x94D, ALWAYS, None)]


def encode(instructions, architecture):
    code = b""
    for index, (opcode, predicate, target) in enumerate(instructions):
        word = opcode | predicate << 12
        if target is not None:
            offset = (target - index - 1) * 4
            if architecture >= 90:
                word |= (offset & 0xFF) << 16 | (offset >> 8 & (1 << 48) - 1) << 34
            else:
                word |= (offset & (1 << 48) - 1) << 34
        code += struct.pack("<QQ", word & (1 << 64) - 1, word >> 64)
    return code


def main(architecture, path):
    contents = {
        ".shstrtab": b"",
        ".text.loop": encode(LOOP, architecture),
        ".text.plain": encode(PLAIN, architecture),
    }
    names = b"\0" + b"".join(name.encode() + b"\0" for name in contents)
    contents[".shstrtab"] = names
    body, table = b"", struct.pack("<IIQQQQIIQQ", *[0] * 10)
    for name, content in contents.items():
        name_offset = names.index(name.encode() + b"\0")
        table += struct.pack(
            "<IIQQQQIIQQ", name_offset, 1, 0, 0, 64 + len(body), len(content), 0, 0, 1, 0
        )
        body += content
    ident = b"\x7fELF" + bytes([2, 1, 1, 65, 8]) + bytes(7)
    header = ident + struct.pack(
        "<HHIQQQIHHHHHH", 2, 190, 1, 0, 0, 64 + len(body), architecture << 8, 64, 0, 0, 64, 4, 1
    )
    pathlib.Path(path).write_bytes(header + body + table)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
