"""What the machine executes for one block of keys: instructions of a kernel's innermost loop.

usage: sass.py [--json] CUBIN...

Reads a cubin, which is an ELF file, without NVIDIA's tools. For every kernel it finds the innermost
loop that uses the tensor cores, and prints what one round costs by opcode:

  full     the cheapest round, which is that of a block without a mask
  partial  the dearest round, which goes through the mask code as well

Both are paths through the control flow graph of the loop that execute as many tensor-core
instructions as any path does; loops inside, which wait for a barrier, count once or not at all.

Instructions are 16 bytes. Their low 12 bits are the opcode, of which the low 9 name the operation
and the rest say where operands come from; bits 12 to 15 are the predicate. Names are those of
NVIDIA's disassembler where known, else the number.
"""

import argparse
import collections
import dataclasses
import json
import pathlib
import struct
import sys

NAMES = {
    0x002: "MOV", 0x003: "P2R", 0x004: "R2P", 0x005: "CS2R", 0x006: "VOTE", 0x007: "SEL",
    0x008: "FSEL", 0x009: "FMNMX", 0x00B: "FSETP", 0x00C: "ISETP", 0x010: "IADD3", 0x011: "LEA",
    0x012: "LOP3", 0x013: "IABS", 0x016: "PRMT", 0x017: "IMNMX", 0x019: "SHF", 0x01A: "SGXT",
    0x01C: "PLOP3", 0x020: "FMUL", 0x021: "FADD", 0x023: "FFMA", 0x024: "IMAD", 0x025: "IMAD.WIDE",
    0x027: "IMAD.HI", 0x02F: "ELECT", 0x036: "VIADD", 0x03B: "LDSM", 0x03C: "HMMA", 0x03E: "F2FP",
    0x044: "STSM", 0x048: "VIMNMX", 0x082: "UMOV", 0x087: "USEL", 0x08C: "UISETP", 0x090: "UIADD3",
    0x091: "ULEA", 0x092: "ULOP3", 0x096: "UPRMT", 0x097: "UIADD3.64", 0x099: "USHF",
    0x0A4: "UIMAD", 0x0A5: "UIMAD.WIDE", 0x0B9: "ULDC", 0x0CA: "R2UR", 0x108: "MUFU",
    0x118: "NOP", 0x119: "S2R", 0x11A: "DEPBAR", 0x11D: "BAR", 0x141: "BSYNC", 0x144: "CALL",
    0x145: "BSSY", 0x147: "BRA", 0x148: "WARPSYNC", 0x14D: "EXIT", 0x181: "LDG", 0x182: "LDC",
    0x183: "LDL", 0x184: "LDS", 0x186: "STG", 0x187: "STL", 0x188: "STS", 0x189: "SHFL",
    0x192: "MEMBAR", 0x1A7: "SYNCS", 0x1AE: "LDGSTS", 0x1AF: "LDGDEPBAR", 0x1B2: "SYNCS.EXCH",
    0x1B4: "UTMALDG", 0x1B5: "UTMASTG", 0x1B7: "UTMACMDFLUSH", 0x1B9: "UTMACCTL", 0x1C3: "S2UR",
    0x1C5: "WARPGROUP", 0x1C6: "FENCE", 0x1C8: "USETMAXREG", 0x1F0: "HGMMA",
}  # fmt: skip
TENSOR = {"HMMA", "HGMMA", "IMMA", "QGMMA"}


@dataclasses.dataclass(frozen=True)
class Instruction:
    """One machine instruction, and the indices of those that may come after it."""

    name: str
    next: tuple


@dataclasses.dataclass(frozen=True)
class Kernel:
    name: str
    instructions: list


@dataclasses.dataclass(frozen=True)
class Round:
    """One round of a loop: how often it executes each operation."""

    counts: collections.Counter

    @property
    def size(self):
        return sum(self.counts.values())

    @property
    def tensor(self):
        return sum(n for name, n in self.counts.items() if name in TENSOR)


def jump(word, architecture):
    """How many instructions beyond the next one a branch goes."""
    low, high = word >> 16 & 0xFF, word >> 34 & (1 << 48) - 1
    high -= high >> 47 << 48
    # In units of 4 bytes.
    return (high * 256 + low if architecture >= 90 else high) // 4


def decode(code, architecture):
    """The instructions of a section of machine code."""
    words = [low | high << 64 for low, high in struct.iter_unpack("<QQ", code)]
    result = []
    for index, word in enumerate(words):
        name = NAMES.get(word & 0x1FF, f"0x{word & 0x1FF:03x}")
        # Always true is predicate 7 that is not negated. A negated 7 is never.
        predicate = word >> 12 & 0xF
        following = {index + 1} if index + 1 < len(words) else set()
        # A CALL within a kernel is how ptxas leaves some loops: nothing returns from it.
        if name in ("BRA", "CALL"):
            target = index + 1 + jump(word, architecture)
            if predicate == 7:
                following = set()
            if 0 <= target < len(words) and predicate != 15:
                following.add(target)
        elif name == "EXIT" and predicate == 7:
            following = set()
        result.append(Instruction(name, tuple(sorted(following))))
    return result


def read_cubin(data):
    """The kernels of a cubin, in the file's order."""
    if data[:4] != b"\x7fELF" or data[4] != 2:
        raise ValueError("expected a 64-bit ELF file")
    table, flags = struct.unpack_from("<QI", data, 0x28)
    # CUDA 13 has moved the architecture within ELF's flags.
    architecture = (flags >> 8 if data[8] >= 8 else flags) & 0xFF
    size, count, names_index = struct.unpack_from("<HHH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, table + i * size) for i in range(count)]
    names = sections[names_index][4]
    kernels = []
    for section in sections:
        start = names + section[0]
        name = data[start : data.index(b"\0", start)].decode()
        if name.startswith(".text."):
            code = data[section[4] : section[4] + section[5]]
            kernels.append(Kernel(name[len(".text.") :], decode(code, architecture)))
    return kernels


class Graph:
    """Basic blocks of a kernel, those that can be reached from its first instruction."""

    def __init__(self, instructions):
        leaders = {0}
        for index, instruction in enumerate(instructions):
            if instruction.next != (index + 1,):
                leaders.update(instruction.next)
                leaders.add(index + 1)
        leaders = sorted(x for x in leaders if x < len(instructions))
        ends = leaders[1:] + [len(instructions)]
        number = {leader: i for i, leader in enumerate(leaders)}
        self.counts = [
            collections.Counter(x.name for x in instructions[begin:end])
            for begin, end in zip(leaders, ends)
        ]
        self.next = [[number[x] for x in instructions[end - 1].next] for end in ends]
        self.order = self._reverse_postorder()
        self.dominators = self._dominators()

    def _reverse_postorder(self):
        seen, order, stack = {0}, [], [(0, iter(self.next[0]))]
        while stack:
            block, rest = stack[-1]
            for other in rest:
                if other not in seen:
                    seen.add(other)
                    stack.append((other, iter(self.next[other])))
                    break
            else:
                order.append(block)
                stack.pop()
        return order[::-1]

    def _dominators(self):
        """For every block the set of blocks that each way to it goes through."""
        before = collections.defaultdict(list)
        for block in self.order:
            for other in self.next[block]:
                before[other].append(block)
        self.before = before
        everything = set(self.order)
        result = {block: everything for block in self.order}
        result[0] = {0}
        changed = True
        while changed:
            changed = False
            for block in self.order[1:]:
                common = set.intersection(*(result[x] for x in before[block])) | {block}
                if common != result[block]:
                    result[block], changed = common, True
        return result

    def loops(self):
        """Natural loops: from a header to the set of blocks."""
        result = {}
        for block in self.order:
            for header in self.next[block]:
                if header not in self.dominators[block]:
                    continue
                body = result.setdefault(header, {header})
                stack = [block]
                while stack:
                    inside = stack.pop()
                    if inside not in body:
                        body.add(inside)
                        stack.extend(self.before[inside])
        return result

    def round(self, header, body, dearest):
        """The cheapest or dearest round of a loop among those with the most tensor instructions."""
        cost = [
            (sum(n for name, n in c.items() if name in TENSOR), sum(c.values()))
            for c in self.counts
        ]
        sign = 1 if dearest else -1
        best = {header: ((cost[header][0], sign * cost[header][1]), None)}
        ends = []
        for block in self.order:
            if block not in body or block not in best:
                continue
            (tensor, size), _ = best[block]
            for other in self.next[block]:
                if other == header:
                    ends.append(((tensor, size), block))
                # The other ways back are those of loops inside.
                elif other in body and other not in self.dominators[block]:
                    there = (tensor + cost[other][0], size + sign * cost[other][1])
                    if other not in best or there > best[other][0]:
                        best[other] = (there, block)
        _, block = max(ends)
        counts = collections.Counter()
        while block is not None:
            counts += self.counts[block]
            block = best[block][1]
        return Round(counts)


def tensor_rounds(kernel):
    """The full and the partial round of a kernel's innermost tensor-core loop, or None."""
    graph = Graph(kernel.instructions)

    def uses_tensor_cores(body):
        return any(name in TENSOR for block in body for name in graph.counts[block])

    loops = [(h, body) for h, body in graph.loops().items() if uses_tensor_cores(body)]
    innermost = [
        (header, body)
        for header, body in loops
        if not any(other < body for _, other in loops)
    ]
    if not innermost:
        return None
    full = [graph.round(header, body, dearest=False) for header, body in innermost]
    partial = [graph.round(header, body, dearest=True) for header, body in innermost]
    most = max(x.tensor for x in full)
    return (
        min((x for x in full if x.tensor == most), key=lambda x: x.size),
        max((x for x in partial if x.tensor == most), key=lambda x: x.size),
    )


def describe(kernel):
    """A kernel as a dictionary of JSON."""
    rounds = tensor_rounds(kernel)
    result = {"kernel": kernel.name, "instructions": len(kernel.instructions)}
    for name, path in zip(("full", "partial"), rounds or ()):
        result[name] = {
            "instructions": path.size,
            "tensor": path.tensor,
            "opcodes": dict(sorted(path.counts.items(), key=lambda x: (-x[1], x[0]))),
        }
    return result


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("cubins", nargs="+", metavar="CUBIN", type=pathlib.Path)
    options = parser.parse_args(arguments)
    reports = []
    for path in options.cubins:
        try:
            reports += [describe(kernel) for kernel in read_cubin(path.read_bytes())]
        except (OSError, ValueError, IndexError, struct.error) as error:
            print(f"sass.py: error: '{path}' cannot be read: {error}", file=sys.stderr)
            return 1
    if options.json:
        print(json.dumps(reports, indent=2))
        return 0
    for report in reports:
        print(f"{report['kernel']}: {report['instructions']} instructions")
        if "full" not in report:
            print("  no loop uses the tensor cores")
        for name in ("full", "partial"):
            if name in report:
                opcodes = " ".join(f"{k}={v}" for k, v in report[name]["opcodes"].items())
                print(f"  {name:8}{report[name]['instructions']} instructions: {opcodes}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
