"""The timed rows: what is compared, how peers are called, and how time is taken."""

import ctypes
import dataclasses
import functools
import statistics
import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.functional import scaled_dot_product_attention

from checks import compare, formula, inputs, mask_of
from device import Call
from patterns import PATTERNS

# Of the predicate, when pairs are counted.
ROWS_AT_ONCE = 1024


@dataclasses.dataclass(frozen=True)
class Row:
    """What is timed, in bf16: `pattern` with its arguments, at some sizes."""

    pattern: str
    length: int
    features: int = 128
    arguments: dict = dataclasses.field(default_factory=dict)
    batch: int = 1
    heads: int = 64
    key_heads: int = 8
    queries: int = 0  # as many as keys

    def __str__(self):
        numbers = "".join(f" {name}={value}" for name, value in self.arguments.items())
        queries = f", Q {self.queries}" if self.queries else ""
        sizes = f"B {self.batch}, H {self.heads}/{self.key_heads}, S {self.length}{queries}"
        return f"{self.pattern}{numbers}, {sizes}, D {self.features}"


K = 1024
# In the order of what one would miss first: a run ends when its time is over.
ROWS = [
    Row("causal", 16 * K),
    Row("dense", 16 * K),
    Row("sliding-window", 32 * K, arguments={"w": 1023}),
    Row("causal", 8 * K),
    Row("dense", 8 * K),
    Row("sliding-window", 8 * K, arguments={"w": 1023}),
    Row("attention-sinks", 32 * K, arguments={"s": 4, "w": 1023}),
    Row("documents-4096", 32 * K),
    Row("longformer", 8 * K, arguments={"w": 256, "g": 64}),
    Row("dilated-4-causal", 8 * K, arguments={"w": 255}),
    Row("causal", 16 * K, 64),
    Row("dense", 16 * K, 64),
    Row("sliding-window", 8 * K, 64, {"w": 1023}, batch=2),
    Row("sliding-window", 32 * K, arguments={"w": 4095}),
    Row("sliding-window", 32 * K, arguments={"w": 127}),
    Row("symmetric-window", 8 * K, arguments={"w": 512}),
    Row("bigbird", 8 * K),
    Row("sparse-transformer-strided", 8 * K),
    Row("causal", 2 * K),
    Row("causal", 32 * K),
    Row("sliding-window", 128 * K, arguments={"w": 1023}, heads=4, key_heads=4),
    Row("dense", 32 * K, batch=8, queries=1),
]


class Measured:
    """One implementation of a row: a function per set of inputs, and what it cost to get there."""

    def __init__(self, functions, **costs):
        self.functions = functions
        self.costs = costs  # seconds
        self.samples = []  # of the event timer, seconds


def ours(device, kernel, entry, sets, row, costs):
    numbers = [row.arguments[name] for name in entry["arguments"]]
    calls = [Call(device, kernel, entry, tensors, numbers, with_lse=False) for tensors in sets]
    return Measured(calls, **costs)


def sdpa(backend, sets, row):
    """None where SDPA has no form for the mask but a dense one."""
    if row.pattern not in ("dense", "causal"):
        return None
    group = row.heads // row.key_heads

    def function(tensors, grouped):
        def call():
            with sdpa_kernel(backend):
                return scaled_dot_product_attention(
                    *tensors, is_causal=row.pattern == "causal", enable_gqa=grouped
                )

        return call

    try:
        function(sets[0], group > 1)()
        return Measured([function(tensors, group > 1) for tensors in sets])
    except RuntimeError:
        # Without grouped queries: the copies of the keys are made beforehand, not timed.
        wide = [(q, *(x.repeat_interleave(group, 1) for x in (k, v))) for q, k, v in sets]
        function(wide[0], False)()
        return Measured([function(tensors, False) for tensors in wide])


def flex(sets, row):
    sq, sk = row.queries or row.length, row.length
    sees = PATTERNS[row.pattern].sees

    def mask_mod(b, h, q, k):
        return sees(q + (sk - sq), k, sk, **row.arguments)

    torch._dynamo.reset()
    block_mask, mask_seconds = None, 0.0
    if row.pattern != "dense":
        make = torch.compile(create_block_mask)
        make(mask_mod, None, None, sq, sk, device="cuda")
        torch.cuda.synchronize()
        begin = time.perf_counter()
        block_mask = make(mask_mod, None, None, sq, sk, device="cuda")
        torch.cuda.synchronize()
        mask_seconds = time.perf_counter() - begin
    compiled = torch.compile(flex_attention, dynamic=False)
    group = row.heads // row.key_heads

    def function(tensors):
        return lambda: compiled(*tensors, block_mask=block_mask, enable_gqa=group > 1)

    begin = time.perf_counter()
    function(sets[0])()
    torch.cuda.synchronize()
    return Measured(
        [function(tensors) for tensors in sets],
        first_call=time.perf_counter() - begin,
        mask=mask_seconds,
    )


# From the sets of inputs and the row.
PEERS = {
    "cuDNN SDPA": functools.partial(sdpa, SDPBackend.CUDNN_ATTENTION),
    "flash SDPA": functools.partial(sdpa, SDPBackend.FLASH_ATTENTION),
    "flex": flex,
}


def graphs_of(functions):
    """Each function as a captured graph of one launch."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for function in functions:
            function()
    torch.cuda.current_stream().wait_stream(stream)
    graphs = []
    for function in functions:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            function()
        graphs.append(graph.replay)
    return graphs


def time_implementations(implementations, seconds):
    """A B C C B A over and over, each sample one launch between two events, the L2 cache flushed
    and another set of inputs each time."""
    flush = torch.empty(256 << 20, dtype=torch.int8, device="cuda")
    replays = {}
    for name, measured in implementations.items():
        try:
            replays[name] = graphs_of(measured.functions)
        except RuntimeError as error:
            print(f"  {name}: not captured, launched instead ({str(error).splitlines()[0]})")
            torch.cuda.synchronize()
            replays[name] = measured.functions
        for index in range(25):
            replays[name][index % len(replays[name])]()
    torch.cuda.synchronize()
    begin, count = time.perf_counter(), 0
    while count < 100 and (count < 20 or time.perf_counter() - begin < seconds):
        events = []
        for order in (list(replays), list(reversed(replays))):
            for name in order:
                flush.zero_()
                start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                start.record()
                replays[name][count % len(replays[name])]()
                end.record()
                events.append((name, start, end))
            count += 1
        torch.cuda.synchronize()
        for name, start, end in events:
            implementations[name].samples.append(1e-3 * start.elapsed_time(end))


def count_pairs(entry, row, tile, device):
    """Visible pairs of one head, and the tiles that hold any, from the predicate."""
    sq, sk, pairs, tiles = row.queries or row.length, row.length, 0, 0
    step = tile[0] * max(1, ROWS_AT_ONCE // tile[0])
    for begin in range(0, sq, step):
        end = min(sq, begin + step)
        mask = mask_of(entry, row.arguments, sq, sk, device, begin, end)
        pairs += mask.sum().item()
        padded = torch.nn.functional.pad(mask, (0, -sk % tile[1], 0, -(end - begin) % tile[0]))
        shape = (padded.shape[0] // tile[0], tile[0], padded.shape[1] // tile[1], tile[1])
        tiles += padded.view(shape).any(3).any(1).sum().item()
    return pairs, tiles


def check_rows(output, tensors, entry, row):
    """Some rows of a timed result against f64: the error as a share of the tolerance."""
    query, key, value = tensors
    sq, sk = query.shape[2], key.shape[2]
    picked = torch.linspace(0, sq - 1, min(sq, 17)).long()
    worst = 0.0
    for head in {0, row.heads - 1}:
        part = (
            query[:1, head : head + 1, picked],
            key[:1, head // (row.heads // row.key_heads)][:, None],
            value[:1, head // (row.heads // row.key_heads)][:, None],
        )
        masks = [
            mask_of(entry, row.arguments, sq, sk, query.device, int(i), int(i) + 1) for i in picked
        ]
        mask = torch.cat(masks)
        expected, lse = formula(*part, mask, torch.float64)
        worst = max(worst, compare(output[:1, head : head + 1, picked], lse, part, mask))
    return worst


def time_row(device, folder, entry, row, arguments):
    """Ours and the peers', each checked on the tensors that are timed; see README.md."""
    kernel, load_seconds = device.load(folder, entry)
    dtype = torch.bfloat16
    size = (row.batch, row.heads, row.key_heads, row.queries or row.length, row.length)
    sets = [inputs(dtype, *size, row.features, "cuda", seed) for seed in range(4)]
    costs = {"load": load_seconds, "compile": entry["compile_seconds"]}
    implementations = {"attn-opt": ours(device, kernel, entry, sets, row, costs)}
    notes = []
    for name in arguments.peers:
        try:
            measured = PEERS[name](sets, row)
        except Exception as error:  # a peer that fails has no column, and the run goes on
            notes.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0][:200]}")
            continue
        if measured:
            implementations[name] = measured
    for name in list(implementations):
        output = implementations[name].functions[0]()
        torch.cuda.synchronize()
        share = check_rows(output, sets[0], entry, row)
        if not share <= 1:
            notes.append(f"{name}: {share:.2f} of the tolerance: not timed")
            del implementations[name]
    time_implementations(implementations, arguments.seconds)

    return summary(entry, row, implementations, notes, sets[0])


def summary(entry, row, implementations, notes, tensors):
    """What is kept of a row."""
    tile = (entry["launch"]["query_tile"], entry["launch"]["key_tile"])
    pairs, tiles = count_pairs(entry, row, tile, tensors[0].device)
    heads = row.batch * row.heads
    result = {
        "row": str(row),
        **dataclasses.asdict(row),
        "visible_pairs": heads * pairs,
        "density": pairs / ((row.queries or row.length) * row.length),
        "flops": 4 * heads * pairs * row.features,
        "tile_flops": 4 * heads * tiles * tile[0] * tile[1] * row.features,
        "bytes": sum(t.numel() * t.element_size() for t in (*tensors, tensors[0])),
        "notes": notes,
        "implementations": {},
    }
    base = implementations.get("attn-opt")
    for name, measured in implementations.items():
        ordered = sorted(measured.samples)
        low, high = (ordered[int(share * (len(ordered) - 1))] for share in (0.1, 0.9))
        # Entry i of all samples was taken within one pass: what drifts moves both.
        ratios = [a / b for a, b in zip(measured.samples, base.samples)] if base else []
        result["implementations"][name] = {
            "median": statistics.median(ordered),
            "p10": low,
            "p90": high,
            "ratio": statistics.median(ratios) if ratios else None,
            **measured.costs,
            "samples": measured.samples,
        }
    print(f"{row}: " + ", ".join(describe(result)) + "".join(f"\n  {n}" for n in notes), flush=True)
    return result


def describe(result):
    for name, measured in result["implementations"].items():
        rate = 1e-12 * result["flops"] / measured["median"]
        yield f"{name} {1e3 * measured['median']:.3f} ms ({rate:.0f} TFLOP/s)"


def host_cost(device, folder, entry):
    """Seconds that a call of the runtime keeps the host; the part of ctypes is in it."""
    kernel, _ = device.load(folder, entry)
    tensors = inputs(torch.bfloat16, 1, 1, 1, 128, 128, entry["features"], "cuda")
    call = Call(device, kernel, entry, tensors, [], with_lse=False)
    launch, stream = device.library.attn_device_launch, device.stream()
    pointer = ctypes.byref(call.args)
    samples = []
    for _ in range(50):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(200):
            launch(kernel, pointer, stream)
        samples.append((time.perf_counter() - begin) / 200)
    torch.cuda.synchronize()
    return statistics.median(samples)
