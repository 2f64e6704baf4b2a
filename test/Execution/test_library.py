"""Every pattern of patterns/ as a kernel, against the oracle, at odd sizes and with poison."""

import itertools
import pathlib

import numpy as np
import pytest

import attn_opt as ao
import oracle
import pattern_file
import tolerance
from oracle import Place

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = pattern_file.library(ROOT)
NAMES = [file.path.stem for file in LIBRARY]

# Tiles are 16 keys and super-blocks of 64 queries, or multiples of them.
EDGES = (0, 1, 2, 13, 15, 16, 17, 63, 64, 65, 97, 131)
SQUARES = [(size, size, None, 0) for size in EDGES]
RECTANGLES = [
    (5, 0, None, 0),
    (0, 5, None, 0),
    (1, 65, None, 0),
    (17, 64, None, 0),
    (64, 131, None, 0),
    # More queries than keys: under a causal pattern the first rows are empty.
    (64, 17, None, 0),
    (131, 65, None, 0),
]
SHIFTED = [
    # Top-left alignment; a shard; positions below zero; every query after the keys, and before.
    (17, 65, 0, 0),
    (33, 40, 60, 50),
    (20, 30, -9, -13),
    (33, 33, 200, 0),
    (33, 33, -200, 0),
]
HEAD_DIMS = (8, 32, 64, 72, 96, 128, 256)


def arguments_of(file):
    """Those of the picture, none at all, and more than there are positions."""
    count = len(file.arguments)
    values = [
        tuple(file.arguments.values()),
        (0,) * count,
        (500,) * count,
        tuple(range(20, 20 + count)),
    ]
    return [dict(zip(file.arguments, v)) for v in dict.fromkeys(values)]


def run(monkeypatch, pattern, inputs, where, **options):
    """The kernel's output and lse, from memory that held NaN before."""

    def poisoned(shape, dtype):
        return np.full(shape, np.nan, dtype)

    monkeypatch.setattr(ao._attention, "_empty", poisoned)
    return ao.attention(*inputs, pattern, return_lse=True, **where.positions, **options)


def check(monkeypatch, file, arguments, size, features, seed=0):
    where = Place(f"{file.path.stem}{arguments}, features {features}", *size)
    pattern = ao.load(file.path)(**arguments)
    inputs = oracle.random_inputs(seed, 2, 1, where.sq, where.sk, features)
    mask = pattern.mask(where.sq, where.sk, **where.positions)
    output, lse = run(monkeypatch, pattern, inputs, where)
    tolerance.check(where, output, lse, *oracle.attention(*inputs, mask))


@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
@pytest.mark.parametrize(
    "sizes", [SQUARES, RECTANGLES, SHIFTED], ids=["square", "rectangle", "shifted"]
)
def test_sizes(monkeypatch, file, sizes):
    for seed, (size, arguments) in enumerate(itertools.product(sizes, arguments_of(file))):
        check(monkeypatch, file, arguments, size, 64, seed)


# Each pattern has two head dims, and each head dim several patterns.
@pytest.mark.parametrize("index", range(len(LIBRARY)), ids=NAMES)
def test_head_dims(monkeypatch, index):
    for step in (0, 3):
        features = HEAD_DIMS[(2 * index + step) % len(HEAD_DIMS)]
        for size in [(1, 1, None, 0), (65, 65, None, 0), (17, 131, None, 0)]:
            check(monkeypatch, LIBRARY[index], LIBRARY[index].arguments, size, features)


def processor_has(*flags):
    info = pathlib.Path("/proc/cpuinfo")
    return info.exists() and set(flags) <= set(info.read_text().split())


@pytest.mark.skipif(not processor_has("avx2", "fma"), reason="this machine has no AVX2")
@pytest.mark.parametrize("name", ["causal", "dilated-window", "longformer"])
def test_avx2(monkeypatch, name):
    """Kernels of the narrower instruction set, also on a machine whose own is wider."""
    monkeypatch.setattr(ao._pattern, "_target", b"x86-64-v3")
    file = LIBRARY[NAMES.index(name)]
    for seed, size in enumerate([*SQUARES, *RECTANGLES, *SHIFTED]):
        check(monkeypatch, file, file.arguments, size, 64, seed)


def poison(inputs, columns, key_filler, value_filler):
    query, key, value = (array.copy() for array in inputs)
    key[:, :, columns] = key_filler
    value[:, :, columns] = value_filler
    return query, key, value


@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
@pytest.mark.parametrize("filler", [np.nan, np.inf, -np.inf])
def test_poison_reaches_the_rows_that_see_it_and_no_other(monkeypatch, file, filler):
    where = Place(f"{file.path.stem}, keys and values of {filler}", 70, 150)
    pattern = ao.load(file.path)(**file.arguments)
    inputs = oracle.random_inputs(1, 2, 2, where.sq, where.sk, 64)
    mask = pattern.mask(where.sq, where.sk)
    # A column of every tile, seen by many rows or by none.
    for first in (0, 5, 77):
        columns = np.arange(first, where.sk, 37 if first else 16)
        poisoned = poison(inputs, columns, filler, filler)
        output, lse = run(monkeypatch, pattern, poisoned, where)
        tolerance.check(where, output, lse, *oracle.attention(*poisoned, mask))
        clean = ~mask[:, columns].any(axis=1)
        assert np.isfinite(output[:, :, clean & mask.any(axis=1)]).all(), where


@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_poison_that_nobody_sees(monkeypatch, file):
    """Keys before and after everything that the rows see, and a query row that is NaN."""
    where = Place(f"{file.path.stem}, unseen poison", 40, 150, 64, 0)
    pattern = ao.load(file.path)(**file.arguments)
    inputs = oracle.random_inputs(2, 1, 1, where.sq, where.sk, 64)
    mask = pattern.mask(where.sq, where.sk, **where.positions)
    columns = np.flatnonzero(~mask.any(axis=0))
    poisoned = poison(inputs, columns, np.nan, np.inf)
    poisoned[0][:, :, 7] = np.nan
    output, lse = run(monkeypatch, pattern, poisoned, where)
    tolerance.check(where, output, lse, *oracle.attention(*poisoned, mask))
    others = np.arange(where.sq) != 7
    assert np.isfinite(output[:, :, others]).all(), where


@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_one_poisoned_feature_of_a_value_stays_one_feature(monkeypatch, file):
    where = Place(f"{file.path.stem}, one value of NaN", 65, 65)
    pattern = ao.load(file.path)(**file.arguments)
    inputs = oracle.random_inputs(3, 1, 1, where.sq, where.sk, 64)
    inputs[2][0, 0, 20, 11] = np.nan
    mask = pattern.mask(where.sq, where.sk)
    output, lse = run(monkeypatch, pattern, inputs, where)
    tolerance.check(where, output, lse, *oracle.attention(*inputs, mask))
    assert np.array_equal(np.isnan(output[0, 0, :, 11]), mask[:, 20]), where
    assert np.isnan(output).sum() == mask[:, 20].sum(), where


@pytest.mark.parametrize("file", LIBRARY, ids=NAMES)
def test_the_number_of_threads_changes_no_bit(file):
    pattern = ao.load(file.path)(**file.arguments)
    inputs = oracle.random_inputs(4, 6, 2, 131, 200, 64, batch=2)
    results = []
    try:
        for threads in (1, 2, 4, 1):
            ao.set_num_threads(threads)
            results.append(ao.attention(*inputs, pattern, return_lse=True))
    finally:
        ao.set_num_threads(0)
    for output, lse in results[1:]:
        assert output.tobytes() == results[0][0].tobytes()
        assert lse.tobytes() == results[0][1].tobytes()


def test_extreme_scores(monkeypatch):
    """Scores of +-500: exp overflows unless the maximum is taken off, and most weights vanish."""
    file = LIBRARY[NAMES.index("causal")]
    where = Place("causal, scores of hundreds", 97, 97)
    pattern = ao.load(file.path)
    inputs = oracle.random_inputs(5, 1, 1, 97, 97, 64)
    inputs[0] *= 20
    inputs[1] *= 4
    mask = pattern.mask(97, 97)
    output, lse = run(monkeypatch, pattern, inputs, where)
    expected_output, expected_lse = oracle.attention(*inputs, mask)
    assert np.abs(expected_lse).max() > 200
    # f32 scores of hundreds are exact to 1e-5 of themselves; the tolerance is that of the scores.
    assert np.abs(output - expected_output).max() < 1e-3
    assert np.abs(lse - expected_lse).max() < 1e-3
