"""Random patterns from text to result: mask, count, schedule and kernel. ATTN_RANDOM_CASES says
how many, ATTN_RANDOM_SEED where to start.
"""

import os
import random

import numpy as np
import pytest

import attn_opt as ao
import oracle
import tolerance
from oracle import Place
from random_patterns import RandomPattern

CASES = int(os.environ.get("ATTN_RANDOM_CASES", "40"))
FIRST = int(os.environ.get("ATTN_RANDOM_SEED", "0"))


def random_place(seed):
    choose = random.Random(seed)
    sq, sk = choose.randint(0, 80), choose.randint(0, 80)
    if choose.random() < 0.5:
        return Place(f"seed {seed}", sq, sk)
    key_offset = choose.randint(-30, 30)
    return Place(f"seed {seed}", sq, sk, choose.randint(-40, 60), key_offset)


def check_tiles(text, tiles, mask, tile):
    for row, column in np.ndindex(*tiles.shape):
        part = mask[row * tile[0] :, column * tile[1] :][: tile[0], : tile[1]]
        if tiles[row, column] == 0:
            assert not part.any(), f"{text}\ntile ({row}, {column}) is skipped"
        if tiles[row, column] == 2:
            assert part.all() and part.shape[1] == tile[1], (
                f"{text}\ntile ({row}, {column}) is full"
            )


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES))
def test_random_pattern(seed):
    random_pattern, where = RandomPattern(seed), random_place(seed)
    text = f"{where}, {random_pattern.arguments}\n{random_pattern.text}"
    pattern = ao.parse(random_pattern.text)(**random_pattern.arguments)

    end = where.key_offset + where.sk
    first = end - where.sq if where.offset is None else where.offset
    mask = np.array(
        [
            [random_pattern.sees(q, k, end) for k in range(where.key_offset, end)]
            for q in range(first, first + where.sq)
        ],
        bool,
    ).reshape(where.sq, where.sk)
    assert np.array_equal(pattern.mask(where.sq, where.sk, **where.positions), mask), text
    assert pattern.count(where.sq, where.sk, **where.positions) == mask.sum(), text
    for tile in ((16, 16), (8, 24)):
        check_tiles(text, pattern.tiles(where.sq, where.sk, tile, **where.positions), mask, tile)

    inputs = oracle.random_inputs(seed, 2, 1, where.sq, where.sk, (8, 64)[seed % 2])
    if where.sk:
        # A key and a value that some rows see and others do not.
        inputs[1][:, :, seed % where.sk] = np.nan
        inputs[2][:, :, (3 * seed + 1) % where.sk] = np.inf
    output, lse = ao.attention(*inputs, pattern, return_lse=True, **where.positions)
    try:
        tolerance.check(where, output, lse, *oracle.attention(*inputs, mask))
    except AssertionError as error:
        raise AssertionError(f"{error}\n{text}") from None
