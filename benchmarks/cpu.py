"""Times the compiled kernels beside their peers; see README.md for the protocol.

benchmarks/cpu.py                              everything
benchmarks/cpu.py --cases small --seconds 1    one group of rows, quickly
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time

import numpy as np

import attn_opt as ao
import measure
import peers
import report
from peers import Case

GROUPS = {
    "large": [
        Case(kind, length, features, window=256 if kind == "window" else 0)
        for kind in ("dense", "causal", "window")
        for length in (2048, 4096)
        for features in (64, 128)
    ],
    "small": [
        Case(kind, length, 64) for kind in ("dense", "causal") for length in (64, 128, 256, 512)
    ],
    # Model width 512; also the case of the memory table.
    "thousand": [Case("dense", 1000, 64), Case("causal", 1000, 64)],
    # For a look at whether everything runs.
    "smoke": [Case("dense", 64, 64), Case("causal", 80, 64), Case("window", 96, 64, 2, 16)],
}
MEMORY_CASE = GROUPS["thousand"][0]
LONGFORMER = """
attn.pattern @longformer(%w: index, %g: index) {{
  %near = attn.window before %w after %w
  %cols = attn.keys 0 to %g
  %rows = attn.queries 0 to {literal}
  %m = attn.union %near, %cols, %rows
  attn.yield %m
}}
"""


def calls_of(case, inputs, arguments):
    calls = peers.ours(case, inputs)
    calls |= peers.prototype(arguments.prototype, case, inputs)
    for name in arguments.peers:
        calls |= peers.PEERS[name](case, inputs)
    return calls


def check(case, inputs, calls):
    """Ours against the formula in f64 on some rows, then everybody else against ours."""
    output = np.asarray(calls["attn-opt"]())
    query, key, value = (array.astype(np.float64) for array in inputs)
    for row in np.linspace(0, case.length - 1, 9).astype(int):
        seen = case.pattern().mask(1, case.length, offset=int(row))[0]
        scores = np.einsum("bhd,bhkd->bhk", query[:, :, row], key[:, :, seen])
        weights = np.exp(scores / math.sqrt(case.features))
        weights /= weights.sum(axis=-1, keepdims=True)
        expected = np.einsum("bhk,bhkd->bhd", weights, value[:, :, seen])
        error = np.abs(output[:, :, row] - expected).max()
        limit = 4e-6 * math.sqrt(case.length) * np.abs(expected).max()
        assert error <= limit, f"{case}: row {row} differs from the formula by {error}"
    for name, call in calls.items():
        error = np.abs(np.asarray(call()) - output).max()
        assert error < 1e-4, f"{case}: {name} differs by {error}"


def time_case(case, arguments, peak):
    inputs = case.inputs()
    calls = calls_of(case, inputs, arguments)
    check(case, inputs, calls)
    times = measure.interleave(calls, arguments.seconds, peak)
    pairs = case.heads * case.pattern().count(case.length, case.length)
    gflops = 4e-9 * pairs * case.features / times.median("attn-opt")
    row = {
        "case": str(case),
        "visible_pairs": pairs,
        "gflops": gflops,
        "fma_peak_gflops": times.peak,
        "peak_share": gflops / times.peak if times.peak else None,
        "median_seconds": {name: times.median(name) for name in times.samples},
        "ratio": {name: times.ratio(name, "attn-opt") for name in times.samples},
        "samples": times.samples,
    }
    print(
        f"{case}: " + ", ".join(f"{n} {t * 1e3:.3g} ms" for n, t in row["median_seconds"].items())
    )
    return row


def memory_of(name, arguments):
    """In a process of its own: what one call of `name` adds after a small call has warmed it up."""
    small = Case("dense", 64, MEMORY_CASE.features, MEMORY_CASE.heads)
    for case in (small, MEMORY_CASE):
        inputs = case.inputs()
        call = calls_of(case, inputs, arguments)[name]
        if case is small:
            call()
    return measure.extra_memory(call)


def memory_table(arguments):
    sizes = {}
    names = calls_of(MEMORY_CASE, MEMORY_CASE.inputs(), arguments)
    for name in names:
        command = [sys.executable, __file__, "--memory-of", name, "--peers", *arguments.peers]
        command += ["--prototype", arguments.prototype] if arguments.prototype else []
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        sizes[name] = json.loads(done.stdout.splitlines()[-1])
    return {"case": str(MEMORY_CASE), "bytes": sizes}


def median_seconds(function, count):
    seconds = []
    for index in range(count):
        begin = time.perf_counter()
        function(index)
        seconds.append(time.perf_counter() - begin)
    return sorted(seconds)[count // 2]


def compiler_table():
    """Each sample is a pattern that was never seen before: kernels are found again after that."""
    million = 1 << 20

    def fresh(literal):
        return ao.parse(LONGFORMER.format(literal=literal))(w=256, g=16)

    specs = [fresh(1000 + index) for index in range(5)]
    table = {}
    for features in (64, 128):
        table[f"kernel of Longformer, D {features}: parse to machine code"] = median_seconds(
            lambda index, d=features: fresh(100 * d + index)._spec.kernel(d), 5
        )
    # The first question about a pattern derives its schedule; nothing is kept of the spec before.
    table["schedule of Longformer, 64 queries of 1M tokens, derived and evaluated"] = (
        median_seconds(lambda index: specs[index].tiles(64, million, tile=(64, 64)), 5)
    )
    table["exact count of Longformer at 1M x 1M"] = median_seconds(
        lambda index: specs[0].count(million, million), 5
    )
    tiny = [np.ones((1, 1, 1, 64), np.float32)] * 3
    causal = peers.Case("causal", 1, 64).pattern()
    ao.attention(*tiny, causal)
    table["one call of one query and one key, all of it"] = median_seconds(
        lambda index: ao.attention(*tiny, causal), 2001
    )
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--cases", nargs="+", choices=GROUPS, default=["large", "thousand", "small"]
    )
    parser.add_argument("--peers", nargs="*", choices=peers.PEERS, default=list(peers.PEERS))
    parser.add_argument("--prototype", help="a library with forward(), as in peers.py; its column")
    parser.add_argument("--seconds", type=float, default=5, help="per row, all columns together")
    parser.add_argument("--cpu", type=int, help="the processor to run on; the last one allowed")
    parser.add_argument("--no-memory", action="store_true", help="without the memory table")
    parser.add_argument(
        "--no-compiler", action="store_true", help="without the compiler's own times"
    )
    parser.add_argument("--results", default=os.path.join(os.path.dirname(__file__), "results"))
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    processor = max(os.sched_getaffinity(0)) if arguments.cpu is None else arguments.cpu
    os.sched_setaffinity(0, {processor})
    ao.set_num_threads(1)
    if arguments.memory_of:
        print(json.dumps(memory_of(arguments.memory_of, arguments)))
        return
    peak = measure.Peak()
    cases = [case for group in arguments.cases for case in GROUPS[group]]
    document = {
        **report.machine(),
        "processor": processor,
        "versions": peers.versions(),
        "rows": [time_case(case, arguments, peak) for case in cases],
        "memory": {} if arguments.no_memory else memory_table(arguments),
        "compiler": {} if arguments.no_compiler else compiler_table(),
    }
    print(report.write(document, arguments.results).read_text())


if __name__ == "__main__":
    main()
