"""The two oracles against each other: the formula in NumPy, and lib/Reference through the C API."""

import numpy as np
import pytest

import attn_opt as ao
import oracle
from attn_opt import _library
from oracle import Place
from random_patterns import RandomPattern


def reference(pattern, inputs, where):
    """lib/Reference on contiguous inputs: output and lse in f64."""
    (batch, heads, sq, features), key_heads, sk = inputs[0].shape, *inputs[1].shape[1:3]
    end = where.key_offset + sk
    output, lse = np.full(inputs[0].shape, np.nan), np.full((batch, heads, sq), np.nan)
    tensors = []
    for array in inputs:
        tensors += [array.ctypes.data, *(stride // 4 for stride in array.strides[:3])]
    packed = _library.ARGS.pack(
        _library.ARGS.size,
        *(batch, heads, key_heads, sq, sk, features),
        *tensors,
        *[0] * 8,
        *(end - sq if where.offset is None else where.offset, where.key_offset, end),
        *(pattern._address, len(pattern._storage)),
        features**-0.5,
    )
    _library.check(
        _library.library().attn_reference(
            *pattern._handle, packed, output.ctypes.data, lse.ctypes.data
        )
    )
    return output, lse


@pytest.mark.parametrize("seed", range(20))
def test_the_oracles_agree(seed):
    random_pattern = RandomPattern(seed)
    pattern = ao.parse(random_pattern.text)(**random_pattern.arguments)
    where = Place(f"seed {seed}", 23, 31, *((None, 0), (7, -5))[seed % 2])
    inputs = oracle.random_inputs(seed, 4, 2, where.sq, where.sk, 16, batch=2)
    # Poison for the rows that see it.
    inputs[2][:, :, 3 * seed % where.sk] = np.inf
    mask = pattern.mask(where.sq, where.sk, **where.positions)
    output, lse = reference(pattern, inputs, where)
    expected_output, expected_lse = oracle.attention(*inputs, mask)
    np.testing.assert_allclose(output, expected_output, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(lse, expected_lse, rtol=1e-12, atol=1e-13)
