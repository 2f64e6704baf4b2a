"""Writes what was measured: every sample as JSON, the medians as a Markdown table."""

import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys


def machine():
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    root = pathlib.Path(__file__).parent
    commit = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": model,
        "processors": os.cpu_count(),
        "commit": commit or "unknown",
        "command": " ".join(["benchmarks/cpu.py", *sys.argv[1:]]),
    }


def milliseconds(seconds):
    return f"{seconds * 1e3:.3g}"


def row_cells(row, names):
    """One cell a name: its time, and our share of the FMA peak or its time over ours."""
    for name in names:
        if name not in row["median_seconds"]:
            yield ""
            continue
        cell = milliseconds(row["median_seconds"][name])
        if name == "attn-opt":
            cell += f" ({row['peak_share']:.0%})" if row["peak_share"] else ""
        else:
            cell += f" ({row['ratio'][name]:.2f}x)"
        yield cell


def markdown(document):
    lines = [
        f"# CPU, {document['date']}, {document['cpu']}",
        "",
        f"`{document['command']}`, commit {document['commit']}, one thread on processor "
        f"{document['processor']}, f32. "
        + ", ".join(f"{name} {version}" for name, version in document["versions"].items())
        + ".",
        "",
    ]
    if document["rows"]:
        names = list(
            dict.fromkeys(name for row in document["rows"] for name in row["median_seconds"])
        )
        lines += [
            "Median milliseconds; in brackets our share of the FMA peak of the same seconds, for the",
            "others the median of time over ours, pass by pass. An empty cell was not measured.",
            "",
            "| case | " + " | ".join(names) + " |",
            "|---" * (len(names) + 1) + "|",
        ]
        for row in document["rows"]:
            lines.append(f"| {row['case']} | " + " | ".join(row_cells(row, names)) + " |")
        lines.append("")
    if document["memory"]:
        lines += [
            f"Extra memory of one call, {document['memory']['case']}: growth of the process's peak "
            "resident memory, the output included, each in a process of its own.",
            "",
            "| implementation | MiB |",
            "|---|---|",
        ]
        for name, size in document["memory"]["bytes"].items():
            lines.append(f"| {name} | {size / 2**20:.2f} |")
        lines.append("")
    if document["compiler"]:
        lines += ["| compiler | median |", "|---|---|"]
        for name, seconds in document["compiler"].items():
            lines.append(f"| {name} | {milliseconds(seconds)} ms |")
        lines.append("")
    return "\n".join(lines)


def write(document, folder):
    """Writes DATE-CPU.json and .md; a second run of a day replaces the first one's."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cpu = re.sub(r"[^a-z0-9]+", "-", document["cpu"].lower()).strip("-")
    path = folder / f"{document['date']}-{cpu}"
    path.with_name(path.name + ".json").write_text(json.dumps(document, indent=1) + "\n")
    path.with_name(path.name + ".md").write_text(markdown(document))
    return path.with_name(path.name + ".md")
