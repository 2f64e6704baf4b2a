"""Loads and launches kernels through the runtime, libattn_runtime.so: Kernel.h and Device.h."""

import ctypes
import math
import sys
import time

import torch


class Info(ctypes.Structure):
    """AttnDeviceInfo."""

    _fields_ = [
        ("struct_size", ctypes.c_uint64),
        ("symbol", ctypes.c_char_p),
        *(
            (name, ctypes.c_int32)
            for name in (
                "compute_capability is_architecture_exact dtype features threads shared_bytes "
                "query_tile key_tile panel_columns output_rows argument_count"
            ).split()
        ),
    ]


class TensorArgument(ctypes.Structure):
    """AttnTensor."""

    _fields_ = [("data", ctypes.c_void_p), ("strides", ctypes.c_int64 * 3)]


class Arguments(ctypes.Structure):
    """AttnArgs."""

    _fields_ = [
        ("struct_size", ctypes.c_uint64),
        *(
            (name, ctypes.c_int64)
            for name in "batch query_heads key_heads query_length key_length features".split()
        ),
        *((name, TensorArgument) for name in "query key value output lse".split()),
        *((name, ctypes.c_int64) for name in "offset key_offset length".split()),
        ("arguments", ctypes.POINTER(ctypes.c_int64)),
        ("argument_count", ctypes.c_int64),
        ("scale", ctypes.c_float),
    ]


class Device:
    """A driver and its device, which is torch's, or the emulated one."""

    def __init__(self, folder, driver):
        self.library = ctypes.CDLL(str(folder / "libattn_runtime.so"))
        for name in ("attn_driver_open", "attn_device_load"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.library.attn_last_error.restype = ctypes.c_char_p
        self.library.attn_status_message.restype = ctypes.c_char_p
        self.is_real = driver == "cuda"
        if self.is_real:
            if not torch.cuda.is_available():
                sys.exit("expected a GPU that torch can use, found none")
            torch.zeros(1, device="cuda")  # makes the primary context, which the runtime shares
        driver = self.library.attn_driver_open(driver.encode())
        if not driver:
            sys.exit(self.library.attn_last_error().decode())
        self.driver = ctypes.c_void_p(driver)
        self.capability = self.library.attn_driver_compute_capability(self.driver)
        # Of the emulated device: all memory, and what the storage of a tensor was copied to.
        self.memory, self.copies = [], {}

    @property
    def torch_device(self):
        return "cuda" if self.is_real else "cpu"

    def check(self, status):
        if status:
            message = self.library.attn_status_message(status).decode()
            raise RuntimeError(f"{message}: {self.library.attn_last_error().decode()}")

    def stream(self):
        if not self.is_real:
            return None
        return ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)

    def load(self, folder, entry):
        """The kernel, from its cubin where there is one, and the seconds that this took."""
        image = folder / (entry["image"] + ".cubin")
        if self.is_real and image.exists():
            data = image.read_bytes()
        else:
            data = image.with_suffix(".ptx").read_bytes() + b"\0"
        info = Info(ctypes.sizeof(Info), entry["symbol"].encode(), **entry["launch"])
        info.dtype = {"f16": 1, "bf16": 2}[entry["dtype"]]
        info.features, info.argument_count = entry["features"], len(entry["arguments"])
        begin = time.perf_counter()
        kernel = self.library.attn_device_load(
            self.driver, ctypes.byref(info), data, ctypes.c_size_t(len(data))
        )
        if not kernel:
            raise RuntimeError(self.library.attn_last_error().decode())
        return ctypes.c_void_p(kernel), time.perf_counter() - begin

    def address(self, tensor):
        """The device's address of a tensor; the emulated device gets a copy of it."""
        if self.is_real:
            return tensor.data_ptr()
        place, size = ctypes.c_void_p(), ctypes.c_size_t(tensor.untyped_storage().nbytes())
        self.check(self.library.attn_device_allocate(self.driver, size, ctypes.byref(place)))
        source = ctypes.c_void_p(tensor.untyped_storage().data_ptr())
        self.check(self.library.attn_device_upload(self.driver, place, source, size))
        self.memory.append(place)
        self.copies[tensor.untyped_storage().data_ptr()] = place, size
        offset = tensor.storage_offset() * tensor.element_size()
        return (place.value or 0) + offset

    def finish(self, *results):
        """Waits; then the tensors hold what the device computed."""
        if self.is_real:
            self.check(self.library.attn_device_synchronize(self.driver, self.stream()))
            return
        self.check(self.library.attn_device_synchronize(self.driver, None))
        for tensor in results:
            place, size = self.copies[tensor.untyped_storage().data_ptr()]
            target = ctypes.c_void_p(tensor.untyped_storage().data_ptr())
            self.check(self.library.attn_device_download(self.driver, target, place, size))

    def release(self):
        """Frees the copies."""
        for place in self.memory:
            self.library.attn_device_free(self.driver, place)
        self.memory.clear()
        self.copies.clear()


class Call:
    """A kernel and its arguments, ready to be launched again and again."""

    def __init__(self, device, kernel, entry, tensors, numbers, with_lse=True):
        self.device, self.kernel = device, kernel
        query, key, value = tensors
        batch, heads, sq, features = query.shape
        # What is not written shows.
        self.output = torch.full_like(query, math.nan)
        self.lse = torch.full(query.shape[:3], math.nan, device=query.device) if with_lse else None
        self.keep = tensors, (ctypes.c_int64 * max(1, len(numbers)))(*numbers)
        args = self.args = Arguments(ctypes.sizeof(Arguments))
        args.batch, args.query_heads, args.key_heads = batch, heads, key.shape[1]
        args.query_length, args.key_length, args.features = sq, key.shape[2], features
        named = zip(("query", "key", "value", "output"), (*tensors, self.output))
        for name, tensor in named:
            strides = (ctypes.c_int64 * 3)(*tensor.stride()[:3])
            setattr(args, name, TensorArgument(device.address(tensor), strides))
        if with_lse:
            strides = (ctypes.c_int64 * 3)(*self.lse.stride())
            args.lse = TensorArgument(device.address(self.lse), strides)
        args.offset, args.key_offset, args.length = key.shape[2] - sq, 0, key.shape[2]
        args.arguments, args.argument_count = self.keep[1], len(numbers)
        args.scale = 1 / math.sqrt(features)

    def __call__(self):
        status = self.device.library.attn_device_launch(
            self.kernel, ctypes.byref(self.args), self.device.stream()
        )
        self.device.check(status)
        return self.output
