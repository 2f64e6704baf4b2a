"""The GPU benchmark, end to end on the emulated driver; and its table, from made-up samples."""

import json
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: ATTN_TORCH=1 ./dev test")

KERNELS = ["causal_bf16_d64", "longformer_f16_d64", "dilated-4-causal_bf16_d64"]


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
    assert "6 of 6 kernels (sm_80, sm_90a) agree with the formula in f64" in done.stdout
    document = json.loads(result(folder, ".json"))
    assert len(document["checks"]) == 6 and not document["rows"]
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


def test_the_table_of_rows(root, monkeypatch):
    """The arithmetic of a row on made-up samples: 1 ms for us, 2 ms for the peer."""
    monkeypatch.syspath_prepend(str(root / "benchmarks" / "gpu"))
    import checks
    import report
    import rows

    launch = {"launch": {"query_tile": 64, "key_tile": 32}}
    results = []
    for pattern, milliseconds in (("dense", 4.0), ("sliding-window", 1.0)):
        arguments = {} if pattern == "dense" else {"w": 31}
        row = rows.Row(pattern, 256, 64, arguments, batch=2, heads=4, key_heads=2)
        tensors = checks.inputs(torch.bfloat16, 2, 4, 2, 256, 256, 64, "cpu")
        peer = rows.sdpa(rows.SDPBackend.MATH, [tensors], row)
        assert (peer is None) == (pattern != "dense")
        entry = {"pattern": pattern, **launch}
        if peer:
            assert 0 < rows.check_rows(peer.functions[0](), tensors, entry, row) < 2
            assert rows.check_rows(tensors[0], tensors, entry, row) > 2
        ours, other = (rows.Measured([], mask=0.0, first_call=1.0) for _ in range(2))
        ours.samples = [1e-3 * milliseconds] * 9 + [1.0]
        other.samples = [2e-3 * milliseconds] * 10
        implementations = {"attn-opt": ours, "flex": other}
        results.append(rows.summary(entry, row, implementations, ["a note"], tensors))
    window = results[1]
    # Row q sees q + 1 keys, at most 32; each 64 x 32 tile row holds a pair in 2 tiles, then 3.
    pairs = sum(min(q + 1, 32) for q in range(256))
    assert window["visible_pairs"] == 8 * pairs
    assert window["flops"] == 4 * 8 * pairs * 64
    assert window["tile_flops"] == 4 * 8 * (2 + 3 * 3) * 64 * 32 * 64
    assert window["implementations"]["attn-opt"]["median"] == 1e-3
    assert window["implementations"]["attn-opt"]["p90"] == 1e-3
    assert window["implementations"]["flex"]["ratio"] == pytest.approx(2.0)
    document = {"rows": results, "gpu": "a GPU"}
    (share,) = {share for _, share in report.ideal_shares(document).items()}
    assert share == pytest.approx(4.0 * window["density"])
    table = "\n".join(report.rows_table(document))
    assert "1.000 (1.000 to 1.000)" in table and "2.00x" in table and "a note" in table
