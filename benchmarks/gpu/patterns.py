"""The patterns of the kernels: a spec, and its meaning written a second time, on tensors."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pattern:
    """`sees(q, k, n, **arguments)` is the predicate, `n` the end of the key positions. `small` is
    what the checks pass for the arguments. A pattern without `text` is a file in patterns/."""

    sees: object
    small: dict = dataclasses.field(default_factory=dict)
    text: str = ""


def _near(q, k, before, after=0):
    return (q - before <= k) & (k <= q + after)


def _block(x, size):
    return x.div(size, rounding_mode="floor")


def _bigbird(q, k, n):
    bq, bk, last = _block(q, 64), _block(k, 64), (n - 1) // 64
    return (abs(bq - bk) <= 1) | (bk == 0) | (bq == 0) | (bk == last) | (bq == last)


PATTERNS = {
    "attention-sinks": Pattern(
        lambda q, k, n, s, w: _near(q, k, w) | ((k <= q) & (k >= 0) & (k < s)), {"s": 4, "w": 37}
    ),
    "bigbird": Pattern(_bigbird),
    "block-local": Pattern(lambda q, k, n: _block(q, 64) == _block(k, 64)),
    "causal": Pattern(lambda q, k, n: k <= q),
    "chunked-causal": Pattern(lambda q, k, n: (k <= q) & (_block(q, 128) == _block(k, 128))),
    "dense": Pattern(lambda q, k, n: (k == k) & (q == q)),
    "dilated-window": Pattern(
        lambda q, k, n, w: _near(q, k, 2 * w, 2 * w) & ((q - k) % 2 == 0), {"w": 19}
    ),
    "longformer": Pattern(
        lambda q, k, n, w, g: _near(q, k, w, w) | ((k >= 0) & (k < g)) | ((q >= 0) & (q < g)),
        {"w": 21, "g": 3},
    ),
    "prefix-lm": Pattern(lambda q, k, n, p: (k <= q) | (k < p), {"p": 45}),
    "sliding-window": Pattern(lambda q, k, n, w: _near(q, k, w), {"w": 50}),
    "sparse-transformer-fixed": Pattern(
        lambda q, k, n: (k <= q) & ((_block(q, 64) == _block(k, 64)) | (k % 64 >= 56))
    ),
    "sparse-transformer-strided": Pattern(
        lambda q, k, n: (k <= q) & (_near(q, k, 63) | ((q - k) % 64 == 0))
    ),
    "symmetric-window": Pattern(lambda q, k, n, w: _near(q, k, w, w), {"w": 33}),
    # What only the timed rows need.
    "documents-4096": Pattern(
        lambda q, k, n: (k <= q) & (_block(q, 4096) == _block(k, 4096)),
        text="attn.pattern @documents { %m = attn.chunk 4096  attn.yield %m }",
    ),
    "dilated-4-causal": Pattern(
        lambda q, k, n, w: _near(q, k, 4 * w) & ((q - k) % 4 == 0),
        {"w": 9},
        "attn.pattern @dilated(%w: index) "
        "{ %m = attn.window before %w after 0 dilation 4  attn.yield %m }",
    ),
}


@dataclasses.dataclass(frozen=True)
class Build:
    """A kernel to be compiled."""

    pattern: str
    dtype: str
    features: int

    @property
    def name(self):
        return f"{self.pattern}_{self.dtype}_d{self.features}"


BUILDS = [
    *(Build(name, "bf16", features) for name in PATTERNS for features in (128, 64)),
    *(
        Build(name, dtype, features)
        for name in ("causal", "longformer")
        for dtype in ("bf16", "f16")
        for features in (64, 96, 128, 192, 256)
        if (dtype, features) not in (("bf16", 128), ("bf16", 64))
    ),
]
