"""The README's support matrix, from the reports of a whole test run.

usage: support_matrix.py [--update] REPORT.xml...

A cell says "yes" if tests of that pattern ran and all passed. Without --update it fails where the
README says otherwise, and prints the command that mends it.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- support matrix: written by ./dev test --update -->\n", "<!-- end -->\n"

# What a column is about, and which test cases decide it: a regular expression on "class name".
COLUMNS = [
    ("algebra, proofs, picture", r"Patterns.* {name}\.mlir$"),
    ("CPU kernel, f32, every size", r"test_library test_(sizes|head_dims)\[.*\b{name}\b.*\]$"),
    ("NaN and Inf contained", r"test_library test_.*poison.*\[.*\b{name}\b.*\]$"),
    ("same bits on 1, 2, 4 threads", r"test_library test_the_number_of_threads.*\[{name}\]$"),
    ("sm_80, emulated", r"test_gpu test_gpu_.*\[{name}-(.*-)?sm_80\]$"),
    ("sm_90a, emulated", r"test_gpu test_gpu_.*\[{name}-(.*-)?sm_90a\]$"),
]


def outcomes(reports):
    """(class and name, passed) of each case that was not skipped."""
    for report in reports:
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
            kinds = {child.tag for child in case}
            if "skipped" not in kinds:
                yield f"{case.get('classname')} {case.get('name')}", not kinds


def table(reports):
    cases = list(outcomes(reports))
    lines = ["| pattern | " + " | ".join(title for title, _ in COLUMNS) + " |",
             "| --- |" + " --- |" * len(COLUMNS)]
    for path in sorted((ROOT / "patterns").glob("*.mlir")):
        cells = []
        for _, expression in COLUMNS:
            pattern = re.compile(expression.format(name=re.escape(path.stem)))
            results = [passed for case, passed in cases if pattern.search(case)]
            cells.append("no test ran" if not results else "yes" if all(results) else "**fails**")
        lines.append(f"| [{path.stem}](patterns/{path.name}) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments):
    readme = ROOT / "README.md"
    text = readme.read_text()
    head, rest = text.split(BEGIN)
    found, tail = rest.split(END)
    wanted = table([name for name in arguments if name != "--update"])
    if "--update" in arguments:
        readme.write_text(head + BEGIN + wanted + END + tail)
    elif found != wanted:
        print(f"README.md: the support matrix is not what the tests say:\n{wanted}"
              "./dev test --update writes it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
