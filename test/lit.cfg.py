"""How lit runs the tests: `./dev test [filter]`, or lit on any folder of build/test."""

import glob
import os
import platform
import shutil
import subprocess

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
for name in ("HOME", "XDG_CACHE_HOME", "ATTN_RANDOM_CASES", "ATTN_PTXAS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions.append(("%python", config.python))
config.substitutions.append(("%patterns", os.path.join(config.attn_source_root, "patterns")))
config.substitutions.append(("%source", config.attn_source_root))
config.substitutions.append(("%build", config.attn_build_root))
config.substitutions.append(("%cc", shutil.which("cc") or "cc"))


def has_ptxas():
    """Whether NVIDIA's assembler is where the compiler looks for it."""
    if os.environ.get("ATTN_PTXAS"):
        return True
    path = os.pathsep.join([os.environ["PATH"], "/usr/local/cuda/bin"])
    if shutil.which("ptxas", path=path):
        return True
    python = shutil.which("python3", path=config.environment["PATH"])
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = python and subprocess.run(
        [python, "-I", "-c", script], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(packages and glob.glob(packages + "/nvidia/cu*/bin/ptxas"))


def processor_flags():
    try:
        with open("/proc/cpuinfo") as info:
            line = next((text for text in info if text.startswith("flags")), "")
        return set(line.split())
    except OSError:
        return set()


if has_ptxas():
    config.available_features.add("ptxas")
flags = processor_flags()
if "avx2" in flags and "fma" in flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512vl", "avx512dq", "avx512bw"} <= flags:
    config.available_features.add("avx512")
config.available_features.add(platform.machine())
