"""What ptxas makes of the GPU kernels: the table docs/generated/Kernels.md.

usage: kernel_table.py [--only TEXT] [--check FILE] [-o FILE]

Compiles a kernel for each target, element type, head dim and way of merging bands, and prints one
row each: registers, shared memory, and machine instructions of a block (tools/sass.py). A kernel
that the compiler refuses has its reason instead. Needs attn-compile on PATH, and ptxas.

--only keeps the rows that hold TEXT ("sm_80 | bf16 | 128"); --check compares rows with those of FILE
and fails on a difference, unless FILE was written with another ptxas.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import sass

PATTERNS = pathlib.Path(__file__).parents[1] / "patterns"
# A pattern of the library for each way of merging bands.
MERGES = {"single": "causal", "ordered": "sparse-transformer-fixed", "scan": "longformer"}
TITLE = """<!-- Written by ./dev docs; don't edit. -->

# GPU kernels as machine code

What ptxas {version} makes of the kernels. `block` is the machine instructions of one query tile and
one key tile that needs no mask, per warp; `masked` those of the dearest one that does. Tiles are
[queries, keys]. No kernel spills registers: one that would is refused, and is listed with the reason.

"""
COLUMNS = "target | elements | head dim | merge | tile | registers | shared bytes | block | masked"


def compile_kernel(target, dtype, head_dim, merge):
    """The row of a kernel, and the version of ptxas that made it, if it did."""
    keys = [target, dtype, str(head_dim), merge]
    with tempfile.TemporaryDirectory() as folder:
        spec = PATTERNS / f"{MERGES[merge]}.mlir"
        arguments = [f"--target={target}", f"--dtype={dtype}", f"--head-dim={head_dim}"]
        done = subprocess.run(
            ["attn-compile", spec, *arguments, "-e", "cubin,manifest", "-o", folder, "--name=k"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1].removeprefix("attn-compile: ")
            refusal = re.search(r"is refused for .* says '(.*)'$", reason)
            return keys + [f"refused: {refusal[1] if refusal else reason}"], None
        kernel = json.loads(pathlib.Path(folder, "k.json").read_text())["kernels"][0]
        cubin = pathlib.Path(folder, kernel["symbol"] + ".cubin").read_bytes()
    launch, ptxas = kernel["launch"], kernel["ptxas"]
    rounds = sass.tensor_rounds(sass.read_cubin(cubin)[0])
    row = keys + [
        f"[{launch['query_tile']}, {launch['key_tile']}]",
        str(ptxas["registers"]),
        str(launch["shared_bytes"] + ptxas["static_shared_bytes"]),
        *(str(x.size) for x in rounds or ()),
    ]
    return row, ptxas["version"]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--check", type=pathlib.Path, metavar="FILE")
    parser.add_argument("-o", dest="output", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args(arguments)
    kernels = [
        (target, dtype, head_dim, merge)
        for target in ("sm_80", "sm_90a")
        for dtype in ("bf16", "f16")
        for head_dim in (64, 96, 128, 192, 256)
        for merge in MERGES
        if options.only in f"{target} | {dtype} | {head_dim} | {merge}"
    ]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda kernel: compile_kernel(*kernel), kernels))
    versions = {version for _, version in results if version}
    if len(versions) != 1:
        print("kernel_table.py: error: no kernel was assembled:", file=sys.stderr)
        print("\n".join(" | ".join(row) for row, _ in results), file=sys.stderr)
        return 1
    title = TITLE.format(version=versions.pop())
    rows = ["| " + " | ".join(row) + " |" for row, _ in results]
    if options.check:
        committed = options.check.read_text()
        if not committed.startswith(title):
            print(f"{options.check} is of another ptxas: nothing compared")
            return 0
        wrong = [row for row in rows if row not in committed.splitlines()]
        print("\n".join(wrong + [f"{len(rows)} kernels, {len(wrong)} differ from {options.check}"]))
        if wrong:
            print("to accept them: ./dev docs")
        return 1 if wrong else 0
    table = "\n".join([f"| {COLUMNS} |", "|" + "---|" * len(COLUMNS.split(" | ")), *rows])
    if options.output:
        options.output.write_text(title + table + "\n")
    else:
        print(title + table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
