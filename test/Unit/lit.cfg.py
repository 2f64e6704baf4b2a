"""The GoogleTest executables: each of their cases is one test."""

import os

import lit.formats

config.name = "attn-opt unit"
config.suffixes = []
config.test_source_root = config.test_exec_root = os.path.join(
    config.attn_build_root, "test", "Unit"
)
config.test_format = lit.formats.GoogleTest(".", "Tests")
for name in ("ATTN_RANDOM_CASES", "ATTN_RANDOM_SEED"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
