"""The package: what importing it does, how it finds its library, whether it fits the C headers."""

import ctypes
import os
import re
import subprocess
import sys

import pytest

import attn_opt as ao
from attn_opt import _library


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_import_loads_neither_torch_nor_the_library():
    result = python(
        "import sys, attn_opt; assert 'torch' not in sys.modules; print(attn_opt.__all__)",
        ATTN_OPT_LIBRARY="/nonexistent",
    )
    assert result.returncode == 0, result.stderr
    assert "attention" in result.stdout


def test_a_library_that_is_not_there():
    result = python("import attn_opt; attn_opt.version()", ATTN_OPT_LIBRARY="/no/libattn_opt.so")
    assert "ImportError: attn_opt failed to load its library: /no/libattn_opt.so" in result.stderr


def test_a_package_without_a_library(monkeypatch, tmp_path):
    monkeypatch.delenv("ATTN_OPT_LIBRARY", raising=False)
    monkeypatch.setattr(_library, "__file__", str(tmp_path / "a" / "b" / "_library.py"))
    with pytest.raises(ImportError, match=r"expected its library .* build it with './dev build'"):
        _library._path()


def test_version():
    assert re.match(r"attn-opt \d+\.\d+\.\d+, LLVM 22\.1", ao.version())


# The C headers. A comment may stand after each field.


@pytest.fixture(scope="module")
def headers(root):
    paths = ("include/attn-c/Attn.h", "include/attn/Runtime/Runtime.h")
    return "".join((root / path).read_text() for path in (*paths, "include/attn/Runtime/Device.h"))


def fields(header, struct):
    body = re.search(rf"typedef struct {struct} {{(.*?)}} {struct};", header, re.S).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    return [tuple(re.match(r"(.*?)(\w+)$", line.strip()).groups()) for line in body.split(";")[:-1]]


def test_args_are_packed_as_the_header_says(root):
    header = (root / "include/attn/Runtime/Kernel.h").read_text()
    codes = {
        "uint64_t ": "Q",
        "int64_t ": "q",
        "AttnTensor ": "Pqqq",
        "const int64_t *": "P",
        "float ": "f",
    }
    expected = "".join(codes[kind] for kind, _ in fields(header, "AttnArgs"))
    count = _library.ARGS.format.replace(" ", "").lstrip("@")
    found = re.sub(
        r"(\d+)([a-wyz])", lambda m: int(m[1]) * m[2], count.replace("4x", ""), flags=re.I
    )
    assert found == expected
    assert _library.ARGS.size % 8 == 0


@pytest.mark.parametrize("struct", ["Problem", "CompileOptions", "DeviceInfo", "DeviceImage"])
def test_structures_are_those_of_the_headers(headers, struct):
    types = {
        "uint64_t ": ctypes.c_uint64,
        "int64_t ": ctypes.c_int64,
        "int32_t ": ctypes.c_int32,
        "size_t ": ctypes.c_size_t,
        "const char *": ctypes.c_char_p,
        "const void *": ctypes.c_void_p,
        "const int64_t *": ctypes.c_void_p,
        "AttnDeviceInfo ": _library.DeviceInfo,
    }
    expected = [(name, types[kind]) for kind, name in fields(headers, f"Attn{struct}")]
    assert getattr(_library, struct)._fields_ == expected


def test_functions_are_those_of_the_headers(headers):
    for name, (_, arguments) in _library._PROTOTYPES.items():
        declaration = re.search(rf"ATTN_API [^;(]*\b{name}\(([^;]*)\);", headers)
        assert declaration, f"{name} is not declared"
        parameters = [p for p in declaration.group(1).split(",") if p.strip() != "void"]
        assert len(parameters) == len(arguments), name
