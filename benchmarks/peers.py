"""Attention by others, each as a function without arguments that computes a case once.

A peer that cannot be imported, or has no form for a mask, is absent. Every peer runs on one thread
and in its best layout; its output is returned as [batch, heads, rows, features] to be checked.
"""

import ctypes
import dataclasses
import importlib.util

import numpy as np

import attn_opt as ao

PATTERNS = """
attn.pattern @dense { %m = attn.all  attn.yield %m }
attn.pattern @causal { %m = attn.causal  attn.yield %m }
attn.pattern @window(%before: index) { %m = attn.window before %before after 0  attn.yield %m }
"""


@dataclasses.dataclass(frozen=True)
class Case:
    """`kind` is dense, causal or window; a window is a number of tokens, its own included."""

    kind: str
    length: int
    features: int
    heads: int = 8
    window: int = 0

    def __str__(self):
        kind = f"window {self.window}" if self.window else self.kind
        return f"{kind}, S {self.length}, D {self.features}, H {self.heads}"

    def pattern(self):
        pattern = ao.parse(PATTERNS, self.kind)
        return pattern(before=self.window - 1) if self.window else pattern

    def inputs(self):
        generator = np.random.default_rng(0)
        shape = (1, self.heads, self.length, self.features)
        return [generator.standard_normal(shape, dtype=np.float32) for _ in range(3)]


def ours(case, inputs):
    pattern = case.pattern()
    query, key, value = inputs
    return {"attn-opt": lambda: ao.attention(query, key, value, pattern)}


def prototype(path, case, inputs):
    """A library with `forward(d, heads, s, causal, before, q, k, v, o, lse)` for D = 64 and 128."""
    if not path or case.features not in (64, 128):
        return {}
    forward = ctypes.CDLL(path).forward
    output, lse = np.empty_like(inputs[0]), np.empty(inputs[0].shape[:3], np.float32)
    # Unlike a bare address, these keep their arrays alive.
    memory = [array.ctypes.data_as(ctypes.c_void_p) for array in (*inputs, output, lse)]
    causal = int(case.kind != "dense")

    def call():
        forward(case.features, case.heads, case.length, causal, case.window, *memory)
        return output

    return {"prototype": call}


def torch_sdpa(case, inputs):
    """Default, and "medium": products in oneDNN, at f32 accuracy on processors without AMX."""
    if not importlib.util.find_spec("torch"):
        return {}
    import torch

    torch.set_num_threads(1)
    query, key, value = (torch.from_numpy(array) for array in inputs)
    mask = torch.from_numpy(case.pattern().mask(case.length, case.length)) if case.window else None
    causal = case.kind == "causal"

    def default():
        with torch.no_grad():
            return torch.nn.functional.scaled_dot_product_attention(
                query, key, value, attn_mask=mask, is_causal=causal
            )

    def medium():
        torch.set_float32_matmul_precision("medium")
        try:
            return default()
        finally:
            torch.set_float32_matmul_precision("highest")

    return {"torch SDPA": default, "torch SDPA medium": medium}


def torch_flex(case, inputs):
    if not case.window or not importlib.util.find_spec("torch"):
        return {}
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    torch.set_num_threads(1)
    torch._dynamo.reset()
    query, key, value = (torch.from_numpy(array) for array in inputs)
    window = case.window

    def rule(batch, head, q, k):
        return (k <= q) & (q - k < window)

    blocks = create_block_mask(rule, None, None, case.length, case.length, device="cpu")
    compiled = torch.compile(flex_attention)

    def call():
        with torch.no_grad():
            return compiled(query, key, value, block_mask=blocks)

    return {"torch flex compiled": call}


def onnx_runtime(case, inputs):
    """MultiHeadAttention, GroupQueryAttention (causal only) and the standard's Attention-23."""
    if not (importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx")):
        return {}
    import onnxruntime
    from onnx import TensorProto, helper

    _, heads, length, features = inputs[0].shape
    hidden = heads * features
    merged = [np.ascontiguousarray(x.swapaxes(1, 2)).reshape(1, length, hidden) for x in inputs]
    causal = int(case.kind == "causal")

    def session(node, feeds, domain, opset):
        types = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int32): TensorProto.INT32}
        graph = helper.make_graph(
            [node],
            "attention",
            [
                helper.make_tensor_value_info(name, types[array.dtype], array.shape)
                for name, array in feeds.items()
            ],
            [helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)],
        )
        imports = [helper.make_opsetid("", opset)]
        if domain:
            imports.append(helper.make_opsetid(domain, 1))
        model = helper.make_model(graph, opset_imports=imports, ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        built = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return lambda: built.run(None, feeds)[0]

    def heads_first(output):
        return output.reshape(1, length, heads, features).swapaxes(1, 2)

    calls = {}
    if case.window:
        return calls
    qkv = dict(zip(("query", "key", "value"), merged, strict=True))
    node = helper.make_node(
        "MultiHeadAttention",
        list(qkv),
        ["output"],
        domain="com.microsoft",
        num_heads=heads,
        unidirectional=causal,
    )
    multi_head = session(node, qkv, "com.microsoft", 17)
    calls["ONNX Runtime MHA"] = lambda: heads_first(multi_head())
    feeds = dict(zip(("query", "key", "value"), inputs, strict=True))
    node = helper.make_node("Attention", list(feeds), ["output"], is_causal=causal)
    calls["ONNX Runtime Attention-23"] = session(node, feeds, "", 23)
    if causal:
        lengths = {
            "lengths": np.array([length - 1], np.int32),
            "total": np.array(length, np.int32),
        }
        node = helper.make_node(
            "GroupQueryAttention",
            [*qkv, "", "", *lengths],
            ["output", "present_key", "present_value"],
            domain="com.microsoft",
            num_heads=heads,
            kv_num_heads=heads,
        )
        grouped = session(node, {**qkv, **lengths}, "com.microsoft", 17)
        calls["ONNX Runtime GQA"] = lambda: heads_first(grouped())
    return calls


def openvino(case, inputs):
    if case.window or not importlib.util.find_spec("openvino"):
        return {}
    import openvino
    from openvino import opset13

    parameters = [opset13.parameter(array.shape, np.float32) for array in inputs]
    causal = case.kind == "causal"
    attention = opset13.scaled_dot_product_attention(*parameters, causal=causal)
    compiled = openvino.Core().compile_model(
        openvino.Model([attention], parameters, "attention"),
        "CPU",
        {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1},
    )
    request = compiled.create_infer_request()
    for index, array in enumerate(inputs):
        request.set_input_tensor(index, openvino.Tensor(array, shared_memory=True))

    def call():
        request.infer()
        return request.get_output_tensor(0).data

    return {"OpenVINO": call}


PEERS = {"torch": torch_sdpa, "flex": torch_flex, "onnxruntime": onnx_runtime, "openvino": openvino}


def versions():
    found = {"attn-opt": ao.version().removeprefix("attn-opt "), "numpy": np.__version__}
    for name in ("torch", "onnxruntime", "openvino"):
        if importlib.util.find_spec(name):
            found[name] = importlib.import_module(name).__version__
    return found
