"""Lists the innermost loops with multiply-adds of an assembly text (x86-64 or AArch64, as llc writes it):

    NAME.score4: 24 multiply-adds, 34 instructions, 0 spills

A loop is what lies between a label and a later branch back to it; spills are llc's comments.
"""

import re
import sys

FMA = re.compile(r"^\s*(vfn?madd|fmla|fmls)")
BRANCH = re.compile(r"^\s*(?:j\w+|b(?:\.\w+)?|cbn?z\s+\w+,|tbn?z\s+\w+,\s*#\d+,)\s*(\.L\w+)")
LABEL = re.compile(r"^(\.L\w+|[\w.$\"]+):")
INSTRUCTION = re.compile(r"^\s+[a-z]")


def loops(lines):
    """(function, first line, last line) of every loop that holds no other loop."""
    found, labels, function = [], {}, ""
    for number, line in enumerate(lines):
        label = LABEL.match(line)
        if label:
            if not label[1].startswith(".L"):
                function, labels = label[1].strip('"'), {}
            labels[label[1]] = number
        branch = BRANCH.match(line)
        if branch and branch[1] in labels:
            found.append((function, labels[branch[1]], number))
    return [a for a in found if not any(a[1] <= b[1] and b[2] <= a[2] and a != b for b in found)]


lines = sys.stdin.read().splitlines()
for function, first, last in loops(lines):
    body = lines[first : last + 1]
    fmas = sum(bool(FMA.match(line)) for line in body)
    instructions = sum(bool(INSTRUCTION.match(line)) for line in body)
    spills = sum(bool(re.search(r"Spill|Reload", line)) for line in body)
    if fmas:
        print(f"{function}: {fmas} multiply-adds, {instructions} instructions, {spills} spills")
