"""The GPU benchmark, end to end on the emulated driver; and its table, from made-up samples."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="torch is not installed: ATTN_TORCH=1 ./dev test")

KERNELS = ["causal_bf16_d64_.*", "longformer_f16_d64_.*", "dilated-4-causal_bf16_d64_sm_80"]


@pytest.fixture(scope="module")
def folder(root, tmp_path_factory):
    """What prepare.py makes: the scripts that run are the copies in it."""
    folder = tmp_path_factory.mktemp("gpu")
    command = [sys.executable, root / "benchmarks" / "gpu" / "prepare.py", folder]
    subprocess.run([*command, "--kernels", *KERNELS], check=True, timeout=300)
    return folder


def run(folder, *options):
    command = [sys.executable, folder / "run.py", "--driver", "emulator", "--tiny", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def result(folder, suffix):
    (path,) = (folder / "results").glob(f"*-emulated{suffix}")
    return path.read_text()


def test_kernels_agree_with_the_formula(folder):
    done = run(folder, "--targets", "sm_80", "sm_90a")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 of 5 kernels (sm_80, sm_90a) agree with the formula in f64" in done.stdout
    document = json.loads(result(folder, ".json"))
    assert len(document["checks"]) == 5 and not document["rows"]
    assert all(0 < check["share_of_tolerance"] <= 1 for check in document["checks"])


def test_a_wrong_kernel_is_found(folder):
    """A predicate that is not the kernel's."""
    script = folder / "patterns.py"
    right = script.read_text()
    try:
        script.write_text(right.replace("lambda q, k, n: k <= q)", "lambda q, k, n: k < q)", 1))
        done = run(folder, "--kernels", "causal_bf16_d64_sm_90a")
    finally:
        script.write_text(right)
    assert done.returncode == 1
    assert "wrong results: causal_bf16_d64_sm_90a" in done.stderr
    assert "0 of 1 kernels" in result(folder, ".md")


def test_what_is_missing_is_said(folder):
    done = run(folder, "--kernels", "nothing")
    assert done.returncode == 1
    assert "expected kernels for sm_90a in" in done.stderr
    command = [sys.executable, folder / "run.py", "--driver", "/nowhere/libcuda.so.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "/nowhere/libcuda.so.1" in done.stderr
