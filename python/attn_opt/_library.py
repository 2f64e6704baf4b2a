"""The compiler's shared library, through ctypes: include/attn-c/Attn.h, function by function."""

from __future__ import annotations

import ctypes
import functools
import os
import pathlib
import struct
import sys
from ctypes import POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint64, c_void_p

_FILE = "libattn_opt.dylib" if sys.platform == "darwin" else "libattn_opt.so"


class SpecError(ValueError):
    """A spec that does not parse or verify; the message is the compiler's, with line and caret."""


class Problem(ctypes.Structure):
    """AttnProblem: sizes, positions and arguments, what of a call a pattern depends on."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("query_length", c_int64),
        ("key_length", c_int64),
        ("offset", c_int64),
        ("key_offset", c_int64),
        ("length", c_int64),
        ("arguments", c_void_p),
        ("argument_count", c_int64),
    ]


class CompileOptions(ctypes.Structure):
    """AttnCompileOptions."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("dtype", c_char_p),
        ("head_dim", c_int64),
        ("target", c_char_p),
    ]


class DeviceInfo(ctypes.Structure):
    """AttnDeviceInfo (Device.h): how to launch a GPU kernel."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("symbol", c_char_p),
        ("compute_capability", c_int32),
        ("is_architecture_exact", c_int32),
        ("dtype", c_int32),
        ("features", c_int32),
        ("threads", c_int32),
        ("shared_bytes", c_int32),
        ("query_tile", c_int32),
        ("key_tile", c_int32),
        ("panel_columns", c_int32),
        ("output_rows", c_int32),
        ("argument_count", c_int32),
    ]


class DeviceImage(ctypes.Structure):
    """AttnDeviceImage: a compiled GPU kernel."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("info", DeviceInfo),
        ("ptx", c_void_p),
        ("ptx_size", c_size_t),
        ("manifest", c_char_p),
    ]


# AttnArgs (Kernel.h), packed into bytes: four times as fast as filling a ctypes structure. In
# order: struct_size; batch, query_heads, key_heads, query_length, key_length, features; data and
# three strides of query, key, value, output, lse; offset, key_offset, length; arguments,
# argument_count; scale.
ARGS = struct.Struct("@Q 6q P3q P3q P3q P3q P3q 3q Pq f4x")

_RESULT_OK, _RESULT_INVALID_SPEC, _RESULT_INTERNAL = 0, 1, 4

_PROTOTYPES = {
    "attn_version": (c_char_p, []),
    "attn_last_error": (c_char_p, []),
    "attn_status_message": (c_char_p, [c_int]),
    "attn_string_free": (None, [c_void_p]),
    "attn_default_threads": (c_int, []),
    "attn_module_parse": (c_int, [c_char_p, c_size_t, c_char_p, POINTER(c_void_p)]),
    "attn_module_destroy": (None, [c_void_p]),
    "attn_module_pattern_count": (c_int64, [c_void_p]),
    "attn_module_pattern_name": (c_char_p, [c_void_p, c_int64]),
    "attn_module_argument_count": (c_int64, [c_void_p, c_char_p]),
    "attn_module_argument_name": (c_char_p, [c_void_p, c_char_p, c_int64]),
    "attn_pattern_text": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "attn_pattern_formula": (c_int, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "attn_pattern_mask": (
        c_int,
        [c_void_p, c_char_p, POINTER(Problem), c_int64, c_int64, c_int64, c_int64, c_void_p],
    ),
    "attn_pattern_tiles": (
        c_int,
        [c_void_p, c_char_p, POINTER(Problem), c_int64, c_int64, c_void_p],
    ),
    "attn_pattern_count": (c_int, [c_void_p, c_char_p, POINTER(Problem), POINTER(c_int64)]),
    "attn_pattern_picture": (
        c_int,
        [c_void_p, c_char_p, POINTER(Problem), c_int64, POINTER(c_void_p)],
    ),
    "attn_reference": (c_int, [c_void_p, c_char_p, c_char_p, c_void_p, c_void_p]),
    "attn_compile": (c_int, [c_void_p, c_char_p, POINTER(CompileOptions), POINTER(c_void_p)]),
    "attn_run": (c_int, [c_void_p, c_char_p, c_int]),
    "attn_compile_device": (
        c_int,
        [c_void_p, c_char_p, POINTER(CompileOptions), POINTER(DeviceImage)],
    ),
    "attn_driver_open": (c_void_p, [c_char_p]),
    "attn_device_load": (c_void_p, [c_void_p, POINTER(DeviceInfo), c_void_p, c_size_t]),
    "attn_device_launch": (c_int, [c_void_p, c_char_p, c_void_p]),
    "attn_device_allocate": (c_int, [c_void_p, c_size_t, POINTER(c_void_p)]),
    "attn_device_free": (c_int, [c_void_p, c_void_p]),
    "attn_device_upload": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t]),
    "attn_device_download": (c_int, [c_void_p, c_void_p, c_void_p, c_size_t]),
    "attn_device_synchronize": (c_int, [c_void_p, c_void_p]),
}


def _path() -> pathlib.Path:
    """The library: $ATTN_OPT_LIBRARY, else beside this package, else in its sources' build."""
    named = os.environ.get("ATTN_OPT_LIBRARY")
    if named:
        return pathlib.Path(named)
    package = pathlib.Path(__file__).resolve().parent
    candidates = [package / _FILE, package.parents[1] / "build" / "lib" / _FILE]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    places = ", ".join(str(candidate) for candidate in candidates)
    raise ImportError(
        f"attn_opt expected its library {_FILE} at one of {places}; "
        "build it with './dev build', or name it in ATTN_OPT_LIBRARY"
    )


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library, with prototypes. Raises ImportError where there is none."""
    path = _path()
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"attn_opt failed to load its library: {error}") from None
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(loaded, name)
        function.restype = result
        function.argtypes = arguments
    return loaded


def check(result: int) -> None:
    """Raises what an AttnResult other than OK means."""
    if result == _RESULT_OK:
        return
    message = library().attn_last_error().decode()
    if result == _RESULT_INVALID_SPEC:
        raise SpecError(message)
    if result == _RESULT_INTERNAL:
        raise RuntimeError(message)
    raise ValueError(message)


def take_string(pointer: c_void_p) -> str:
    """The text of a string that the library gave out, which is freed."""
    text = ctypes.string_at(pointer.value or 0).decode()
    library().attn_string_free(pointer)
    return text


def version() -> str:
    """The version of the compiler and of its LLVM, as in "attn-opt 0.1.0, LLVM 22.1.8"."""
    text: str = library().attn_version().decode()
    return text


# 0: the library decides, by the processors this process may run on or by ATTN_NUM_THREADS.
threads = 0


def set_num_threads(number: int) -> None:
    """Sets how many threads `attention` may use, in the whole process; 0 is the default again.

    Results have the same bits for any number. Raises ValueError if it is negative.
    """
    global threads
    if number < 0:
        raise ValueError(f"set_num_threads expected a number >= 0, found {number}")
    threads = int(number)


def get_num_threads() -> int:
    """The number of threads that `attention` may use."""
    return threads or int(library().attn_default_threads())
