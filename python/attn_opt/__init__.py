"""Attention sparsity patterns, compiled.

    import attn_opt as ao

    longformer = ao.load("patterns/longformer.mlir")
    p = longformer(w=256, g=16)             # binds arguments; one kernel serves all of them
    output = ao.attention(query, key, value, pattern=p)
    print(p)                                # formula, picture, density

Arrays are NumPy arrays or CPU torch tensors of float32, used where they lie. The compiler is a
shared library that is called in process; a kernel is compiled at the first call that needs it.
Importing this package imports neither torch nor the library.
"""

from ._attention import attention
from ._library import SpecError, get_num_threads, set_num_threads, version
from ._pattern import Pattern, load, parse

__all__ = [
    "Pattern",
    "SpecError",
    "attention",
    "get_num_threads",
    "load",
    "parse",
    "set_num_threads",
    "version",
]
