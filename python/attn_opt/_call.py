"""From arrays to the C structure of a call: what the CPU's and the GPU's half have in common."""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._library import ARGS
from ._pattern import Pattern

# Address, shape and strides in elements.
View = tuple[int, tuple[int, ...], tuple[int, ...]]

_LARGEST = float(np.finfo(np.float32).max)


class Kind(NamedTuple):
    """How arrays of one kind are looked at, and how results of that kind are made."""

    view: Callable[[Any, str], View]
    # From `query` and a shape: an array and its address.
    output: Callable[[Any, tuple[int, ...]], tuple[Any, int]]
    lse: Callable[[Any, tuple[int, ...]], tuple[Any, int]]


def call_arguments(
    kind: Kind,
    query: Any,
    key: Any,
    value: Any,
    pattern: Pattern,
    scale: float | None,
    offset: int | None,
    key_offset: int,
    layout: str,
    return_lse: bool,
) -> tuple[bytes, tuple[Any, Any], int, bool]:
    """AttnArgs packed, the results that the call writes, the features, and whether there is no
    row to compute. `pattern` is bound.
    """
    view, allocate_output, allocate_lse = kind
    query_data, query_shape, query_strides = view(query, "query")
    key_data, key_shape, key_strides = view(key, "key")
    value_data, value_shape, value_strides = view(value, "value")

    if layout == "bhsd":
        batch, heads, sq, features = query_shape
        _, key_heads, sk, _ = key_shape
        query_batch, query_head, query_row, _ = query_strides
        key_batch, key_head, key_row, _ = key_strides
        value_batch, value_head, value_row, _ = value_strides
        output_head, output_row = sq * features, features
    elif layout == "bshd":
        batch, sq, heads, features = query_shape
        _, sk, key_heads, _ = key_shape
        query_batch, query_row, query_head, _ = query_strides
        key_batch, key_row, key_head, _ = key_strides
        value_batch, value_row, value_head, _ = value_strides
        output_head, output_row = features, heads * features
    else:
        raise ValueError(f"'layout' expected 'bhsd' or 'bshd', found {layout!r}")

    if (
        key_shape != value_shape
        or key_shape[0] != batch
        or key_shape[3] != features
        or features % 8
        or not features
        or (heads % key_heads if key_heads else heads)
    ):
        _raise_shapes(query_shape, key_shape, value_shape, layout)

    output, output_data = allocate_output(query, query_shape)
    lse, lse_data = allocate_lse(query, (batch, heads, sq)) if return_lse else (None, 0)

    try:
        if offset is None:
            offset = key_offset + sk - sq
        if scale is None:
            scale = 1 / math.sqrt(features)
        elif not -_LARGEST <= scale <= _LARGEST:
            raise ValueError(f"'scale' expected a finite f32 number, found {scale}")
        packed = ARGS.pack(
            ARGS.size,
            *(batch, heads, key_heads, sq, sk, features),
            *(query_data, query_batch, query_head, query_row),
            *(key_data, key_batch, key_head, key_row),
            *(value_data, value_batch, value_head, value_row),
            *(output_data, heads * sq * features, output_head, output_row),
            *(lse_data, heads * sq, sq, 1),
            *(offset, key_offset, key_offset + sk),
            *(pattern._address, len(pattern._storage)),
            scale,
        )
    except (struct.error, TypeError):
        _raise_numbers(scale, offset, key_offset)
        raise

    return packed, (output, lse), features, not (batch and heads and sq)


def kind_message(array: Any, name: str, required: str) -> str:
    kind = type(array)
    return f"'{name}' expected {required}, found {kind.__module__}.{kind.__qualname__}"


def gradient_message(name: str) -> str:
    return (
        f"'{name}' expected no gradient, found requires_grad=True: the backward pass is not "
        "built; call under torch.no_grad(), or pass the tensor's detach()"
    )


def check_strides(
    name: str, shape: tuple[int, ...], strides: tuple[int, ...], remedy: str
) -> tuple[int, ...]:
    """Strides that can be used; a dimension of one element, or none, has no stride."""
    strides = tuple(s if n > 1 else 0 for n, s in zip(shape, strides))
    if 0 not in shape and (min(strides) < 0 or (shape[3] > 1 and strides[3] != 1)):
        raise ValueError(
            f"'{name}' expected strides >= 0, and 1 for the features, found {strides} elements; "
            f"copies are left to the caller: {remedy}"
        )
    return tuple(max(s, 0) for s in strides)


def _raise_shapes(
    query: tuple[int, ...], key: tuple[int, ...], value: tuple[int, ...], layout: str
) -> None:
    heads = layout.index("h")
    found = f"found 'query' {tuple(query)}, 'key' {tuple(key)}, 'value' {tuple(value)}"
    if tuple(key) != tuple(value):
        raise ValueError(f"attention expected 'key' and 'value' of one shape, {found}")
    if query[0] != key[0]:
        raise ValueError(f"attention expected 'query' and 'key' of one batch size, {found}")
    if query[3] != key[3]:
        raise ValueError(f"attention expected 'query' and 'key' of one number of features, {found}")
    if query[3] % 8 or not query[3]:
        raise ValueError(f"attention expected a multiple of 8 features, found {query[3]}")
    raise ValueError(
        f"attention expected query heads a multiple of key heads, found {query[heads]} and "
        f"{key[heads]} with layout '{layout}'"
    )


def _raise_numbers(scale: Any, offset: Any, key_offset: Any) -> None:
    """Raises what says which number did not fit into the call."""
    for name, number in (("key_offset", key_offset), ("offset", offset)):
        try:
            position = operator.index(number)
        except TypeError:
            kind = type(number).__name__
            raise TypeError(f"'{name}' expected an integer, found {kind}") from None
        if abs(position) > 1 << 30:
            raise ValueError(f"'{name}' expected a position within +-2^30, found {position}")
    if not isinstance(scale, (int, float)):
        raise TypeError(f"'scale' expected a number, found {type(scale).__name__}")
