"""Attention sparsity patterns, compiled.

    import attn_opt as ao

    longformer = ao.load("patterns/longformer.mlir")
    p = longformer(w=256, g=16)             # binds arguments; one kernel serves all of them
    output = ao.attention(query, key, value, pattern=p)
    print(p)                                # formula, picture, density

Arrays are NumPy arrays or CPU torch tensors of float32, or CUDA torch tensors of float16 or
bfloat16, used where they lie. The compiler is a shared library that is called in process; a kernel
is compiled at the first call that needs it. Importing this package imports neither torch nor the
library.

    kernel = ao.compile(p, dtype="bfloat16", head_dim=128, target="sm_90a")     # needs no GPU
    output = kernel(query, key, value, driver="emulator")                       # nor does this
"""

from ._attention import attention
from ._device import Kernel, compile
from ._library import SpecError, get_num_threads, set_num_threads, version
from ._pattern import Pattern, load, parse

__all__ = [
    "Kernel",
    "Pattern",
    "SpecError",
    "attention",
    "compile",
    "get_num_threads",
    "load",
    "parse",
    "set_num_threads",
    "version",
]
