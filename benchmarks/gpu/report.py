"""Writes what was measured: every sample as JSON, the medians as a Markdown table."""

import json
import pathlib
import re

# Bytes a second that a copy reaches, about: the floor of what a sparse row can take.
BANDWIDTH = {"H200": 4.3e12, "H100": 2.9e12}


def ideal_shares(document):
    """For each sparse row: dense time over its own, as a share of what density allows."""
    shares = {}
    dense = {}
    for result in document["rows"]:
        if result["pattern"] == "dense" and "attn-opt" in result["implementations"]:
            best = min(m["median"] for m in result["implementations"].values())
            mine = result["implementations"]["attn-opt"]["median"]
            for label, median in (("ours", mine), ("best", best)):
                dense.setdefault(
                    (result["features"], result["queries"], label), median / result["flops"]
                )
    bandwidth = next((b for name, b in BANDWIDTH.items() if name in document["gpu"]), None)
    for result in document["rows"]:
        if result["pattern"] == "dense" or "attn-opt" not in result["implementations"]:
            continue
        full = result["flops"] / result["density"]
        for label in ("ours", "best"):
            rate = dense.get((result["features"], result["queries"], label))
            if rate is None:
                continue
            limit = 1 / result["density"]
            if bandwidth:
                limit = min(limit, rate * full / (result["bytes"] / bandwidth))
            speedup = rate * full / result["implementations"]["attn-opt"]["median"]
            shares[result["row"], label] = speedup / limit
    return shares


def markdown(document):
    lines = [
        f"# GPU, {document['date']}, {document['gpu']}",
        "",
        f"`{document['command']}`, commit {document['commit']}, driver {document['driver']}, "
        + ", ".join(f"{name} {version}" for name, version in document["versions"].items())
        + ".",
        "",
    ]
    checks = document["checks"]
    wrong = [check for check in checks if check["wrong"]]
    worst = max((c["share_of_tolerance"] for c in checks), default=0.0)
    lines += [
        f"{len(checks) - len(wrong)} of {len(checks)} kernels ({', '.join(document['targets'])}) "
        f"agree with the formula in f64; the largest error is {worst:.2f} of what is allowed.",
        "",
    ]
    lines += [f"* {check['kernel']}: {'; '.join(check['wrong'])}" for check in wrong]
    if document["rows"]:
        lines += [""] if wrong else []
        lines += rows_table(document)
    if document["left_out"]:
        lines += ["Not measured:", "", *(f"* {row}" for row in document["left_out"]), ""]
    if "host_seconds" in document:
        lines += [
            f"A call of the runtime keeps the host for {1e6 * document['host_seconds']:.2f} us "
            "(from Python, through ctypes).",
            "",
        ]
    return "\n".join(lines)


def rows_table(document):
    names = ["attn-opt", "cuDNN SDPA", "flash SDPA", "flex"]
    shares = ideal_shares(document)
    lines = [
        "Forward, bf16. Median milliseconds, p10 to p90; TFLOP/s by visible pairs, for us also by",
        "tiles that hold a visible pair; for the others the median of time over ours by pass.",
        "Ideal: dense time over ours as a share of what density (or memory) allows, by our dense",
        "time and by the best one measured here. flex is torch's compiled FlexAttention (Triton).",
        "",
        "| row | density | " + " | ".join(names) + " | of ideal | flex mask; first call |",
        "|---" * (len(names) + 4) + "|",
    ]
    for result in document["rows"]:
        cells = [result["row"], f"{100 * result['density']:.2f} %"]
        for name in names:
            measured = result["implementations"].get(name)
            if not measured:
                cells.append("")
                continue
            median = measured["median"]
            low, high = 1e3 * measured["p10"], 1e3 * measured["p90"]
            rate = 1e-12 * result["flops"] / median
            cell = f"{1e3 * median:.3f} ({low:.3f} to {high:.3f}), {rate:.0f}"
            if name == "attn-opt":
                cell += f" / {1e-12 * result['tile_flops'] / median:.0f}"
            elif measured["ratio"]:
                cell += f", {measured['ratio']:.2f}x"
            cells.append(cell)
        ideal = [shares.get((result["row"], label)) for label in ("ours", "best")]
        cells.append(" / ".join(f"{100 * share:.0f} %" for share in ideal if share))
        other = result["implementations"].get("flex")
        cells.append(f"{1e3 * other['mask']:.1f} ms; {other['first_call']:.1f} s" if other else "")
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    notes = [f"* {r['row']}: {note}" for r in document["rows"] for note in r["notes"]]
    return lines + notes + ([""] if notes else [])


def save(document, folder):
    """DATE-GPU.json with every sample, and .md; a second run of a day replaces the first one's."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    gpu = re.sub(r"[^a-z0-9]+", "-", document["gpu"].lower()).strip("-")
    path = folder / f"{document['date']}-{gpu}"
    path.with_name(path.name + ".json").write_text(json.dumps(document, indent=1) + "\n")
    path.with_name(path.name + ".md").write_text(markdown(document))
    return path.with_name(path.name + ".md")
