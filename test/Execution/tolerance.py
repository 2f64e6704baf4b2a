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
