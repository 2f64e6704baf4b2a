"""Every pattern of patterns/, and random ones, as GPU kernels in the emulator, against the oracle.

Each launch checks every synchronisation of the kernel; seeds are interleavings of its warps and of
its asynchronous work. Device memory starts as NaN. The long run of the random patterns:
ATTN_RANDOM_CASES=2000 ./dev test gpu
"""

import os
import pathlib
import re

import numpy as np
import pytest

import attn_opt as ao
import oracle
import pattern_file
import tolerance
from oracle import Place
from random_patterns import RandomPattern
from test_random import random_place

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = pattern_file.library(ROOT)
NAMES = [file.path.stem for file in LIBRARY]
TARGETS = ("sm_80", "sm_90a")
HEAD_DIMS = (64, 96, 128, 192, 256)
ULP = {"float16": 2**-10, "bfloat16": 2**-7}

CASES = int(os.environ.get("ATTN_RANDOM_CASES", "20"))
FIRST = int(os.environ.get("ATTN_RANDOM_SEED", "0"))

# Around the tiles of 128 queries and 64, 80, 112 or 128 keys; empty rows; positions below zero.
SIZES = [
    (1, 1, None, 0),
    (5, 0, None, 0),
    (127, 129, None, 0),
    (131, 65, None, 0),
    (65, 300, 40, 7),
    (20, 150, -9, -13),
]


@pytest.fixture(autouse=True)
def emulator(monkeypatch):
    """Kernels of sm_80 run on the newer device too; more CTAs than items, and fewer."""
    monkeypatch.setenv("ATTN_EMULATOR_CAPABILITY", "90")


def to_bfloat16(array):
    """Rounded to nearest even, as f32."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    rounded = (bits + (((bits >> 16) & 1) + 0x7FFF)).astype(np.uint32) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(array), np.float32(np.nan), rounded.view(np.float32))


def to_float16(array):
    with np.errstate(over="ignore"):
        return np.asarray(array).astype(np.float16)


ROUND = {"float16": to_float16, "bfloat16": to_bfloat16}


def launch(kernel, inputs, where, dtype):
    """Output and lse of rounded inputs, as NumPy arrays in f32."""
    options = dict(where.positions, return_lse=True, driver="emulator")
    if dtype == "float16":
        output, lse = kernel(*inputs, **options)
        return output.astype(np.float32), lse
    torch = pytest.importorskip("torch")
    tensors = [torch.from_numpy(np.ascontiguousarray(x)).to(torch.bfloat16) for x in inputs]
    output, lse = kernel(*tensors, **options)
    return output.float().numpy(), lse.numpy()


def check(monkeypatch, pattern, target, where, dtype="float16", features=64, seeds=(1, 2), poison=()):
    """Compares with the oracle, and the bits of all seeds with each other."""
    kernel = ao.compile(pattern, dtype, features, target)
    inputs = oracle.random_inputs(where.sq * 7 + where.sk, 2, 1, where.sq, where.sk, features)
    inputs = [ROUND[dtype](x) for x in inputs]
    for index, columns, filler in poison:
        inputs[index][:, :, columns] = filler
    mask = pattern.mask(where.sq, where.sk, **where.positions)
    expected = oracle.attention(*inputs, mask)
    reference = tolerance.unfused(*inputs, mask, ROUND[dtype])
    first = None
    for seed in seeds:
        monkeypatch.setenv("ATTN_EMULATOR_SEED", str(seed))
        output, lse = launch(kernel, inputs, where, dtype)
        bits = output.tobytes() + lse.tobytes()
        if first is None:
            first = bits
            tolerance.check_half(where, output, lse, *expected, reference, ULP[dtype])
        assert bits == first, f"{where}: seed {seed} gives other bits"


def place(file, target, size):
    return Place(f"{file.path.stem}, {target}", *size)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_gpu_sizes(monkeypatch, file, target):
    pattern = ao.load(file.path)(**file.arguments)
    for size in SIZES:
        check(monkeypatch, pattern, target, place(file, target, size))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_gpu_interleavings(monkeypatch, file, target):
    """Twenty interleavings, the same bits: several items for a CTA, several tiles for an item."""
    pattern = ao.load(file.path)(**file.arguments)
    check(monkeypatch, pattern, target, place(file, target, (140, 270, None, 0)), seeds=range(1, 21))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_gpu_arguments(monkeypatch, file, target):
    """Nothing for every argument, and more than there are positions: one kernel for all."""
    count = len(file.arguments)
    for values in dict.fromkeys([(0,) * count, (500,) * count, tuple(range(20, 20 + count))]):
        pattern = ao.load(file.path)(**dict(zip(file.arguments, values)))
        check(monkeypatch, pattern, target, place(file, target, (130, 141, None, 0)), seeds=(3,))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_gpu_full_tiles(monkeypatch, file, target):
    """Windows of several tiles: partial ones at both ends, full ones between."""
    values = range(290, 290 + len(file.arguments))
    pattern = ao.load(file.path)(**dict(zip(file.arguments, values)))
    check(monkeypatch, pattern, target, place(file, target, (150, 730, 300, 0)), seeds=(4,))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("sk", [1, 58, 63, 64, 122, 127, 128, 250])
def test_gpu_without_a_pattern(monkeypatch, target, sk):
    """The last tile of keys: every column of a lane is the last one once, on either target."""
    pattern = ao.compile(None, "float16", 64, target).pattern
    where = Place(f"no pattern, {target}", 40, sk)
    check(monkeypatch, pattern, target, where, seeds=(1,))


# Each pattern has a head dim of its own, each head dim several patterns.
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("index", range(len(LIBRARY)), ids=NAMES)
def test_gpu_head_dims(monkeypatch, index, target):
    file = LIBRARY[index]
    pattern = ao.load(file.path)(**file.arguments)
    for step in (1, 3):
        features = HEAD_DIMS[(index + step) % len(HEAD_DIMS)]
        where = place(file, target, (129, 241, None, 0))
        check(monkeypatch, pattern, target, where, features=features, seeds=(1, 5))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_gpu_bfloat16(monkeypatch, file, target):
    pytest.importorskip("torch")
    pattern = ao.load(file.path)(**file.arguments)
    features = HEAD_DIMS[len(file.path.stem) % len(HEAD_DIMS)]
    where = place(file, target, (131, 200, None, 0))
    check(monkeypatch, pattern, target, where, "bfloat16", features)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("filler", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_gpu_poison_reaches_the_rows_that_see_it_and_no_other(monkeypatch, file, filler, target):
    pattern = ao.load(file.path)(**file.arguments)
    columns = np.arange(5, 150, 37)
    poison = [(1, columns, filler), (2, columns, filler)]
    where = place(file, target, (70, 150, None, 0))
    check(monkeypatch, pattern, target, where, seeds=(1,), poison=poison)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("scale", [0.0, -0.25, 3.0])
def test_gpu_scales(monkeypatch, target, scale):
    """A scale that is not positive takes the exact path for every row."""
    pattern = ao.load(LIBRARY[NAMES.index("sliding-window")].path)(w=9)
    kernel = ao.compile(pattern, "float16", 64, target)
    inputs = [to_float16(x) for x in oracle.random_inputs(11, 2, 1, 33, 90, 64)]
    output, lse = kernel(*inputs, scale=scale, return_lse=True, driver="emulator")
    expected = oracle.attention(*inputs, pattern.mask(33, 90), scale)
    assert np.abs(output - expected[0]).max() < 5e-3 * max(1.0, np.abs(expected[0]).max())
    assert np.abs(lse - expected[1]).max() < 1e-2


@pytest.mark.parametrize("target", TARGETS)
def test_gpu_million_tokens(monkeypatch, target):
    """A window at the end of a million tokens: the kernel of every other length, no list beside it,
    and no tile of keys but those that a short call with the same positions visits."""
    pattern = ao.load(LIBRARY[NAMES.index("sliding-window")].path)(w=300)
    kernel = ao.compile(pattern, "float16", 64, target)
    rows, million, short = 150, 1 << 20, 1024
    tail = [to_float16(x) for x in oracle.random_inputs(17, 2, 1, rows, short, 64)]
    options = {"offset": million - rows, "return_lse": True, "driver": "emulator"}
    expected = kernel(*tail, key_offset=million - short, **options)
    # What a kernel reads of the keys before would show.
    query, *near = tail
    keys = [np.full((1, 1, million, 64), np.nan, np.float16) for _ in near]
    for whole, part in zip(keys, near):
        whole[:, :, -short:] = part
    found = kernel(query, *keys, **options)
    for x, y in zip(found, expected):
        assert np.isfinite(x).all() and np.array_equal(x, y)
    # Maps of four tensors at most, the launch of fixed size and the pattern's argument.
    sizes = [int(size) for size in re.findall(r"\.param [^,)]*\[(\d+)\]", kernel.ptx)]
    assert sizes == {"sm_80": [], "sm_90a": 4 * [128]}[target] + [208 + 8 + 8], sizes


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES))
def test_gpu_random_pattern(monkeypatch, seed, target):
    random_pattern, where = RandomPattern(seed), random_place(seed)
    # Sizes of test_random are for tiles of 16: here three times as large.
    where = Place(f"seed {seed}, {target}", 3 * where.sq, 3 * where.sk, where.offset,
                  where.key_offset)
    pattern = ao.parse(random_pattern.text)(**random_pattern.arguments)
    try:
        check(monkeypatch, pattern, target, where, seeds=(seed + 1, seed + 2))
    except AssertionError as error:
        text = f"{error}\n{random_pattern.arguments}\n{random_pattern.text}"
        raise AssertionError(text) from None
