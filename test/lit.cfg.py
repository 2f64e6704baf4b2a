"""How lit runs the tests: `./dev test [filter]`, or lit on any folder of build/test."""

import os
import platform
import shutil

import lit.formats

config.name = "attn-opt"
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "lit.cfg.py", "Unit"]
config.test_format = lit.formats.ShTest(execute_external=False)
config.test_source_root = os.path.join(config.attn_source_root, "test")
config.test_exec_root = os.path.join(config.attn_build_root, "test")

tools = os.path.join(config.attn_build_root, "bin")
config.environment["PATH"] = os.pathsep.join([tools, config.llvm_tools, os.environ["PATH"]])
config.environment["PYTHONPATH"] = os.path.join(config.attn_source_root, "python")
config.environment["ATTN_BUILD_DIR"] = config.attn_build_root
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"
for name in ("HOME", "XDG_CACHE_HOME", "ATTN_RANDOM_CASES"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions.append(("%python", config.python))
config.substitutions.append(("%patterns", os.path.join(config.attn_source_root, "patterns")))
config.substitutions.append(("%source", config.attn_source_root))
config.substitutions.append(("%build", config.attn_build_root))
config.substitutions.append(("%cc", shutil.which("cc") or "cc"))


def processor_flags():
    try:
        with open("/proc/cpuinfo") as info:
            line = next((text for text in info if text.startswith("flags")), "")
        return set(line.split())
    except OSError:
        return set()


flags = processor_flags()
if "avx2" in flags and "fma" in flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512vl", "avx512dq", "avx512bw"} <= flags:
    config.available_features.add("avx512")
config.available_features.add(platform.machine())
