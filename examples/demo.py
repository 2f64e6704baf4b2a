"""`./dev demo`: a pattern of five lines becomes a kernel that runs, is checked, and is timed.

usage: demo.py [--length 8192] [--heads 8] [--features 64]
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import attn_opt as ao

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPEC = ROOT / "patterns" / "longformer.mlir"


def title(text):
    print(f"\n== {text}", flush=True)


def body(spec):
    """The pattern itself, without the file's comments and RUN lines."""
    return "\n".join(line for line in spec.splitlines() if line and not line.startswith("//"))


def run(*command):
    """Runs a tool; its complaint, if it has one, ends the demo."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stdout + result.stderr)
    return result


def median_ms(call, repeats=5):
    call()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--length", type=int, default=8192)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--features", type=int, default=64)
    options = parser.parse_args()
    length, heads, features = options.length, options.heads, options.features

    title(f"the pattern: {SPEC.relative_to(ROOT)}")
    print(body(SPEC.read_text()))

    title("proofs, for all lengths and arguments (attn-opt --attn-verify)")
    for line in run("attn-opt", "--attn-verify", SPEC, "-o", "/dev/null").stderr.splitlines():
        if "remark: " in line:
            print(line.split("remark: ", 1)[1])

    title("a shared library, checked against the f64 oracle (attn-compile, attn-run check)")
    with tempfile.TemporaryDirectory() as folder:
        run("attn-compile", SPEC, "-e", "shared", f"--head-dim={features}", "-o", folder)
        print(run("attn-run", "check", pathlib.Path(folder, "longformer.so"), str(length),
                  "--arg", "w=256", "--arg", "g=16", f"--query-heads={heads}",
                  f"--key-heads={heads}").stdout, end="")

    title("PTX for a Hopper GPU, checked in the emulator: no GPU, no driver, no toolkit needed")
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        run("attn-compile", SPEC, "-e", "ptx,manifest", "--target=sm_90a", "--dtype=bf16",
            f"--head-dim={features}", "-o", folder)
        print(f"compiled in {(time.perf_counter() - begin) * 1e3:.0f} ms")
        print(run("attn-run", "check", pathlib.Path(folder, "longformer.json"), "300x333",
                  "--driver=emulator", "--arg", "w=100", "--arg", "g=16").stdout, end="")

    title("the same pattern in Python, with w = 256, g = 16")
    pattern = ao.load(SPEC)(w=256, g=16)
    print(pattern)
    pairs = pattern.count(length, length)
    tiles = pattern.tiles(length, length)
    print(f"S = {length}: {pairs} of {length * length} pairs ({pairs / length**2:.2%}); "
          f"of {tiles.size} tiles {np.count_nonzero(tiles == 2)} full, "
          f"{np.count_nonzero(tiles == 1)} partial, {np.count_nonzero(tiles == 0)} skipped")

    title(f"the kernel on real tensors: B = 1, H = {heads}, S = {length}, D = {features}, f32")
    generator = np.random.default_rng(0)
    query, key, value = (generator.standard_normal((1, heads, length, features), dtype=np.float32)
                         for _ in range(3))
    begin = time.perf_counter()
    ao.attention(query, key, value, pattern=pattern)
    print(f"compiled and run the first time in {(time.perf_counter() - begin) * 1e3:.0f} ms")

    dense = ao.load(ROOT / "patterns" / "dense.mlir")()
    sparse_ms = median_ms(lambda: ao.attention(query, key, value, pattern=pattern))
    dense_ms = median_ms(lambda: ao.attention(query, key, value, pattern=dense), repeats=1)
    flops = 4 * features * heads
    print(f"longformer {sparse_ms:8.1f} ms  {flops * pairs / sparse_ms / 1e6:6.0f} GFLOP/s on visible pairs")
    print(f"dense      {dense_ms:8.1f} ms  {flops * length**2 / dense_ms / 1e6:6.0f} GFLOP/s, same compiler")
    print(f"{dense_ms / sparse_ms:.1f} times faster; {length**2 / pairs:.1f} times fewer pairs")


if __name__ == "__main__":
    main()
