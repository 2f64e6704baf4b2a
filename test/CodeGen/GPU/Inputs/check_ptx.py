"""Makes kernels for GPUs of patterns and looks at their PTX, or asks ptxas about it.

usage: check_ptx.py [--ptxas] [--dtypes NAMES] [--head-dims NUMBERS] [--targets NAMES] PATTERN...

Every pattern is compiled for every combination of the comma-separated lists. PTX must be of version 8.0 and for its
target, bound its threads, use the instructions of its dtype, and hold nothing that makes a kernel slow without
saying so: local memory, calls, exact divisions, divisions of 64 bits. With --ptxas, `attn-check-ptxas` must also
accept it: no spills, no wgmma that waits for the one before.
"""

import argparse
import concurrent.futures
import itertools
import os
import re
import subprocess
import sys

THREADS = {"sm_80": 256, "sm_90a": 384}
PRODUCT = {"sm_80": r"mma\.sync\.aligned\.m16n8k16\.row\.col\.f32\.{0}\.{0}\.f32",
           "sm_90a": r"wgmma\.mma_async\.sync\.aligned\.m64n\d+k16\.f32\.{0}\.{0} "}
SLOW = {"local memory": r"\.local\b|__local_depot", "a call": r"\bcall\b", "an exact division": r"\bdiv\.rn\b",
        "a 64-bit division": r"\b(div|rem)\.[su]64\b"}


def run(command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True)


def mistakes(case, ptxas):
    pattern, target, dtype, features = case
    options = f"target={target} head-dim={features} dtype={dtype}"
    compiled = run(["attn-opt", pattern, f"--attn-to-nvvm={options}"])
    if compiled.returncode:
        return [compiled.stderr]
    binary = re.search(r'assembly = "((?:[^"\\]|\\.)*)"', compiled.stdout)
    if not binary:
        return ["no PTX"]
    ptx = binary.group(1).replace("\\0A", "\n").replace("\\09", " ")
    wanted = [r"^\.version 8\.0$", rf"^\.target {target}$", rf"^\.reqntid {THREADS[target]}\b",
              PRODUCT[target].format(dtype)]
    found = [f"expected /{regex}/" for regex in wanted if not re.search(regex, ptx, re.MULTILINE)]
    code = re.sub(r"//.*", "", ptx)
    found += [f"found {name}: {line.strip()}" for name, regex in SLOW.items()
              for line in code.splitlines() if re.search(regex, line)]
    if ptxas:
        checked = run(["attn-opt", "-", "--attn-check-ptxas", "-o", os.devnull], compiled.stdout)
        if checked.returncode or "spills none" not in checked.stderr:
            found.append(next(iter(checked.stderr.splitlines()), "ptxas says nothing"))
    return found


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--ptxas", action="store_true")
    parser.add_argument("--dtypes", default="f16,bf16")
    parser.add_argument("--head-dims", default="64,96,128,192,256")
    parser.add_argument("--targets", default="sm_80,sm_90a")
    parser.add_argument("patterns", nargs="+")
    arguments = parser.parse_args()
    cases = list(itertools.product(arguments.patterns, arguments.targets.split(","),
                                   arguments.dtypes.split(","), arguments.head_dims.split(",")))
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for case, found in zip(cases, pool.map(lambda case: mistakes(case, arguments.ptxas), cases)):
            wrong += bool(found)
            for text in found:
                print(f"{os.path.basename(case[0])} {' '.join(case[1:])}: {text}")
    print(f"{len(cases)} kernels, {wrong} with mistakes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
