"""Runs the ```console blocks of a document and compares what they print with what the document says.

usage: console.py [--update] DOCUMENT

A line `$ command` is run by bash in the root of the sources, with the tools on its PATH; the lines up
to the next command or the end of the block are what it must print, on both streams. A line `...`
stands for any lines. A block that starts with `# not run` is left alone. `--update` writes what the
commands printed into the document, except where the text holds `...`.
"""

import difflib
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block):
    """The (command, expected lines) of a block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return found


def run(command):
    result = subprocess.run(["bash", "-c", command], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=300)
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    if result.returncode:
        lines.append(f"exit status {result.returncode}")
    return lines


def agrees(expected, printed):
    """Whether `printed` is `expected`, where a line `...` stands for any lines."""
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()) + "\n"
                      for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


def main(arguments):
    update = "--update" in arguments
    path = next(name for name in arguments if name != "--update")
    with open(path) as file:
        text = file.read()
    wrong = count = 0

    def check(match):
        nonlocal wrong, count
        if match.group(1).startswith("# not run"):
            return match.group(0)
        out = []
        for command, expected in commands(match.group(1)):
            count += 1
            printed = run(command)
            if agrees(expected, printed):
                printed = expected
            else:
                wrong += 1
                print(f"{path}: $ {command}")
                print("\n".join(difflib.unified_diff(expected, printed, "document", "printed",
                                                     lineterm="")))
            out += ["$ " + command] + printed
        return "```console\n" + "".join(line + "\n" for line in out) + "```"

    updated = BLOCK.sub(check, text)
    if update:
        with open(path, "w") as file:
            file.write(updated)
        return 0
    print(f"{path}: {count} commands, {wrong} that print something else")
    if not count:
        print("no command found")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
