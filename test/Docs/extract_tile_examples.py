"""Prints the examples of TileOps.td as one input of attn-opt, cases split at `// -----`.

usage: extract_tile_examples.py FILE

An example in a description is one op. It is completed to a function whose arguments are the op's
operands, of the types that ODS and the example give them. An op without an example, or whose example
does not show it, is an error.
"""

import re
import sys

DEFINITION = re.compile(r'^def Tile_\w+\s*:\s*Tile_(?:Op|TiedOp)<"([a-z_]+)"(.*?)^}',
                        re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"```mlir\n(.*?)```", re.DOTALL)
VALUE = re.compile(r"%\w+")
OPERANDS = re.compile(r"let arguments = \(ins (.*?)\);", re.DOTALL)
FORMAT = re.compile(r"let assemblyFormat = (?:\[\{(.*?)\}\]|\"(.*?)\");", re.DOTALL)
TYPES = {"I32": "i32", "I64": "i64", "F32": "f32", "Tile_RowValue": "vector<2xf32>",
         "Tile_Shared": "!llvm.ptr<3>", "Tile_Global": "!llvm.ptr<1>", "Tile_TensorMap": "!llvm.ptr"}


def split(text):
    """The parts of a list of types, whose vectors hold no comma."""
    return [part.strip() for part in text.split(",") if part.strip()]


def operand_types(body, example):
    """The type of each value that the example uses, in the order of the assembly format."""
    declared = {name: kind for kind, name in re.findall(r"(\S+):\$(\w+)", OPERANDS.search(body).group(1))}
    layout = "".join(FORMAT.search(body).groups(default=""))
    # What stands behind the operands says the types that ODS leaves open.
    open_types = re.findall(r"(?<!`)type\(\$(\w+)\)", layout)
    trailing = re.search(r" : ((?:(?:vector<\w+>|i32)(?:, | -> )?)+)\s*$", example.rstrip())
    written = split(trailing.group(1).replace("->", ",")) if trailing else []
    order = [name for name in re.findall(r"(?<!\()\$(\w+)", layout) if name in declared
             and not declared[name].startswith(("Tile_Int", "Tile_Element"))]
    used = VALUE.findall(example[example.index("attn_tile."):])
    if "Variadic" in body:
        return list(zip(used, written))
    known = dict(zip(open_types, written))
    same = re.findall(r'AllTypesMatch<\["(\w+)", "(\w+)"\]>', body)
    for a, b in same:
        known.setdefault(b, known.get(a))
    return [(value, TYPES.get(declared[name]) or known[name]) for value, name in zip(used, order)]


def completed(mnemonic, number, body, example):
    header = ", ".join(f"{name}: {kind}" for name, kind in operand_types(body, example))
    return f"func.func @{mnemonic}_{number}({header}) {{\n{example.strip()}\nreturn\n}}"


def main(path):
    errors = []
    with open(path, encoding="utf-8") as file:
        text = file.read()
    definitions = DEFINITION.findall(text)
    for mnemonic, body in definitions:
        examples = [re.sub(r"^    ", "", part, flags=re.MULTILINE) for part in EXAMPLE.findall(body)]
        if not any(re.search(rf"attn_tile\.{mnemonic}\b", part) for part in examples):
            errors.append(f"{path}: the description of 'attn_tile.{mnemonic}' has no example of it")
        for number, part in enumerate(examples):
            print(f"{completed(mnemonic, number, body, part)}\n// -----\n")
    if not definitions:
        errors.append(f"{path}: no op found")
    print("\n".join(errors), file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
