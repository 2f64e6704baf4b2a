"""Times implementations fairly: in one process, interleaved, beside the machine's own peak."""

import ctypes
import dataclasses
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time


@dataclasses.dataclass
class Times:
    """Seconds of each call in order; entry i of all names was taken within one pass."""

    samples: dict
    peak: float | None

    def median(self, name):
        return statistics.median(self.samples[name])

    def ratio(self, name, base):
        """Median of the ratios of neighbours: what drifts on the machine moves both."""
        pairs = zip(self.samples[name], self.samples[base], strict=True)
        return statistics.median(a / b for a, b in pairs)


class Peak:
    """The FMA probe, compiled on the spot; without a C compiler there is none."""

    def __init__(self):
        compiler = shutil.which("cc")
        self._function = None
        if not compiler:
            return
        with tempfile.TemporaryDirectory() as folder:
            library = pathlib.Path(folder) / "peak.so"
            source = pathlib.Path(__file__).with_name("peak.c")
            flags = ["-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC"]
            subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True)
            self._function = ctypes.CDLL(str(library)).fma_peak
        self._function.restype = ctypes.c_double
        self._function.argtypes = [ctypes.c_long]

    def gflops(self):
        return self._function(60_000) if self._function else None


def interleave(calls, seconds, peak):
    """Times `calls`, a dict of functions, in the order A B C C B A over and over.

    A call shorter than 200 us is repeated within a sample. At least three passes there and back.
    """
    repeats = {}
    for name, call in calls.items():
        call()
        begin = time.perf_counter()
        call()
        once = time.perf_counter() - begin
        repeats[name] = max(1, int(200e-6 / max(once, 1e-7)))
    samples, probes = {name: [] for name in calls}, []
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or len(next(iter(samples.values()))) < 6:
        for order in (list(calls), list(reversed(calls))):
            for name in order:
                call, count = calls[name], repeats[name]
                begin = time.perf_counter()
                for _ in range(count):
                    call()
                samples[name].append((time.perf_counter() - begin) / count)
            probes.append(peak.gflops())
    known = sorted(probe for probe in probes if probe)
    return Times(samples, known[int(0.95 * (len(known) - 1))] if known else None)


def extra_memory(call):
    """How far a call raises this process's resident memory above where it was, in bytes."""

    def status(field):
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise OSError(f"/proc/self/status has no {field}")

    # 5 resets the peak to what is resident now.
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    result = call()
    peak = status("VmHWM")
    del result
    return max(0, peak - before)
