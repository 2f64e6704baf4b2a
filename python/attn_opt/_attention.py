"""The call: from arrays to the kernel and back, in a few microseconds."""

from __future__ import annotations

import functools
import math
import operator
import struct
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy as np

from . import _library
from ._library import ARGS, library
from ._pattern import Pattern, parse

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", "np.ndarray[Any, Any]", "torch.Tensor")

# Address, shape and strides in elements.
_View = tuple[int, tuple[int, ...], tuple[int, ...]]

_FLOAT32 = np.dtype(np.float32)

_LARGEST = float(np.finfo(np.float32).max)

# Where results come from; the tests fill them with NaN.
_empty = np.empty


@overload
def attention(
    query: Array,
    key: Array,
    value: Array,
    pattern: Pattern | None = ...,
    scale: float | None = ...,
    offset: int | None = ...,
    key_offset: int = ...,
    layout: str = ...,
    return_lse: Literal[False] = ...,
) -> Array: ...


@overload
def attention(
    query: Array,
    key: Array,
    value: Array,
    pattern: Pattern | None = ...,
    scale: float | None = ...,
    offset: int | None = ...,
    key_offset: int = ...,
    layout: str = ...,
    *,
    return_lse: Literal[True],
) -> tuple[Array, Array]: ...


def attention(
    query: Any,
    key: Any,
    value: Any,
    pattern: Pattern | None = None,
    scale: float | None = None,
    offset: int | None = None,
    key_offset: int = 0,
    layout: str = "bhsd",
    return_lse: bool = False,
) -> Any:
    """Softmax attention over the pairs that `pattern` admits; None admits all.

    Inputs are NumPy arrays or CPU torch tensors of float32, all three of one kind:

        query        [batch, heads, sq, features]         with layout "bhsd"
        key, value   [batch, key_heads, sk, features]

    or [batch, sq, heads, features] and so on with layout "bshd". `heads` is a multiple of
    `key_heads`: query head h reads key head h // (heads // key_heads). `features` is a multiple
    of 8.

    Row i of `query` is at position i + offset, row j of `key` at position j + key_offset. By
    default `offset` is key_offset + sk - sq, which puts the last query at the last key, and
    `scale` is 1 / sqrt(features).

    Returns the output: same kind, shape and layout as `query`, newly allocated and contiguous. With
    `return_lse`, a pair: the output, and the natural logarithm of the sum of exp(score), of shape
    [batch, heads, sq] in both layouts. A row that sees no key gives 0 and -inf.

    Inputs are read where they lie and never copied: any strides that are not negative, features
    side by side. An array that is not so is an error, not a hidden copy. Results carry no
    gradient.

    Raises TypeError for a wrong kind of array or a dtype other than float32, and ValueError for
    shapes, strides, a layout, a device, positions or arguments that do not fit, and for tensors
    that require a gradient while gradients are recorded.
    """
    if pattern is None:
        pattern = _everything()
    elif type(pattern) is not Pattern:
        raise TypeError(f"'pattern' expected a Pattern, found {type(pattern).__name__}")
    if pattern._arguments is None:
        pattern._require_bound()

    view, allocate = _NUMPY if type(query) is np.ndarray else _kind_of(query)
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

    output, output_data = allocate(query, query_shape)
    lse, lse_data = allocate(query, (batch, heads, sq)) if return_lse else (None, 0)

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

    spec = pattern._spec
    kernel = spec.kernels.get(features) or spec.kernel(features)
    if batch and heads and sq:
        status = library().attn_run(kernel, packed, _library.threads)
        if status:
            raise ValueError(f"attention failed: {library().attn_status_message(status).decode()}")
    return (output, lse) if return_lse else output


@functools.cache
def _everything() -> Pattern:
    return parse("attn.pattern @all {\n  %m = attn.all\n  attn.yield %m\n}\n", name="attention")


def _kind_of(query: Any) -> tuple[Any, Any]:
    """How to look at arrays of the kind of `query`, and how to make them."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(query, torch.Tensor):
        return _view_torch, _allocate_torch
    return _NUMPY


def _allocate_numpy(query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
    array = _empty(shape, _FLOAT32)
    return array, array.__array_interface__["data"][0]


def _allocate_torch(query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
    tensor = query.new_empty(shape)
    return tensor, tensor.data_ptr()


def _view_numpy(array: Any, name: str) -> _View:
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(_kind_message(array, name, "" if name == "query" else "like 'query', "))
    if array.dtype != _FLOAT32:
        raise TypeError(f"'{name}' expected dtype float32, found {array.dtype}")
    shape, strides = array.shape, array.strides
    if len(shape) != 4:
        raise ValueError(f"'{name}' expected 4 dimensions, found {len(shape)}: {shape}")
    data = array.__array_interface__["data"][0]
    batch, second, third, last = strides
    if (data | batch | second | third | last) & 3:
        raise ValueError(
            f"'{name}' expected elements at multiples of 4 bytes, found strides of {strides} bytes "
            f"from address {data:#x}"
        )
    strides = (batch >> 2, second >> 2, third >> 2, last >> 2)
    if last != 4 or batch < 0 or second < 0 or third < 0:
        strides = _check_strides(name, shape, strides, "numpy.ascontiguousarray(...)")
    return data, shape, strides


def _view_torch(tensor: Any, name: str) -> _View:
    torch = sys.modules["torch"]
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(_kind_message(tensor, name, "like 'query', "))
    if tensor.dtype is not torch.float32:
        raise TypeError(f"'{name}' expected dtype torch.float32, found {tensor.dtype}")
    if not tensor.is_cpu or tensor.layout is not torch.strided or tensor.is_neg():
        raise ValueError(
            f"'{name}' expected a dense CPU tensor, found device {tensor.device}, "
            f"layout {tensor.layout}{', a lazy negation' if tensor.is_neg() else ''}"
        )
    if tensor.requires_grad and torch.is_grad_enabled():
        raise ValueError(
            f"'{name}' expected no gradient, found requires_grad=True: the backward pass is not "
            "built; call under torch.no_grad(), or pass the tensor's detach()"
        )
    shape, strides = tensor.shape, tensor.stride()
    if len(shape) != 4:
        raise ValueError(f"'{name}' expected 4 dimensions, found {len(shape)}: {tuple(shape)}")
    if strides[3] != 1:
        strides = _check_strides(name, shape, strides, "Tensor.contiguous()")
    return tensor.data_ptr(), shape, strides


_NUMPY = (_view_numpy, _allocate_numpy)


def _kind_message(array: Any, name: str, like: str) -> str:
    kind = type(array)
    return (
        f"'{name}' expected a NumPy array or a CPU torch tensor, {like}"
        f"found {kind.__module__}.{kind.__qualname__}"
    )


def _check_strides(
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
