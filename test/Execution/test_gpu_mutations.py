"""Bugs planted into the kernels that the compiler writes: the emulator catches each of them.

test/Unit/Emulator has such a list for kernels that were written for it. Here a kernel is compiled
once for a target, each bug of planted_bugs.py is an edit of its PTX, and every interleaving that is
tried must end in the report that the bug is known by, or in a wrong result where nothing else can
tell.
"""

import ctypes
import functools
import os
import re
import shutil

import numpy as np
import pytest

import attn_opt as ao
import oracle
import tolerance
from attn_opt import _device, _library
from oracle import Place
from planted_bugs import BUGS
from ptx_edit import Ptx

PATTERN = """\
attn.pattern @window(%w: index) {
  %m = attn.window before %w after 0
  attn.yield %m
}
"""
WINDOW = 150

# Capability, head dim, and the problem: query tiles without keys, with one tile and with several,
# for the one or two CTAs that fit the device. The last tile of queries, and that of keys, is not
# whole; queries go on behind the keys. On sm_90a each stage is used again within an item, an item
# of two tiles comes before one of none, and those go on until each stage is used again.
TARGETS = {
    "sm_80": (80, 64, Place("sm_80", 680, 311, -200)),
    "sm_90a": (90, 128, Place("sm_90a", 738, 439, 260)),
}
SHORT = Place("one tile of keys", 200, 100, 0)
SEEDS = range(1, 5)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """An emulated driver of our own, whose context can be reset without harm to other tests."""
    built = os.environ.get("ATTN_EMULATOR")
    built = built or _library._path().parent / "emulator" / "libcuda.so.1"
    return str(shutil.copy(built, tmp_path_factory.mktemp("emulator")))


@pytest.fixture
def device(driver, monkeypatch):
    """Runs PTX in place of a kernel's own: returns the result, and raises what was reported."""
    monkeypatch.setenv("ATTN_EMULATOR_PROCESSORS", "1")

    def run(text, target, where, seed):
        capability, _, _ = TARGETS[target]
        monkeypatch.setenv("ATTN_EMULATOR_CAPABILITY", str(capability))
        monkeypatch.setenv("ATTN_EMULATOR_SEED", str(seed))
        original = kernel_of(target)
        image = _library.DeviceImage.from_buffer_copy(original._code.image)
        code = ctypes.create_string_buffer(text.encode())
        image.ptx, image.ptx_size = ctypes.addressof(code), len(code)
        kernel = _device.Kernel._make(
            original.pattern, _device._Code(original.dtype, target, image)
        )
        try:
            return kernel(*inputs_of(target, where), return_lse=True, driver=driver,
                          **where.positions)
        finally:
            assert ctypes.CDLL(driver).cuDevicePrimaryCtxReset_v2(0) == 0

    return run


@functools.cache
def kernel_of(target):
    return ao.compile(ao.parse(PATTERN)(w=WINDOW), "float16", TARGETS[target][1], target)


@functools.cache
def inputs_of(target, where):
    inputs = oracle.random_inputs(5, 1, 1, where.sq, where.sk, TARGETS[target][1])
    return [x.astype(np.float16) for x in inputs]


# The result of the kernel without a bug, of which test_the_kernel_has_no_bug has made sure.
_expected = {}


def expected(device, target, where):
    if (target, where) not in _expected:
        _expected[target, where] = device(kernel_of(target).ptx, target, where, 1)
    return _expected[target, where]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("short", [False, True], ids=["several tiles", "one tile"])
def test_the_kernel_has_no_bug(device, target, short):
    where = SHORT if short else TARGETS[target][2]
    inputs = inputs_of(target, where)
    mask = kernel_of(target).pattern.mask(where.sq, where.sk, **where.positions)
    right = oracle.attention(*inputs, mask)
    reference = tolerance.unfused(*inputs, mask, lambda x: np.asarray(x).astype(np.float16))
    output, lse = expected(device, target, where)
    tolerance.check_half(where, output.astype(np.float32), lse, *right, reference, 2**-10)
    for seed in SEEDS:
        found = device(str(Ptx(kernel_of(target).ptx)), target, where, seed)
        assert [x.tobytes() for x in found] == [output.tobytes(), lse.tobytes()], f"seed {seed}"


@pytest.mark.parametrize(
    ("target", "bug"),
    [
        pytest.param(target, bug, id=f"{target}-{bug.name}")
        for target, bugs in BUGS.items()
        for bug in bugs
    ],
)
def test_planted_bug_is_caught(device, target, bug):
    ptx = Ptx(kernel_of(target).ptx)
    bug.plant(ptx)
    where = SHORT if bug.is_short else TARGETS[target][2]
    right = expected(device, target, where)
    for seed in SEEDS:
        try:
            output, lse = device(str(ptx), target, where, seed)
        except RuntimeError as error:
            report = str(error)
        else:
            wrong = np.count_nonzero(output.view(np.uint16) != right[0].view(np.uint16))
            report = f"wrong result: {wrong} numbers" if wrong else "nothing"
        assert re.search(bug.report, report), f"seed {seed}: expected {bug.report}, found {report}"
