"""Dense attention in f64 over a mask: the formula, for the tests that run kernels from Python.

The C++ oracle (lib/Reference) has tests of its own, and attn-run compares kernels with it.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Place:
    """A problem's name in messages, its sizes, and where its rows are."""

    name: str
    sq: int
    sk: int
    offset: int | None = None
    key_offset: int = 0

    @property
    def positions(self):
        return {"offset": self.offset, "key_offset": self.key_offset}

    def __str__(self):
        return f"{self.name} at {self.sq} x {self.sk}, offsets {self.offset}, {self.key_offset}"


def attention(query, key, value, mask, scale=None):
    """[b, h, sq, d], [b, g, sk, d], [b, g, sk, d], bool [sq, sk] -> output and lse in f64.

    Sums run over visible pairs only: what is invisible is never read, whatever it holds.
    """
    batch, heads, sq, features = query.shape
    group = heads // max(1, key.shape[1])
    scale = np.float64(np.float32(features**-0.5 if scale is None else scale))
    output, lse = np.zeros(query.shape), np.full((batch, heads, sq), -np.inf)
    with np.errstate(invalid="ignore", over="ignore"):
        for b, h in np.ndindex(batch, heads):
            keys, values = (x[b, h // group].astype(np.float64) for x in (key, value))
            for row in np.flatnonzero(mask.any(axis=1)):
                seen = mask[row]
                scores = scale * (keys[seen] * query[b, h, row].astype(np.float64)).sum(axis=1)
                weights = np.exp(scores - scores.max())
                output[b, h, row] = (weights[:, None] * values[seen]).sum(axis=0) / weights.sum()
                lse[b, h, row] = scores.max() + np.log(weights.sum())
    return output, lse


def random_inputs(seed, heads, key_heads, sq, sk, features, batch=1):
    """Query, key and value with standard normal elements, a function of the seed."""
    generator = np.random.default_rng(seed)
    shapes = ((heads, sq), (key_heads, sk), (key_heads, sk))
    return [
        generator.standard_normal((batch, *shape, features), dtype=np.float32) for shape in shapes
    ]
