"""The GPU half: kernels for NVIDIA's GPUs, launched through a driver that is found at run time.

CUDA tensors are used where they lie. Arrays of the host are copied to the device and results back,
by way of any driver: NVIDIA's, or the emulator that stands in for it on machines without a GPU.
"""

from __future__ import annotations

import ctypes
import functools
import json
import operator
import sys
import threading
from typing import Any

import numpy as np

from ._call import Kind, View, call_arguments, check_strides, gradient_message, kind_message
from ._library import CompileOptions, DeviceImage, check, library
from ._pattern import Pattern, everything

# What the compiler calls the element types.
_DTYPES = {"float16": b"f16", "bfloat16": b"bf16"}

# The driver of CUDA tensors; the tests name another.
_cuda = "cuda"

_ERROR_ALIGNMENT, _ERROR_DRIVER = 8, 9


def compile(pattern: Pattern | None, dtype: str, head_dim: int, target: str) -> Kernel:
    """The kernel of `pattern` for a GPU; None is the pattern of all pairs.

    `dtype` is "float16" or "bfloat16": that of query, key, value and output. `target` is "sm_80",
    for GPUs of compute capability 8.0 and later, or "sm_90a", for Hopper's. `head_dim` is one of
    64, 96, 128, 192 and 256. Compiling needs no GPU, no driver and no toolkit. It happens once:
    patterns that differ in their arguments only have the same code.

    Raises TypeError and ValueError for what does not fit, with what is possible instead.
    """
    if pattern is None:
        pattern = everything()
    elif type(pattern) is not Pattern:
        raise TypeError(f"'pattern' expected a Pattern, found {type(pattern).__name__}")
    if dtype not in _DTYPES:
        raise ValueError(f"'dtype' expected 'float16' or 'bfloat16', found {dtype!r}")
    if not isinstance(target, str):
        raise TypeError(f"'target' expected a string, found {type(target).__name__}")
    try:
        head_dim = operator.index(head_dim)
    except TypeError:
        kind = type(head_dim).__name__
        raise TypeError(f"'head_dim' expected an integer, found {kind}") from None
    return Kernel._make(pattern, _code(pattern, dtype, head_dim, target))


class Kernel:
    """A pattern compiled for a GPU; `compile` makes kernels.

    Calling one computes attention, as `attention` does, on CUDA tensors or on arrays of the host.
    """

    __slots__ = ("_pattern", "_code")

    _pattern: Pattern
    _code: _Code

    def __init__(self) -> None:
        raise TypeError("'Kernel' is made by attn_opt.compile")

    @classmethod
    def _make(cls, pattern: Pattern, code: _Code) -> Kernel:
        kernel = cls.__new__(cls)
        kernel._pattern = pattern
        kernel._code = code
        return kernel

    @property
    def pattern(self) -> Pattern:
        """The pattern, with the arguments that calls use."""
        return self._pattern

    @property
    def dtype(self) -> str:
        """ "float16" or "bfloat16"."""
        return self._code.dtype

    @property
    def head_dim(self) -> int:
        """The number of features."""
        return self._code.features

    @property
    def target(self) -> str:
        """The architecture, as in "sm_90a"."""
        return self._code.target

    @property
    def ptx(self) -> str:
        """The code as text."""
        return ctypes.string_at(self._code.image.ptx).decode()

    @property
    def manifest(self) -> dict[str, Any]:
        """What attn-compile writes beside the code: how to launch it."""
        manifest: dict[str, Any] = json.loads(self._code.image.manifest.decode())
        return manifest

    def __repr__(self) -> str:
        return f"<kernel {self._pattern!r}, {self.dtype}, head dim {self.head_dim}, {self.target}>"

    def __call__(
        self,
        query: Any,
        key: Any,
        value: Any,
        scale: float | None = None,
        offset: int | None = None,
        key_offset: int = 0,
        layout: str = "bhsd",
        return_lse: bool = False,
        driver: str = "cuda",
    ) -> Any:
        """Softmax attention over the pairs of the pattern; see `attention` for shapes and results.

        CUDA tensors of the kernel's dtype are used where they lie, on torch's current stream.
        Arrays of the host, NumPy's of float16 or CPU torch tensors, are copied to the device that
        `driver` gives and the results back, before the call returns. `driver` is "cuda",
        "emulator" (slow: it runs the PTX step by step and checks every one) or the path of a
        libcuda.so.1.

        Raises as `attention` does, and RuntimeError where there is no such driver or no device
        that fits the kernel.
        """
        self._pattern._require_bound()
        call = (query, key, value, self._pattern, scale, offset, key_offset, layout, return_lse)
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(query, torch.Tensor) or not query.is_cuda:
            return _call_with_copies(self._code, driver, *call)
        if driver != "cuda":
            raise ValueError(f"'driver' expected 'cuda' for CUDA tensors, found {driver!r}")
        return _call_in_place(self._code, *call)


def attention(query: Any, key: Any, value: Any, pattern: Pattern, *options: Any) -> Any:
    """`attention` on CUDA tensors: the kernel is that of their dtype, features and device."""
    torch = sys.modules["torch"]
    dtype = str(query.dtype).removeprefix("torch.")
    if dtype not in _DTYPES:
        raise TypeError(
            f"'query' expected dtype torch.float16 or torch.bfloat16 on a GPU, found {query.dtype}"
        )
    _check_rank("query", query.shape)
    target = _target_of(torch, query.device.index)
    code = _code(pattern, dtype, query.shape[3], target)
    return _call_in_place(code, query, key, value, pattern, *options)


# Code


class _Code:
    """A compiled kernel, which the library owns, and where it is loaded. It is never unloaded."""

    def __init__(self, dtype: str, target: str, image: DeviceImage) -> None:
        self.dtype = dtype
        self.target = target
        self.image = image
        self.features: int = image.info.features
        self.loaded: dict[tuple[str, int], int] = {}
        self.lock = threading.Lock()

    def load(self, driver: str, device: int) -> int:
        """The address of the loaded kernel; loads at the first call with a driver and device."""
        with self.lock:
            address = self.loaded.get((driver, device))
            if address is None:
                address = library().attn_device_load(
                    _driver(driver),
                    ctypes.byref(self.image.info),
                    self.image.ptx,
                    self.image.ptx_size,
                )
                if not address:
                    raise RuntimeError(library().attn_last_error().decode())
                self.loaded[driver, device] = address
        return address


def _code(pattern: Pattern, dtype: str, head_dim: int, target: str) -> _Code:
    spec = pattern._spec
    code: _Code | None = spec.codes.get((dtype, head_dim, target))
    if code is None:
        options = CompileOptions(
            ctypes.sizeof(CompileOptions), _DTYPES[dtype], head_dim, target.encode()
        )
        image = DeviceImage(ctypes.sizeof(DeviceImage))
        check(
            library().attn_compile_device(
                *pattern._handle, ctypes.byref(options), ctypes.byref(image)
            )
        )
        code = spec.codes[dtype, head_dim, target] = _Code(dtype, target, image)
    return code


@functools.cache
def _driver(name: str) -> int:
    """A driver that is open; it stays so."""
    if not isinstance(name, str):
        raise TypeError(f"'driver' expected a string, found {type(name).__name__}")
    driver: int | None = library().attn_driver_open(name.encode())
    if not driver:
        raise RuntimeError(library().attn_last_error().decode())
    return driver


@functools.cache
def _target_of(torch: Any, device: int) -> str:
    major, minor = torch.cuda.get_device_capability(device)
    if major < 8:
        raise ValueError(
            f"'query' expected a device of compute capability 8.0 or later, found {major}.{minor}"
        )
    return "sm_90a" if (major, minor) == (9, 0) else "sm_80"


# CUDA tensors


def _call_in_place(code: _Code, query: Any, key: Any, value: Any, *rest: Any) -> Any:
    torch = sys.modules["torch"]
    device = query.device.index
    if device != torch.cuda.current_device():
        with torch.cuda.device(device):
            return _call_in_place(code, query, key, value, *rest)
    kind = _cuda_kind(torch, code.dtype, device)
    packed, results, features, is_empty = call_arguments(kind, query, key, value, *rest)
    _check_features(code, features)
    if not is_empty:
        kernel = code.loaded.get((_cuda, device)) or code.load(_cuda, device)
        stream = torch.cuda.current_stream(device).cuda_stream
        status = library().attn_device_launch(kernel, packed, stream)
        if status:
            _raise_status(status, kind, query, key, value)
    return results if rest[-1] else results[0]


@functools.cache
def _cuda_kind(torch: Any, dtype_name: str, device: int) -> Kind:
    dtype = getattr(torch, dtype_name)

    def view(tensor: Any, name: str) -> View:
        _check_tensor(torch, tensor, name, dtype)
        if not tensor.is_cuda or tensor.device.index != device:
            raise ValueError(
                f"'{name}' expected device cuda:{device}, that of 'query', found {tensor.device}"
            )
        shape, strides = tensor.shape, tensor.stride()
        if strides[3] != 1:
            strides = check_strides(name, shape, strides, "Tensor.contiguous()")
        return tensor.data_ptr(), shape, strides

    def output(query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
        tensor = query.new_empty(shape)
        return tensor, tensor.data_ptr()

    def lse(query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
        tensor = query.new_empty(shape, dtype=torch.float32)
        return tensor, tensor.data_ptr()

    return Kind(view, output, lse)


# Arrays of the host


def _call_with_copies(
    code: _Code, driver: str, query: Any, key: Any, value: Any, *rest: Any
) -> Any:
    kernel = code.load(driver, 0)
    with _Copies(_driver(driver), code.dtype) as copies:
        kind = Kind(copies.view, copies.output, copies.lse)
        packed, results, features, is_empty = call_arguments(kind, query, key, value, *rest)
        _check_features(code, features)
        if not is_empty:
            status = library().attn_device_launch(kernel, packed, None)
            if status:
                _raise_status(status, kind, query, key, value)
            copies.download()
    return results if rest[-1] else results[0]


class _Copies:
    """The device's copies of a call's arrays, while it lasts."""

    def __init__(self, driver: int, dtype: str) -> None:
        self.driver = driver
        self.dtype = dtype
        self.torch = sys.modules.get("torch")
        self.memory: list[int] = []
        # Device address, host address and bytes of each result.
        self.results: list[tuple[int, int, int]] = []

    def __enter__(self) -> _Copies:
        return self

    def __exit__(self, *_: object) -> None:
        for address in self.memory:
            library().attn_device_free(self.driver, address)

    def view(self, array: Any, name: str) -> View:
        if self.torch is not None and isinstance(array, self.torch.Tensor):
            _check_tensor(self.torch, array, name, getattr(self.torch, self.dtype))
            if not array.is_cpu:
                raise ValueError(
                    f"'{name}' expected a CPU tensor, like 'query', found device {array.device}"
                )
            array = array.detach().contiguous()
            address, size = array.data_ptr(), array.numel() * array.element_size()
        else:
            if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
                raise TypeError(kind_message(array, name, "a NumPy array or a torch tensor"))
            if array.dtype != self.dtype:
                raise TypeError(f"'{name}' expected dtype {self.dtype}, found {array.dtype}")
            _check_rank(name, array.shape)
            array = np.ascontiguousarray(array)
            address, size = array.__array_interface__["data"][0], array.nbytes
        copy = self._allocate(size)
        self._check(library().attn_device_upload(self.driver, copy, address, size))
        _, second, third, last = shape = tuple(array.shape)
        return copy, shape, (second * third * last, third * last, last, 1)

    def output(self, query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
        return self._result(query, shape, self.dtype)

    def lse(self, query: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
        return self._result(query, shape, "float32")

    def download(self) -> None:
        """Waits for the kernel and copies what it wrote."""
        self._check(library().attn_device_synchronize(self.driver, None))
        for copy, address, size in self.results:
            self._check(library().attn_device_download(self.driver, address, copy, size))

    def _result(self, query: Any, shape: tuple[int, ...], dtype: str) -> tuple[Any, int]:
        if isinstance(query, np.ndarray):
            array: Any = np.empty(shape, dtype)
            address, size = array.__array_interface__["data"][0], array.nbytes
        else:
            array = query.new_empty(shape, dtype=getattr(self.torch, dtype))
            address, size = array.data_ptr(), array.numel() * array.element_size()
        copy = self._allocate(size)
        self.results.append((copy, address, size))
        return array, copy

    def _allocate(self, size: int) -> int:
        address = ctypes.c_void_p()
        self._check(library().attn_device_allocate(self.driver, size, ctypes.byref(address)))
        if address.value:
            self.memory.append(address.value)
        return address.value or 0

    def _check(self, status: int) -> None:
        if status:
            raise RuntimeError(library().attn_last_error().decode())


# What is wrong


def _check_tensor(torch: Any, tensor: Any, name: str, dtype: Any) -> None:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(kind_message(tensor, name, "a torch tensor, like 'query'"))
    if tensor.dtype is not dtype:
        raise TypeError(f"'{name}' expected dtype {dtype}, found {tensor.dtype}")
    if tensor.layout is not torch.strided or tensor.is_neg():
        raise ValueError(
            f"'{name}' expected a dense tensor, found layout {tensor.layout}"
            f"{', a lazy negation' if tensor.is_neg() else ''}"
        )
    if tensor.requires_grad and torch.is_grad_enabled():
        raise ValueError(gradient_message(name))
    _check_rank(name, tensor.shape)


def _check_rank(name: str, shape: tuple[int, ...]) -> None:
    if len(shape) != 4:
        raise ValueError(f"'{name}' expected 4 dimensions, found {len(shape)}: {tuple(shape)}")


def _check_features(code: _Code, found: int) -> None:
    if found != code.features:
        raise ValueError(
            f"'query' expected {code.features} features, the kernel's head dim, found {found}"
        )


def _raise_status(status: int, kind: Kind, query: Any, key: Any, value: Any) -> None:
    """Raises what a launch that was refused means."""
    if status == _ERROR_DRIVER:
        raise RuntimeError(library().attn_last_error().decode())
    if status == _ERROR_ALIGNMENT:
        for name, array in (("query", query), ("key", key), ("value", value)):
            data, shape, strides = kind.view(array, name)
            steps = tuple(2 * s if n > 1 else 0 for n, s in zip(shape[:3], strides))
            if any(number % 16 for number in (data, *steps)):
                raise ValueError(
                    f"'{name}' expected an address and strides at multiples of 16 bytes, found "
                    f"strides of {steps} bytes from address {data:#x}; copies are left to the "
                    "caller: Tensor.contiguous()"
                )
    raise ValueError(f"attention failed: {library().attn_status_message(status).decode()}")
