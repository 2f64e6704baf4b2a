"""Compares a committed document with the one that the build generates.

usage: compare_generated.py COMMITTED GENERATED
"""

import difflib
import sys


def main(committed, generated):
    texts = []
    for name in (committed, generated):
        with open(name, encoding="utf-8") as file:
            texts.append(file.read().splitlines(keepends=True))
    difference = list(difflib.unified_diff(*texts, committed, generated))
    if difference:
        sys.stdout.writelines(difference)
        print(f"\n{committed} is out of date; run: ./dev docs")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
