"""Patterns: parsed specs with or without their run-time arguments."""

from __future__ import annotations

import ctypes
import functools
import operator
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ._library import CompileOptions, Problem, check, library, take_string

# Beyond any position.
_ARGUMENT_LIMIT = 1 << 62

# What kernels are compiled for, None for this machine; the tests name others.
_target: bytes | None = None


class _Spec:
    """One pattern of a parsed module. All bindings of the pattern share it, and so its kernels."""

    def __init__(self, module: _Module, name: str) -> None:
        self.module = module
        self.name = name
        self.symbol = name.encode()
        count = library().attn_module_argument_count(module.handle, self.symbol)
        self.parameters = tuple(
            library().attn_module_argument_name(module.handle, self.symbol, index).decode()
            for index in range(count)
        )
        # Addresses of CPU kernels by head dim; `_device._Code` by dtype, head dim and target.
        self.kernels: dict[int, int] = {}
        self.codes: dict[tuple[str, int, str], Any] = {}

    @functools.cached_property
    def text(self) -> str:
        return self._string("attn_pattern_text")

    @functools.cached_property
    def formula(self) -> str:
        return self._string("attn_pattern_formula")

    def _string(self, function: str) -> str:
        pointer = ctypes.c_void_p()
        check(getattr(library(), function)(self.module.handle, self.symbol, ctypes.byref(pointer)))
        return take_string(pointer)

    def kernel(self, head_dim: int) -> int:
        """The address of the compiled kernel; compiles at the first call with a head dim."""
        address = self.kernels.get(head_dim)
        if address is None:
            options = CompileOptions(ctypes.sizeof(CompileOptions), b"f32", head_dim, _target)
            pointer = ctypes.c_void_p()
            check(
                library().attn_compile(
                    self.module.handle, self.symbol, ctypes.byref(options), ctypes.byref(pointer)
                )
            )
            address = self.kernels[head_dim] = pointer.value or 0
        return address


class _Module:
    """Owns a module of the library."""

    def __init__(self, text: str, name: str) -> None:
        self.handle: int | None = None
        data, pointer = text.encode(), ctypes.c_void_p()
        self._destroy = library().attn_module_destroy
        check(library().attn_module_parse(data, len(data), name.encode(), ctypes.byref(pointer)))
        self.handle = pointer.value

    def __del__(self) -> None:
        if getattr(self, "handle", None) is not None:
            self._destroy(self.handle)

    def patterns(self) -> list[str]:
        count = library().attn_module_pattern_count(self.handle)
        return [
            library().attn_module_pattern_name(self.handle, index).decode()
            for index in range(count)
        ]


class Pattern:
    """Which keys each query sees. `load` and `parse` make patterns; calling one binds its
    arguments.

    A pattern is immutable, hashable, and picklable as its text. Two are equal if their canonical
    forms and their arguments are. A pattern with parameters is bound before it is used:

        p = longformer(w=256, g=16)

    In what follows, sizes are numbers of rows: `sq` queries and `sk` keys. Row i of the queries is
    at position i + offset and row j of the keys at position j + key_offset. `offset` is key_offset
    + sk - sq where it is None: the last query is at the position of the last key.
    """

    __slots__ = ("_spec", "_arguments", "_storage", "_address", "__weakref__")

    _spec: _Spec
    _arguments: tuple[int, ...] | None
    _storage: ctypes.Array[ctypes.c_int64]
    _address: int

    def __init__(self) -> None:
        raise TypeError("'Pattern' is made by attn_opt.load or attn_opt.parse")

    @classmethod
    def _make(cls, spec: _Spec, arguments: tuple[int, ...] | None) -> Pattern:
        pattern = cls.__new__(cls)
        pattern._spec = spec
        pattern._arguments = arguments
        # What the library reads; it lives as long as the pattern.
        pattern._storage = (ctypes.c_int64 * len(arguments or ()))(*(arguments or ()))
        pattern._address = ctypes.addressof(pattern._storage) if arguments else 0
        return pattern

    @property
    def name(self) -> str:
        """The pattern's name in its spec, without `@`."""
        return self._spec.name

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the run-time arguments, in order."""
        return self._spec.parameters

    @property
    def arguments(self) -> Mapping[str, int] | None:
        """The bound arguments by name; None if they are not bound yet."""
        if self._arguments is None:
            return None
        return dict(zip(self.parameters, self._arguments))

    @property
    def text(self) -> str:
        """The spec in canonical form, one `attn.pattern`."""
        return self._spec.text

    @property
    def formula(self) -> str:
        """The pattern as a formula in positions q and k: "|q - k| <= w or k < g or q < g"."""
        return self._spec.formula

    def __call__(self, /, *positional: Any, **arguments: int) -> Pattern:
        """This pattern with other run-time arguments, all of them by name. Compiles nothing.

        Raises TypeError for a missing or unknown argument, or one that is not an integer, and
        ValueError for a number outside 64 bits.
        """
        required = f"'{self.name}' expected arguments ({', '.join(self.parameters)})"
        if positional:
            raise TypeError(f"{required} by name, found {len(positional)} without a name")
        if arguments.keys() != set(self.parameters):
            raise TypeError(f"{required}, found ({', '.join(arguments)})")
        values = []
        for parameter in self.parameters:
            try:
                value = operator.index(arguments[parameter])
            except TypeError:
                kind = type(arguments[parameter]).__name__
                raise TypeError(
                    f"'{self.name}' expected an integer for '{parameter}', found {kind}"
                ) from None
            if abs(value) > _ARGUMENT_LIMIT:
                raise ValueError(
                    f"'{self.name}' expected '{parameter}' within +-2^62, found {value}"
                )
            values.append(value)
        return Pattern._make(self._spec, tuple(values))

    def mask(
        self, sq: int, sk: int, offset: int | None = None, key_offset: int = 0
    ) -> npt.NDArray[np.bool_]:
        """The definition, bool [sq, sk]: whether row i sees column j, pair by pair."""
        problem = self._problem(sq, sk, offset, key_offset)
        mask = np.empty((sq, sk), np.bool_)
        check(
            library().attn_pattern_mask(
                *self._handle, ctypes.byref(problem), 0, sq, 0, sk, mask.ctypes.data
            )
        )
        return mask

    def tiles(
        self,
        sq: int,
        sk: int,
        tile: tuple[int, int] = (64, 64),
        offset: int | None = None,
        key_offset: int = 0,
    ) -> npt.NDArray[np.int8]:
        """The compiled schedule, int8 [ceil(sq / tile[0]), ceil(sk / tile[1])]: 0 for a tile that
        is skipped, 1 for one that is masked element by element, 2 for one that is computed without
        a mask.
        """
        problem = self._problem(sq, sk, offset, key_offset)
        rows, columns = (_size("tile", size, 1) for size in tile)
        tiles = np.empty((-(-sq // rows), -(-sk // columns)), np.int8)
        check(
            library().attn_pattern_tiles(
                *self._handle, ctypes.byref(problem), rows, columns, tiles.ctypes.data
            )
        )
        return tiles

    def count(self, sq: int, sk: int, offset: int | None = None, key_offset: int = 0) -> int:
        """The exact number of visible pairs, without building the mask: sizes may be millions."""
        problem = self._problem(sq, sk, offset, key_offset)
        pairs = ctypes.c_int64()
        check(
            library().attn_pattern_count(*self._handle, ctypes.byref(problem), ctypes.byref(pairs))
        )
        return pairs.value

    def picture(
        self,
        sq: int,
        sk: int,
        offset: int | None = None,
        key_offset: int = 0,
        side: int = 32,
    ) -> str:
        """The tiles of the schedule as text of at most `side` characters a side: `.` for a tile
        that is skipped, `/` for one that is masked element by element, `#` for a full one.
        """
        problem = self._problem(sq, sk, offset, key_offset)
        pointer = ctypes.c_void_p()
        check(
            library().attn_pattern_picture(
                *self._handle,
                ctypes.byref(problem),
                _size("side", side, 1),
                ctypes.byref(pointer),
            )
        )
        return take_string(pointer)

    @property
    def _handle(self) -> tuple[int | None, bytes]:
        return self._spec.module.handle, self._spec.symbol

    def _require_bound(self) -> None:
        if self._arguments is None:
            call = ", ".join(f"{parameter}=..." for parameter in self.parameters)
            raise ValueError(
                f"'{self.name}' expected values for its arguments ({', '.join(self.parameters)}), "
                f"found none; bind them: {self.name}({call})"
            )

    def _problem(self, sq: int, sk: int, offset: int | None, key_offset: int) -> Problem:
        self._require_bound()
        sq, sk = _size("sq", sq, 0), _size("sk", sk, 0)
        key_offset = operator.index(key_offset)
        offset = key_offset + sk - sq if offset is None else operator.index(offset)
        return Problem(
            ctypes.sizeof(Problem),
            sq,
            sk,
            offset,
            key_offset,
            key_offset + sk,
            self._address,
            len(self._storage),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pattern):
            return NotImplemented
        same = self._spec is other._spec or self.text == other.text
        return same and self._arguments == other._arguments

    def __hash__(self) -> int:
        return hash((self.text, self._arguments))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.text, self._arguments)

    def __repr__(self) -> str:
        if self._arguments is None:
            return f"<pattern {self.name}({', '.join(self.parameters)}), not bound>"
        return f"<pattern {self._title()}>"

    def __str__(self) -> str:
        lines = [self._title(), f"  {self.formula}"]
        if self._arguments is not None:
            size = self._telling_size()
            density = 100 * self.count(size, size) / size**2
            lines += [f"  {line}" for line in self.picture(size, size).splitlines()]
            lines.append(f"  {size} x {size}: {density:.3g} % of the pairs are visible")
        return "\n".join(lines)

    def _title(self) -> str:
        if self._arguments is None:
            return f"{self.name}({', '.join(self.parameters)})"
        values = (f"{p}={v}" for p, v in zip(self.parameters, self._arguments))
        return f"{self.name}({', '.join(values)})"

    def _telling_size(self) -> int:
        """The smallest square on which the pattern shows itself: one that is mostly empty, or
        nearly as empty as the pattern ever becomes.
        """
        sizes = [1 << power for power in range(4, 17)]
        limit = max(0.4, 1.1 * self.count(sizes[-1], sizes[-1]) / sizes[-1] ** 2)
        return next(size for size in sizes if self.count(size, size) <= limit * size**2)


def parse(text: str, pattern: str | None = None, *, name: str = "<string>") -> Pattern:
    """The pattern of a spec; `pattern` says which one where the spec holds several.

    `name` stands for the file name in messages. Raises SpecError (a ValueError) for a spec that
    does not parse or verify, and ValueError where the pattern is not to be found or not the only
    one.
    """
    if not isinstance(text, str):
        raise TypeError(f"'parse' expected text, found {type(text).__name__}")
    module = _Module(text, name)
    names = module.patterns()
    found = ", ".join(names) if names else "none"
    if pattern is None:
        if len(names) != 1:
            raise ValueError(
                f"{name}: expected one pattern, found {found}; say which one with pattern=..."
            )
        pattern = names[0]
    elif pattern not in names:
        raise ValueError(f"{name}: expected a pattern '{pattern}', found {found}")
    spec = _Spec(module, pattern)
    return Pattern._make(spec, None if spec.parameters else ())


def load(path: str | os.PathLike[str], pattern: str | None = None) -> Pattern:
    """The pattern of a file; `pattern` says which one where the file holds several.

    Raises OSError for a file that cannot be read, otherwise as `parse`.
    """
    with open(path, encoding="utf-8") as file:
        return parse(file.read(), pattern, name=os.fspath(path))


@functools.cache
def everything() -> Pattern:
    """The pattern of all pairs."""
    return parse("attn.pattern @all {\n  %m = attn.all\n  attn.yield %m\n}\n", name="attention")


def _restore(text: str, arguments: tuple[int, ...] | None) -> Pattern:
    return Pattern._make(parse(text)._spec, arguments)


def _size(name: str, value: int, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"'{name}' expected an integer, found {type(value).__name__}") from None
    if not least <= number <= 1 << 30:
        raise ValueError(f"'{name}' expected a number from {least} to 2^30, found {number}")
    return number
