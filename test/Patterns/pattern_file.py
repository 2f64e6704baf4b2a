"""Reads what the header of a file in patterns/ says of its pattern.

// FORMULA: abs(q - k) <= w or 0 <= k < g     Python in positions q and k, the arguments, and n,
//                                            the end of the keys; it may go on, indented
// ARGUMENTS: w=2 g=2                         of the pictures; absent where there are none
// SOURCE: a paper
// PICTURE: 16 x 16, 124 pairs                queries and keys, at the default offset
//   # # . .                                  the mask
// PICTURE: 256 x 256, 9000 pairs, a character is 16 x 16
//   # / . .                                  all of a character's pairs, some, none
"""

import dataclasses
import pathlib
import re


@dataclasses.dataclass
class Picture:
    queries: int
    keys: int
    pairs: int
    cell: int
    lines: list


class PatternFile:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.text = self.path.read_text()
        header = self._header()
        self.title = re.match(r"//===- (.*?) -+===//$", self.text.splitlines()[0]).group(1)
        self.formula = self._field(header, "FORMULA")
        self.source = self._field(header, "SOURCE")
        words = self._field(header, "ARGUMENTS", required=False).split()
        self.arguments = {name: int(value) for name, value in (word.split("=") for word in words)}
        self.pictures = list(self._pictures(header))
        assert self.pictures, f"{path}: no PICTURE in the header"
        self._code = compile(self.formula, str(path), "eval")

    def sees(self, q, k, n, arguments):
        """The formula: whether position q sees position k, where keys end at n."""
        names = {"__builtins__": {}, "abs": abs, "q": q, "k": k, "n": n}
        return bool(eval(self._code, names, arguments))

    def mask(self, sq, sk, arguments, offset=None, key_offset=0):
        """The formula for every pair, as a list of rows."""
        n = key_offset + sk
        offset = n - sq if offset is None else offset
        return [
            [self.sees(q, k, n, arguments) for k in range(key_offset, n)]
            for q in range(offset, offset + sq)
        ]

    def _header(self):
        lines = []
        for line in self.text.splitlines()[1:]:
            if not line.startswith("//") or line.startswith("//==="):
                break
            lines.append(line[2:])
        return lines

    def _field(self, header, name, required=True):
        """The text after `NAME:` and in the lines after it that are indented."""
        for index, line in enumerate(header):
            if line.startswith(f" {name}: "):
                text = line[len(name) + 3 :]
                for more in header[index + 1 :]:
                    if not more.startswith("   "):
                        break
                    text += " " + more.strip()
                return text.strip()
        assert not required, f"{self.path}: no {name} in the header"
        return ""

    def _pictures(self, header):
        form = re.compile(r" PICTURE: (\d+) x (\d+), (\d+) pairs(?:, a character is (\d+) x \4)?$")
        for index, line in enumerate(header):
            if not line.startswith(" PICTURE"):
                continue
            match = form.match(line)
            assert match, f"{self.path}: expected 'PICTURE: 16 x 16, 124 pairs', found '{line}'"
            queries, keys, pairs, cell = (int(group or 1) for group in match.groups())
            lines = []
            for more in header[index + 1 :]:
                if not more.startswith("   "):
                    break
                lines.append(more.split())
            yield Picture(queries, keys, pairs, cell, lines)


def library(root):
    """Every file of the library, by name."""
    return [PatternFile(path) for path in sorted((pathlib.Path(root) / "patterns").glob("*.mlir"))]


def shrink(mask, cell):
    """The picture of a mask: `#`, `/` or `.` for every `cell` x `cell` pairs."""
    picture = []
    for top in range(0, len(mask), cell):
        rows = mask[top : top + cell]
        line = []
        for left in range(0, len(mask[0]), cell):
            pairs = [pair for row in rows for pair in row[left : left + cell]]
            line.append("#" if all(pairs) else "/" if any(pairs) else ".")
        picture.append(line)
    return picture
