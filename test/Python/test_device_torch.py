"""Kernels for GPUs on torch tensors, of the host and on the emulated device, where they lie."""

import ctypes

import numpy as np
import pytest

import attn_opt as ao
from attn_opt import _device, _library
from device_cases import TARGETS, TOLERANCE, close, inputs
from formula import dense

torch = pytest.importorskip("torch", reason="torch is not installed: ATTN_TORCH=1 ./dev test")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_cpu_tensors(causal, target, dtype):
    kernel = ao.compile(causal, dtype, 64, target)
    tensors = [torch.from_numpy(x).to(getattr(torch, dtype)) for x in inputs()]
    output, lse = kernel(*tensors, return_lse=True, driver="emulator")
    assert output.dtype == tensors[0].dtype and lse.dtype == torch.float32
    expected, expected_lse = dense(*(x.double().numpy() for x in tensors), causal.mask(5, 7))
    slack = 1 if dtype == "float16" else 8
    torch.testing.assert_close(
        output.double(), torch.from_numpy(expected), rtol=0, atol=slack * TOLERANCE
    )
    np.testing.assert_allclose(lse, expected_lse, rtol=0, atol=1e-3)


def test_tensors_of_the_host_are_refused_by_attention(causal):
    tensors = [torch.from_numpy(x) for x in inputs()]
    with pytest.raises(TypeError, match="float16; kernels of 16 bits are for GPUs.*ao|attn_opt"):
        ao.attention(*tensors, causal)


class EmulatedDevice:
    """Makes tensors that say they are on a GPU, and lie in the emulated device's memory."""

    def __init__(self):
        self.driver = _device._driver("emulator")
        self.library = _library.library()
        self.capability = (9, 0)
        self.addresses = []

    def place(self, tensor, index=0):
        tensor = tensor.contiguous()
        size, address = tensor.numel() * tensor.element_size(), ctypes.c_void_p()
        self.check(self.library.attn_device_allocate(self.driver, size, ctypes.byref(address)))
        self.addresses.append(address)
        self.check(self.library.attn_device_upload(self.driver, address, tensor.data_ptr(), size))
        placed = tensor.as_subclass(DeviceTensor)
        placed.address, placed.index, placed.owner = address.value or 0, index, self
        return placed

    def fetch(self, tensor):
        host = torch.empty(tensor.shape, dtype=tensor.dtype)
        size = host.numel() * host.element_size()
        self.check(self.library.attn_device_synchronize(self.driver, None))
        self.check(
            self.library.attn_device_download(self.driver, host.data_ptr(), tensor.address, size)
        )
        return host

    def check(self, status):
        assert status == 0, self.library.attn_last_error()


class DeviceTensor(torch.Tensor):
    is_cuda = True
    is_cpu = False
    device = property(lambda self: torch.device("cuda", self.index))

    def data_ptr(self):
        return self.address

    def new_empty(self, shape, dtype=None):
        return self.owner.place(torch.empty(shape, dtype=dtype or self.dtype), self.index)


class Stream:
    cuda_stream = None


@pytest.fixture
def device(monkeypatch):
    device = EmulatedDevice()
    monkeypatch.setattr(_device, "_cuda", "emulator")
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: device.capability)
    _device._target_of.cache_clear()
    yield device
    _device._target_of.cache_clear()
    for address in device.addresses:
        device.library.attn_device_free(device.driver, address)


@pytest.mark.parametrize("capability", [(8, 6), (9, 0), (10, 0)])
def test_attention_picks_the_target_by_the_device(causal, device, capability):
    """On the emulated device, which is of capability 9.0: the target of (10, 0) runs there too."""
    device.capability = capability
    arrays = inputs()
    tensors = [device.place(torch.from_numpy(x)) for x in arrays]
    output, lse = ao.attention(*tensors, causal, return_lse=True)
    assert output.is_cuda and output.dtype == torch.float16
    found = device.fetch(output).numpy(), device.fetch(lse).numpy()
    close(found, dense(*arrays, causal.mask(5, 7)))
    target = "sm_90a" if capability == (9, 0) else "sm_80"
    assert _device._target_of(torch, 0) == target
    kernel = ao.compile(causal, "float16", 64, target)
    np.testing.assert_array_equal(kernel(*arrays, driver="emulator"), found[0])
    assert torch.equal(device.fetch(kernel(*tensors)), torch.from_numpy(found[0]))


def test_strides_of_tensors_on_the_device(causal, device):
    arrays = inputs()
    tensors = [device.place(torch.from_numpy(x.swapaxes(1, 2).copy())) for x in arrays]
    output = ao.attention(*tensors, causal, layout="bshd")
    kernel = ao.compile(causal, "float16", 64, "sm_90a")
    expected = kernel(*arrays, driver="emulator")
    np.testing.assert_array_equal(device.fetch(output).numpy().swapaxes(1, 2), expected)


HALVES = torch.ones(2, 2, 7, 64, dtype=torch.float16)
WRONG_TENSORS = {
    "capability": (
        lambda device, tensors: setattr(device, "capability", (7, 5)),
        ValueError,
        "'query' expected a device of compute capability 8.0 or later, found 7.5",
    ),
    "dtype": (
        lambda device, tensors: tensors.__setitem__(0, device.place(HALVES.float())),
        TypeError,
        "'query' expected dtype torch.float16 or torch.bfloat16 on a GPU, found torch.float32",
    ),
    "mixed dtypes": (
        lambda device, tensors: tensors.__setitem__(2, device.place(HALVES.bfloat16())),
        TypeError,
        "'value' expected dtype torch.float16, found torch.bfloat16",
    ),
    "mixed kinds": (
        lambda device, tensors: tensors.__setitem__(1, np.ones((2, 2, 7, 64), np.float16)),
        TypeError,
        "'key' expected a torch tensor, like 'query', found numpy.ndarray",
    ),
    "host": (
        lambda device, tensors: tensors.__setitem__(1, HALVES),
        ValueError,
        "'key' expected device cuda:0, that of 'query', found cpu",
    ),
    "other device": (
        lambda device, tensors: setattr(tensors[2], "index", 1),
        ValueError,
        "'value' expected device cuda:0, that of 'query', found cuda:1",
    ),
    "alignment": (
        lambda device, tensors: setattr(tensors[1], "address", tensors[1].address + 2),
        ValueError,
        "'key' expected an address and strides at multiples of 16 bytes, found",
    ),
    "gradient": (
        lambda device, tensors: tensors[2].requires_grad_(),
        ValueError,
        "'value' expected no gradient",
    ),
}


@pytest.mark.parametrize("case", WRONG_TENSORS)
def test_wrong_tensors(causal, device, case):
    change, error, message = WRONG_TENSORS[case]
    tensors = [device.place(torch.from_numpy(x)) for x in inputs()]
    change(device, tensors)
    with pytest.raises(error, match=message):
        ao.attention(*tensors, causal)


def test_tensors_on_the_device_need_their_own_driver(causal, device):
    tensors = [device.place(torch.from_numpy(x)) for x in inputs()]
    kernel = ao.compile(causal, "float16", 64, "sm_80")
    with pytest.raises(ValueError, match="'driver' expected 'cuda' for CUDA tensors, found 'emul"):
        kernel(*tensors, driver="emulator")
