"""Holds the rule of who may include whom: one table, checked against every #include.

usage: link-rules.py SOURCE_ROOT
"""

import pathlib
import re
import sys

# A stage, and the stages whose headers its files may include besides its own.
STAGES = {
    "IR": set(),
    "Bands": {"IR"},
    "Proofs": {"IR", "Bands"},
    "Schedule": {"IR", "Bands", "Proofs"},
    "CodeGen/Common": {"IR", "Bands", "Schedule"},
    "CodeGen/CPU": {"IR", "Bands", "Schedule", "CodeGen/Common"},
    "CodeGen/GPU": {"IR", "Bands", "Schedule", "CodeGen/Common"},
    "Target": {"Runtime"},  # never the ops of attn
    "Runtime": set(),
    "Emulator": set(),
    "Pipelines": {"IR", "Bands", "Proofs", "Schedule", "CodeGen/CPU", "CodeGen/GPU", "Target"},
    "Reference": {"IR"},
    "CAPI": {"IR", "Bands", "Schedule", "Target", "Runtime", "Pipelines", "Reference"},
}
# The ABI of kernels, what code is generated for and calls are made of: a header, and the stages (by
# a prefix) that may include it.
ABI = {
    "attn/Runtime/Kernel.h": ("CodeGen/", "Reference"),
    "attn/Runtime/Device.h": ("CodeGen/GPU",),
}
# Headers of MLIR and LLVM that only some stages may include, by a pattern of their paths.
RESERVED = [
    (re.compile(r"mlir/Analysis/Presburger/"), {"Proofs"}),
    (re.compile(r"mlir/Target/"), {"Target"}),
    (re.compile(r"mlir/Dialect/GPU/|mlir/Dialect/LLVMIR/NVVM"), {"CodeGen/GPU", "Target", "Pipelines"}),
    (re.compile(r"llvm/(CodeGen|ExecutionEngine|IR|MC|Object|Passes|Target|Transforms)/"), {"Target"}),
    (re.compile(r"(mlir|llvm)(-c)?/"), set(STAGES) - {"Runtime", "Emulator"}),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def stage_of(path):
    """The stage of a path below lib/ or include/attn/, or None."""
    parts = path.parts
    name = "/".join(parts[:2]) if parts[0] == "CodeGen" else parts[0]
    return name if name in STAGES else None


def check(stage, include):
    """What is wrong with an include of a stage; None if nothing."""
    if include in ABI and stage.startswith(ABI[include]):
        return None
    if include.startswith("attn/"):
        other = stage_of(pathlib.PurePosixPath(include).relative_to("attn"))
        if other is None:
            return f"'{include}' belongs to no stage"
        if other != stage and other not in STAGES[stage]:
            return f"{stage} may not include {other} ('{include}')"
    if include.startswith("attn-c/") and stage != "CAPI":
        return f"{stage} may not include the C library ('{include}')"
    for pattern, allowed in RESERVED:
        if pattern.match(include) and stage not in allowed:
            return f"{stage} may not include '{include}'"
        if pattern.match(include):
            break
    return None


def main(root):
    files = 0
    mistakes = []
    for folder in (root / "lib", root / "include" / "attn"):
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".cpp", ".h"):
                continue
            files += 1
            stage = stage_of(path.relative_to(folder))
            if stage is None:
                mistakes.append(f"{path.relative_to(root)}: belongs to no stage")
                continue
            for include in INCLUDE.findall(path.read_text()):
                if mistake := check(stage, include):
                    mistakes.append(f"{path.relative_to(root)}: {mistake}")
    print("\n".join(mistakes + [f"{files} files, {len(mistakes)} mistakes"]))
    return 1 if mistakes or not files else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
