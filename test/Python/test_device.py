"""Kernels for GPUs on arrays of the host, run by the emulated driver."""

import math

import numpy as np
import pytest

import attn_opt as ao
from attn_opt import _device, _library
from device_cases import TARGETS, close, inputs
from formula import dense


@pytest.fixture(scope="module", params=TARGETS)
def kernel(request, causal):
    return ao.compile(causal, dtype="float16", head_dim=64, target=request.param)


def test_arrays_of_the_host(kernel, causal):
    query, key, value = inputs()
    copies = [array.copy() for array in (query, key, value)]
    output, lse = kernel(query, key, value, return_lse=True, driver="emulator")
    assert type(output) is np.ndarray and output.shape == query.shape
    assert output.dtype == np.float16 and lse.dtype == np.float32
    close((output, lse), dense(query, key, value, causal.mask(5, 7)))
    for array, copy in zip((query, key, value), copies):
        np.testing.assert_array_equal(array, copy)
    np.testing.assert_array_equal(kernel(query, key, value, driver="emulator"), output)


def test_scale_and_positions(kernel, causal):
    arrays = inputs(sq=70, sk=67)
    options = {"scale": 0.25, "offset": 2, "key_offset": 7}
    found = kernel(*arrays, **options, return_lse=True, driver="emulator")
    close(found, dense(*arrays, causal.mask(70, 67, 2, 7), scale=0.25))
    # Rows that see nothing.
    assert (found[0][:, :, :5] == 0).all() and (found[1][:, :, :5] == -np.inf).all()


def test_layouts_and_strides(kernel):
    arrays = inputs()
    expected = kernel(*arrays, return_lse=True, driver="emulator")
    swapped = [np.ascontiguousarray(x.swapaxes(1, 2)) for x in arrays]
    output, lse = kernel(*swapped, layout="bshd", return_lse=True, driver="emulator")
    np.testing.assert_array_equal(output.swapaxes(1, 2), expected[0])
    np.testing.assert_array_equal(lse, expected[1])
    # Arrays of the host are copied, so that any strides will do.
    views = [np.repeat(x, 2, axis=3)[..., ::2] for x in arrays]
    np.testing.assert_array_equal(kernel(*views, driver="emulator"), expected[0])


@pytest.mark.parametrize(
    "sizes",
    [{"batch": 0}, {"heads": 0}, {"sq": 0}, {"sk": 0}, {"heads": 0, "key_heads": 0}],
    ids=str,
)
def test_empty(kernel, sizes):
    query, key, value = inputs(**sizes)
    output, lse = kernel(query, key, value, return_lse=True, driver="emulator")
    assert output.shape == query.shape
    assert (output == 0).all() and (lse == -np.inf).all()


@pytest.mark.parametrize("target", TARGETS)
def test_arguments_need_no_new_code(target, longformer, monkeypatch):
    kernel = ao.compile(longformer(w=1, g=0), "float16", 64, target)
    monkeypatch.setattr(_device, "DeviceImage", None)
    arrays = inputs(batch=1, heads=1, key_heads=1, sq=70, sk=70)
    for w, g in [(1, 0), (3, 2), (100, 0), (-1, 1)]:
        pattern = longformer(w=w, g=g)
        other = ao.compile(pattern, "float16", 64, target)
        assert other.ptx == kernel.ptx and other.pattern == pattern
        found = other(*arrays, return_lse=True, driver="emulator")
        close(found, dense(*arrays, pattern.mask(70, 70)))


def test_without_a_pattern_every_pair_is_visible():
    arrays = inputs()
    kernel = ao.compile(None, "float16", 64, "sm_80")
    close(kernel(*arrays, return_lse=True, driver="emulator"), dense(*arrays))


def test_what_a_kernel_says_of_itself(causal):
    kernel = ao.compile(causal, dtype="bfloat16", head_dim=128, target="sm_90a")
    assert (kernel.dtype, kernel.head_dim, kernel.target) == ("bfloat16", 128, "sm_90a")
    assert kernel.pattern is causal
    assert ".target sm_90a" in kernel.ptx and ".entry" in kernel.ptx
    assert kernel.manifest["target"]["name"] == "sm_90a"
    assert repr(kernel) == "<kernel <pattern causal()>, bfloat16, head dim 128, sm_90a>"


def test_memory_of_the_device_is_given_back(kernel, monkeypatch):
    library, live = _library.library(), set()
    allocate, free = library.attn_device_allocate, library.attn_device_free

    def remembered(driver, size, address):
        status = allocate(driver, size, address)
        live.add(address._obj.value)
        return status

    def forgotten(driver, address):
        live.remove(address)
        return free(driver, address)

    monkeypatch.setattr(library, "attn_device_allocate", remembered)
    monkeypatch.setattr(library, "attn_device_free", forgotten)
    kernel(*inputs(), return_lse=True, driver="emulator")
    assert not live
    with pytest.raises(ValueError, match="of one shape"):
        kernel(*replaced(2, lambda x: x[:, :, 1:]), driver="emulator")
    assert not live


# What is wrong


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"dtype": "float32"}, ValueError, "'dtype' expected 'float16' or 'bfloat16', found 'flo"),
        ({"dtype": None}, ValueError, "'dtype' expected .* found None"),
        ({"head_dim": 72}, ValueError, "64, 96, 128, 192.*found '?72"),
        ({"head_dim": 64.0}, TypeError, "'head_dim' expected an integer, found float"),
        ({"target": "sm_75"}, ValueError, "sm_80.*sm_90a.*found '?sm_75"),
        ({"target": "x86-64-v4"}, ValueError, "sm_80.*sm_90a.*found '?x86-64-v4"),
        ({"target": None}, TypeError, "'target' expected a string, found NoneType"),
        ({"pattern": "causal"}, TypeError, "'pattern' expected a Pattern, found str"),
    ],
    ids=str,
)
def test_wrong_compilations(causal, options, error, message):
    given = {"pattern": causal, "dtype": "float16", "head_dim": 64, "target": "sm_80", **options}
    with pytest.raises(error, match=message):
        ao.compile(**given)


def test_kernels_are_made_by_compile():
    with pytest.raises(TypeError, match="'Kernel' is made by attn_opt.compile"):
        ao.Kernel()


def test_an_unbound_pattern(longformer):
    kernel = ao.compile(longformer, "float16", 64, "sm_80")
    with pytest.raises(ValueError, match="'longformer' expected values for its arguments"):
        kernel(*inputs(), driver="emulator")


def replaced(index, change, **sizes):
    arrays = inputs(**sizes)
    arrays[index] = change(arrays[index])
    return arrays


WRONG = {
    "list": (
        lambda: replaced(0, np.ndarray.tolist),
        TypeError,
        "'query' expected a NumPy array or a torch tensor, found builtins.list",
    ),
    "masked": (lambda: replaced(2, np.ma.array), TypeError, "'value' .* found numpy.ma"),
    "dtype": (
        lambda: replaced(1, lambda x: x.astype(np.float32)),
        TypeError,
        "'key' expected dtype float16, found float32",
    ),
    "rank": (
        lambda: replaced(2, lambda x: x[0]),
        ValueError,
        r"'value' expected 4 dimensions, found 3: \(2, 7, 64\)",
    ),
    "shapes": (lambda: replaced(2, lambda x: x[:, :, 1:]), ValueError, "of one shape, found"),
    "heads": (lambda: inputs(heads=3), ValueError, "query heads a multiple of key heads"),
    "features": (
        lambda: inputs(features=128),
        ValueError,
        "'query' expected 64 features, the kernel's head dim, found 128",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arrays(kernel, case):
    make, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        kernel(*make(), driver="emulator")


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"driver": "/nowhere/libcuda.so.1"}, RuntimeError, "/nowhere/libcuda.so.1"),
        ({"driver": None}, TypeError, "'driver' expected a string, found NoneType"),
        ({"layout": "sbhd"}, ValueError, "'layout' expected 'bhsd' or 'bshd', found 'sbhd'"),
        ({"scale": math.nan}, ValueError, "'scale' expected a finite f32 number, found nan"),
        ({"offset": 1 << 40}, ValueError, "attention failed: "),
    ],
    ids=str,
)
def test_wrong_options(kernel, options, error, message):
    with pytest.raises(error, match=message):
        kernel(*inputs(), **{"driver": "emulator", **options})


def test_a_device_that_does_not_fit(causal, monkeypatch):
    monkeypatch.setenv("ATTN_EMULATOR_CAPABILITY", "80")
    kernel = ao.compile(causal, "float16", 96, "sm_90a")
    with pytest.raises(RuntimeError, match="90.*80|9.0.*8.0"):
        kernel(*inputs(features=96), driver="emulator")


@pytest.mark.parametrize(
    "status, error, message",
    [(9, RuntimeError, "driver of that name"), (6, ValueError, "attention failed: ")],
)
def test_a_launch_that_fails(kernel, monkeypatch, status, error, message):
    """What the driver says is an error of its own; the rest is about the call."""
    library = _library.library()
    monkeypatch.setattr(library, "attn_device_launch", lambda *_: status)
    monkeypatch.setattr(library, "attn_last_error", lambda: b"no driver of that name")
    with pytest.raises(error, match=message):
        kernel(*inputs(), driver="emulator")
