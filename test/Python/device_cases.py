"""Inputs of GPU kernels, and what must come of them."""

import math

import numpy as np

TARGETS = ["sm_80", "sm_90a"]

# What rounding P and the output to 11 bits may do to averages of numbers like these.
TOLERANCE = 4e-3


def inputs(batch=2, heads=4, key_heads=2, sq=5, sk=7, features=64):
    generator = np.random.default_rng(0)
    shapes = [(batch, heads, sq, features), *[(batch, key_heads, sk, features)] * 2]
    return [generator.standard_normal(shape).astype(np.float16) for shape in shapes]


def dense(query, key, value, mask=True, scale=None):
    """The formula, in f64."""
    group = query.shape[1] // max(1, key.shape[1])
    key, value = (np.repeat(x.astype(np.float64), group, axis=1) for x in (key, value))
    scale = 1 / math.sqrt(query.shape[3]) if scale is None else scale
    scores = np.where(mask, scale * query.astype(np.float64) @ key.swapaxes(2, 3), -np.inf)
    with np.errstate(all="ignore"):
        lse = np.log(np.exp(scores).sum(axis=-1))
        weights = np.exp(scores - lse[..., None])
    return np.where(np.isnan(weights), 0, weights) @ value, lse


def close(found, expected):
    output, lse = found
    np.testing.assert_allclose(output.astype(np.float64), expected[0], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(lse, expected[1], rtol=0, atol=1e-3)
