"""The call: from arrays to the kernel and back, in a few microseconds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy as np

from . import _device, _library
from ._call import Kind, View, call_arguments, check_strides, gradient_message, kind_message
from ._library import library
from ._pattern import Pattern, everything

if TYPE_CHECKING:
    import torch

Array = TypeVar("Array", "np.ndarray[Any, Any]", "torch.Tensor")

_FLOAT32 = np.dtype(np.float32)

_HERE = "a NumPy array or a CPU torch tensor"
_LIKE_QUERY = _HERE + ", like 'query'"

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

    Inputs are NumPy arrays or CPU torch tensors of float32, or CUDA torch tensors of float16 or
    bfloat16, which decide where the kernel runs; all three of one kind:

        query        [batch, heads, sq, features]         with layout "bhsd"
        key, value   [batch, key_heads, sk, features]

    or [batch, sq, heads, features] and so on with layout "bshd". `heads` is a multiple of
    `key_heads`: query head h reads key head h // (heads // key_heads). `features` is a multiple
    of 8; on a GPU it is one of 64, 96, 128, 192 and 256.

    Row i of `query` is at position i + offset, row j of `key` at position j + key_offset. By
    default `offset` is key_offset + sk - sq, which puts the last query at the last key, and
    `scale` is 1 / sqrt(features).

    Returns the output: same kind, shape and layout as `query`, newly allocated and contiguous. With
    `return_lse`, a pair: the output, and the natural logarithm of the sum of exp(score), float32 of
    shape [batch, heads, sq] in both layouts. A row that sees no key gives 0 and -inf.

    Inputs are read where they lie and never copied: any strides that are not negative, features
    side by side; on a GPU, addresses and strides at multiples of 16 bytes. An array that is not so
    is an error, not a hidden copy. Results carry no gradient. On a GPU the kernel is launched on
    torch's current stream, and the call does not wait for it.

    Raises TypeError for a wrong kind of array or a wrong dtype, ValueError for shapes, strides, a
    layout, a device, positions or arguments that do not fit, and for tensors that require a
    gradient while gradients are recorded, and RuntimeError for what a GPU's driver refuses.
    """
    if pattern is None:
        pattern = everything()
    elif type(pattern) is not Pattern:
        raise TypeError(f"'pattern' expected a Pattern, found {type(pattern).__name__}")
    if pattern._arguments is None:
        pattern._require_bound()

    kind = _NUMPY if type(query) is np.ndarray else _kind_of(query)
    if kind is None:
        return _device.attention(
            query, key, value, pattern, scale, offset, key_offset, layout, return_lse
        )
    packed, results, features, is_empty = call_arguments(
        kind, query, key, value, pattern, scale, offset, key_offset, layout, return_lse
    )
    spec = pattern._spec
    kernel = spec.kernels.get(features) or spec.kernel(features)
    if not is_empty:
        status = library().attn_run(kernel, packed, _library.threads)
        if status:
            raise ValueError(f"attention failed: {library().attn_status_message(status).decode()}")
    return results if return_lse else results[0]


def _kind_of(query: Any) -> Kind | None:
    """The kind of `query`; None if it is on a GPU."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(query, torch.Tensor):
        return None if query.is_cuda else _TORCH
    return _NUMPY


def _allocate_numpy(query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
    array = _empty(shape, _FLOAT32)
    return array, array.__array_interface__["data"][0]


def _allocate_torch(query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
    tensor = query.new_empty(shape)
    return tensor, tensor.data_ptr()


def _view_numpy(array: Any, name: str) -> View:
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(kind_message(array, name, _HERE if name == "query" else _LIKE_QUERY))
    if array.dtype != _FLOAT32:
        raise TypeError(f"'{name}' expected dtype float32, found {array.dtype}{_half(array)}")
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
        strides = check_strides(name, shape, strides, "numpy.ascontiguousarray(...)")
    return data, shape, strides


def _view_torch(tensor: Any, name: str) -> View:
    torch = sys.modules["torch"]
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(kind_message(tensor, name, _LIKE_QUERY))
    if tensor.dtype is not torch.float32:
        raise TypeError(
            f"'{name}' expected dtype torch.float32, found {tensor.dtype}{_half(tensor)}"
        )
    if not tensor.is_cpu or tensor.layout is not torch.strided or tensor.is_neg():
        raise ValueError(
            f"'{name}' expected a dense CPU tensor, found device {tensor.device}, "
            f"layout {tensor.layout}{', a lazy negation' if tensor.is_neg() else ''}"
        )
    if tensor.requires_grad and torch.is_grad_enabled():
        raise ValueError(gradient_message(name))
    shape, strides = tensor.shape, tensor.stride()
    if len(shape) != 4:
        raise ValueError(f"'{name}' expected 4 dimensions, found {len(shape)}: {tuple(shape)}")
    if strides[3] != 1:
        strides = check_strides(name, shape, strides, "Tensor.contiguous()")
    return tensor.data_ptr(), shape, strides


_NUMPY = Kind(_view_numpy, _allocate_numpy, _allocate_numpy)
_TORCH = Kind(_view_torch, _allocate_torch, _allocate_torch)


def _half(array: Any) -> str:
    """Where arrays of 16 bits can be used."""
    if str(array.dtype) not in ("float16", "torch.float16", "torch.bfloat16"):
        return ""
    return "; kernels of 16 bits are for GPUs: pass CUDA tensors, or see attn_opt.compile"
