"""Edits of PTX that the compiler wrote, for the bugs that test_gpu_mutations plants.

A place is found by what is there, and named by its number among so many: where the compiler writes
other code, an edit fails, and does not quietly change something else or nothing.
"""

import re

# The mbarriers of a kernel for sm_90a in the order in which it initialises them. Those of a ring
# have a number.
_BARRIERS = ["queryFull", "queryEmpty"] + [
    f"{name}[{stage}]"
    for stage in range(2)
    for name in ("keyFull", "valueFull", "keyEmpty", "valueEmpty")
]


class Ptx:
    """A kernel as lines. An edit changes the text of a line; the numbers of lines stay."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self._definitions = {}
        for number, line in enumerate(self.lines):
            if found := re.match(r"\s*[a-z][\w.:]*\s+(%\w+), ", line):
                self._definitions.setdefault(found[1], []).append(number)
        inits = self.all(r"mbarrier\.init")
        assert len(inits) in (0, len(_BARRIERS))
        self._inits = dict(zip(_BARRIERS, inits))
        self._places = {name: self._address(number) for name, number in self._inits.items()}

    def __str__(self):
        return "\n".join(self.lines)

    # Places

    def all(self, pattern):
        """The numbers of all lines that match."""
        return [number for number, line in enumerate(self.lines) if re.search(pattern, line)]

    def some(self, pattern, begin, end, of):
        """The numbers of the matching lines from `begin` to `end`, if there are `of`."""
        found = self.all(pattern)
        assert len(found) == of, f"expected {of} lines like '{pattern}', found {len(found)}"
        return found[begin:end]

    def one(self, pattern, index=0, of=1):
        (number,) = self.some(pattern, index, index + 1, of)
        return number

    def next(self, pattern, number):
        """The first line that matches behind another."""
        return next(n for n in self.all(pattern) if n > number)

    def previous(self, pattern, number):
        """The last line that matches before another."""
        return [n for n in self.all(pattern) if n < number][-1]

    def definition(self, register):
        """The line that writes a register, if it is the only one."""
        (number,) = self._definitions[register]
        return number

    def label(self, branch):
        """Where a branch goes."""
        return self.one("^" + re.escape(self.word(r"bra(?:\.uni)?\s+(\S+);", branch)) + ":")

    def word(self, pattern, number):
        """The group of a pattern in a line."""
        return re.search(pattern, self.lines[number])[1]

    def init(self, name):
        """The line that initialises an mbarrier."""
        return self._inits[name]

    def barrier(self, pattern, name, index=0, of=1):
        """A line that matches and uses an mbarrier, or one of a ring: they have a name."""
        place = self._places[name if name in self._places else f"{name}[0]"]
        return self._at(place, pattern, index, of)

    def beside_keys(self, pattern, index=0, of=1):
        """A line that matches and uses the words beside the keys, behind the mbarriers."""
        return self._at(max(self._places.values()) + 8, pattern, index, of)

    def _at(self, place, pattern, index, of):
        found = [n for n in self.all(pattern) if self._address(n) == place]
        assert len(found) == of, (
            f"expected {of} lines like '{pattern}' with address {place}, found {len(found)}"
        )
        return found[index]

    def _address(self, number):
        """What an instruction adds to the start of shared memory, or to the offset of a stage."""
        root, offset = re.findall(r"\[([%\w]+)\+?(\d*)\]", self.lines[number])[-1]
        offset = int(offset or 0)
        while len(self._definitions.get(root, [])) == 1:
            line = self.lines[self.definition(root)]
            found = re.search(r"add\.s64 \s*%\w+, (%\w+), (\d+);", line)
            if not found:
                break
            root, offset = found[1], offset + int(found[2])
        return offset

    # Edits

    def delete(self, number):
        assert self.lines[number].strip()
        self.lines[number] = ""

    def replace(self, number, pattern, by):
        """Replaces the one match of a pattern in a line."""
        line = self.lines[number]
        self.lines[number], count = re.subn(pattern, by, line)
        assert count == 1 and self.lines[number] != line, f"'{pattern}' by '{by}' in '{line}'"

    def before(self, number, text):
        self.lines[number] = f"{text}\n{self.lines[number]}"

    def move_before(self, number, place):
        text = self.lines[number]
        self.delete(number)
        self.before(place, text)

    def move_behind(self, number, place):
        text = self.lines[number]
        self.delete(number)
        self.lines[place] = f"{self.lines[place]}\n{text}"
