"""Inputs of GPU kernels, and what must come of them."""

import numpy as np

TARGETS = ["sm_80", "sm_90a"]

# What rounding P and the output to 11 bits may do to averages of numbers like these.
TOLERANCE = 4e-3


def inputs(batch=2, heads=4, key_heads=2, sq=5, sk=7, features=64):
    generator = np.random.default_rng(0)
    shapes = [(batch, heads, sq, features), *[(batch, key_heads, sk, features)] * 2]
    return [generator.standard_normal(shape).astype(np.float16) for shape in shapes]


def close(found, expected):
    output, lse = found
    np.testing.assert_allclose(output.astype(np.float64), expected[0], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(lse, expected[1], rtol=0, atol=1e-3)
