"""How far a kernel may be from the oracle: the one table of tolerances, and what was reached."""

import math

import numpy as np

# dtype: output, relative to the largest output and to the square root of the keys; lse, relative
# to 1 + |lse|.
TOLERANCE = {"float32": (4e-6, 4e-6)}

# The largest error so far as a share of what is allowed, and where.
largest = {}


def check(where, output, lse, expected_output, expected_lse):
    """Compares with the oracle's result: NaN and infinities in the same places, the rest close."""
    output_factor, lse_factor = TOLERANCE[output.dtype.name]
    keys = max(1, where.sk)
    finite = expected_output[np.isfinite(expected_output)]
    scale = np.abs(finite).max(initial=0.0)
    _compare("output", where, output, expected_output, output_factor * math.sqrt(keys) * scale)
    _compare("lse", where, lse, expected_lse, lse_factor * (1 + np.abs(expected_lse)))


def unfused(query, key, value, mask, dtype):
    """What attention step by step in a 16-bit dtype gives: each result is rounded to it.

    `dtype` rounds an array: np.float16, or a function of one. Returns the output in f64.
    """
    group = query.shape[1] // max(1, key.shape[1])
    key, value = (np.repeat(x, group, axis=1).astype(np.float32) for x in (key, value))
    scale = np.float32(query.shape[3] ** -0.5)
    with np.errstate(all="ignore"):
        scores = dtype(query.astype(np.float32) @ key.swapaxes(2, 3)).astype(np.float32)
        scores = np.where(mask, dtype(scores * scale).astype(np.float32), -np.inf)
        top = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        weights = np.exp(scores - np.where(np.isfinite(top), top, 0))
        total = weights.sum(axis=-1, keepdims=True)
        weights = dtype(weights / np.where(total == 0, 1, total)).astype(np.float32)
        return dtype(weights @ value).astype(np.float64)


def check_half(where, output, lse, expected_output, expected_lse, reference, ulp):
    """The rule for 16-bit kernels: at most twice the error of the unfused computation in the same
    dtype, and 2 ulp of the largest output in any case; lse within 1e-3. `ulp` is that of 1.
    """
    finite = np.isfinite(expected_output)
    largest_output = np.abs(expected_output[finite]).max(initial=0.0)
    errors = np.abs(reference - expected_output)[finite & np.isfinite(reference)]
    allowed = max(2 * errors.max(initial=0.0), 2 * ulp * largest_output)
    _compare("16-bit output", where, output, expected_output, allowed)
    _compare("16-bit lse", where, lse, expected_lse, 1e-3)


def _compare(name, where, found, expected, allowed):
    assert found.shape == expected.shape, where
    special = ~np.isfinite(expected)
    wrong = special & ~((found == expected) | (np.isnan(found) & np.isnan(expected)))
    wrong |= ~special & ~np.isfinite(found)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{where}: {name} at {place}: expected {expected[place]}, found {found[place]}; "
            f"{wrong.sum()} such elements"
        )
    with np.errstate(invalid="ignore"):
        error = np.where(special, 0.0, np.abs(found.astype(np.float64) - expected))
        share = np.where(error == 0.0, 0.0, error / np.maximum(allowed, 1e-300))
    share[special] = 0.0
    worst = float(share.max(initial=0.0))
    if worst > largest.get(name, (0.0, None))[0]:
        largest[name] = (worst, where)
    assert worst <= 1.0, (
        f"{where}: {name} differs by {error.max():.3g}, {worst:.2f} of what is allowed"
    )
