"""Checks the GPU kernels beside this file and times them beside their peers; see README.md.

run.py                              on a GPU, where torch is, and nothing else of this project
run.py --driver emulator --tiny     anywhere: the checks alone, on small sizes
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import platform
import re
import subprocess
import sys
import time

import torch

from checks import SIZES, check_kernel
from device import Device
from report import save
from rows import PEERS, ROWS, host_cost, time_row

HERE = pathlib.Path(__file__).resolve().parent


def machine_of(device):
    facts = {
        "date": datetime.date.today().isoformat(),
        "driver": "emulator",
        "gpu": "emulated",
        "capability": device.capability,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "command": " ".join(["run.py", *sys.argv[1:]]),
    }
    if device.is_real:
        properties = torch.cuda.get_device_properties(0)
        facts["gpu"] = properties.name
        facts["processors"] = properties.multi_processor_count
        facts["versions"]["cuda"] = torch.version.cuda
        facts["versions"]["cudnn"] = torch.backends.cudnn.version()
        with contextlib.suppress(ImportError):
            import triton

            facts["versions"]["triton"] = triton.__version__
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20)
            facts["driver"] = done.stdout.splitlines()[0].strip()
    return facts


def run(arguments):
    """Checks, then times; what is measured is written after every row."""
    start = time.perf_counter()
    folder = pathlib.Path(arguments.folder).resolve()
    index = json.loads((folder / "index.json").read_text())
    device = Device(folder, arguments.driver)
    targets = arguments.targets or ["sm_90a" if device.capability == 90 else "sm_80"]
    names = arguments.kernels or [".*"]
    kernels = [
        entry
        for entry in index["kernels"]
        if entry["target"] in targets and any(re.fullmatch(n, entry["name"]) for n in names)
    ]
    if not kernels:
        sys.exit(f"expected kernels for {', '.join(targets)} in {folder}, found none")
    dtypes = {"f16": torch.float16, "bf16": torch.bfloat16}
    sizes = SIZES["tiny" if arguments.tiny else "real"]
    document = {**machine_of(device), "commit": index["commit"], "targets": targets}
    print(f"{document['gpu']}, driver {document['driver']}, {document['versions']}", flush=True)
    document["checks"] = [
        check_kernel(device, folder, entry, sizes, dtypes[entry["dtype"]]) for entry in kernels
    ]
    failures = [check["kernel"] for check in document["checks"] if check["wrong"]]
    document["rows"], document["left_out"] = [], []
    if device.is_real and not arguments.check_only:
        wanted = {
            (entry["pattern"], entry["features"]): entry
            for entry in kernels
            if entry["dtype"] == "bf16" and entry["target"] == targets[-1]
        }
        for row in ROWS:
            entry = wanted.get((row.pattern, row.features))
            if entry is None or time.perf_counter() - start > 60 * arguments.minutes:
                document["left_out"].append(str(row))
                continue
            try:
                document["rows"].append(time_row(device, folder, entry, row, arguments))
            except Exception as error:  # the others are still worth having
                document["left_out"].append(f"{row}: {type(error).__name__}: {error}")
                print(document["left_out"][-1], flush=True)
            torch.cuda.empty_cache()
            save(document, arguments.results)
        if ("causal", 64) in wanted:
            document["host_seconds"] = host_cost(device, folder, wanted["causal", 64])
    document["seconds"] = time.perf_counter() - start
    print(save(document, arguments.results).read_text())
    if failures:
        sys.exit(f"wrong results: {', '.join(failures)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", default=HERE, help="the kernels; that of this file")
    parser.add_argument("--driver", default="cuda", help="cuda, emulator, or a path")
    parser.add_argument("--targets", nargs="+", help="sm_80, sm_90a; that of the GPU")
    parser.add_argument("--kernels", nargs="+", metavar="REGEX", help="only these, by name")
    parser.add_argument("--tiny", action="store_true", help="check on small sizes only")
    parser.add_argument("--check-only", action="store_true", help="time nothing")
    parser.add_argument("--minutes", type=float, default=8, help="no row begins after that")
    parser.add_argument("--seconds", type=float, default=8, help="per row, beyond 20 samples")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--results", default=HERE / "results")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
