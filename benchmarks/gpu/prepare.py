"""Compiles the kernels of the GPU benchmark into a folder that needs nothing else of this project.

prepare.py DIR; then, on a machine with a GPU, a driver and torch: python3 DIR/run.py
"""

import argparse
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

from patterns import BUILDS, PATTERNS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGETS = ("sm_80", "sm_90a")

# The fields of AttnDeviceInfo that the manifest states.
LAUNCH = (
    "compute_capability is_architecture_exact threads shared_bytes query_tile key_tile "
    "panel_columns output_rows"
).split()


def prepare(arguments):
    """Kernels, their index, the runtime, the emulated driver and these scripts into one folder."""
    compiler = arguments.compiler or shutil.which("attn-compile") or ROOT / "build/bin/attn-compile"
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for script in HERE.glob("*.py"):
        shutil.copy2(script, folder)
    library = pathlib.Path(arguments.build) / "lib"
    shutil.copy2(library / "libattn_runtime.so", folder)
    if (library / "emulator").is_dir():
        shutil.copytree(library / "emulator", folder / "emulator", dirs_exist_ok=True)
    kinds = "ptx,cubin,manifest" if arguments.cubin else "ptx,manifest"
    kernels = []
    for build in BUILDS:
        if arguments.kernels and not any(re.fullmatch(k, build.name) for k in arguments.kernels):
            continue
        spec = ROOT / "patterns" / f"{build.pattern}.mlir"
        if PATTERNS[build.pattern].text:
            spec = folder / f"{build.pattern}.mlir"
            spec.write_text(PATTERNS[build.pattern].text + "\n")
        for target in arguments.targets:
            name = f"{build.name}_{target}"
            command = [compiler, spec, f"--target={target}", f"--dtype={build.dtype}"]
            command += [f"--head-dim={build.features}", f"--name={build.name}"]
            command += ["-e", kinds, "-o", folder / target]
            begin = time.perf_counter()
            done = subprocess.run(
                [str(word) for word in command], capture_output=True, text=True, check=False
            )
            seconds = time.perf_counter() - begin
            if done.returncode:
                sys.exit(f"{name}: {done.stderr}")
            manifest = json.loads((folder / target / f"{build.name}.json").read_text())
            kernel = manifest["kernels"][0]
            kernels.append(
                {
                    **dataclasses.asdict(build),
                    "name": name,
                    "target": target,
                    "symbol": kernel["symbol"],
                    "image": f"{target}/{kernel['symbol']}",
                    "arguments": kernel["arguments"],
                    "launch": {field: int(kernel["launch"][field]) for field in LAUNCH},
                    "compile_seconds": seconds,
                }
            )
            print(f"{name}: {seconds:.2f} s")
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    index = {"commit": commit or "unknown", "kernels": kernels}
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    print(f"{len(kernels)} kernels in {folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--compiler", help="attn-compile; from PATH, or else from the build")
    parser.add_argument("--build", default=ROOT / "build", help="where the runtime was built")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--kernels", nargs="+", metavar="REGEX", help="only these, by name")
    parser.add_argument("--cubin", action="store_true", help="cubins too; needs ptxas")
    prepare(parser.parse_args())


if __name__ == "__main__":
    main()
