"""Paths, and the largest errors in the report: one that creeps is seen before it is too large."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test" / "Execution"), str(ROOT / "test" / "Patterns")]


def pytest_terminal_summary(terminalreporter):
    import tolerance

    for name, (share, where) in sorted(tolerance.largest.items()):
        terminalreporter.write_line(
            f"largest error of {name}: {share:.2f} of its tolerance ({where})"
        )
