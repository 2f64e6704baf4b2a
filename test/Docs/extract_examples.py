"""Prints the examples of the ODS files as one input of attn-opt, cases split at `// -----`.

usage: extract_examples.py DIRECTORY

An example in a description is a fragment. It is completed by what a reader would imagine around it: masks
stand in a pattern, visits in a schedule, attention in a function; values that it does not define are
arguments, patterns that it does not define are declared. An op without an example, or whose example does
not show it, is an error.
"""

import pathlib
import re
import sys

DEFINITION = re.compile(r'^def Attn_\w+\s*:\s*Attn_\w+<"([a-z_]+)"(.*?)^}', re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"```mlir\n(.*?)```", re.DOTALL)
VALUE = re.compile(r"%\w+")
COMBINATOR = re.compile(r"attn\.(?:intersect|union|difference|complement|yield) ([^\n]*)")
REFERENCE = re.compile(r"\b(?:mask|of|assert|within|equals) @(\w+)(?:\(([^)]*)\))?")
HEADER = ["t", "query_length", "key_length", "offset", "key_offset", "length"]


def unique(names):
    return list(dict.fromkeys(names))


def free_values(text):
    """Values that the text uses and does not define, in the order of their first use."""
    defined = set()
    for line in text.splitlines():
        if "=" in line and line.lstrip().startswith("%"):
            defined.update(VALUE.findall(line.split("=")[0]))
        defined.update(re.findall(r"(%\w+): index", line))
    return [name for name in unique(VALUE.findall(text)) if name not in defined]


def arguments(names):
    return "(" + ", ".join(f"{name}: index" for name in names) + ")" if names else ""


def declared_patterns(text):
    """Declarations of the patterns that the text refers to, with as many arguments as it passes."""
    passed = dict(REFERENCE.findall(text))
    return "".join(pattern(name, len(VALUE.findall(passed[name]))) for name in passed)


def pattern(name, count):
    header = arguments([f"%x{i}" for i in range(count)])
    return f"attn.pattern @{name}{header} {{\n  %m = attn.all\n  attn.yield %m\n}}\n"


def in_pattern(text):
    used_as_mask = {name for uses in COMBINATOR.findall(text) for name in VALUE.findall(uses)}
    free = free_values(text)
    masks = "".join(f"  {name} = attn.all\n" for name in free if name in used_as_mask)
    numbers = [name for name in free if name not in used_as_mask]
    defined = re.findall(r"(%\w+)\s*= attn\.(?!length)", text)
    result = defined[-1] if defined else "%mask"
    masks += "" if defined else "  %mask = attn.all\n"
    return f"attn.pattern @example{arguments(numbers)} {{\n{masks}{text}  attn.yield {result}\n}}\n"


def in_schedule(text):
    free = free_values(text)
    header = arguments([f"%{name}" for name in HEADER] + free)
    return (pattern("example", len(free)) +
            "attn.schedule @example.fwd of @example tile [16, 16] merge(scan) {\n"
            f"^tile{header}:\n{text}}}\n")


def in_function(text):
    tensors = re.search(r"attn\.attention (%\w+), (%\w+), (%\w+)", text).groups()
    types = re.search(r" : ([^>]*>), ([^>]*>), ([^>]*>)", " ".join(text.split())).groups()
    numbers = [name for name in free_values(text) if name not in tensors]
    header = ", ".join([f"{name}: {type}" for name, type in zip(tensors, types)] +
                       [f"{name}: index" for name in numbers])
    return declared_patterns(text) + f"func.func @example({header}) {{\n{text}  return\n}}\n"


def completed(text):
    if "attn.attention" in text:
        return in_function(text)
    if "attn.pattern" in text:
        return text
    if "attn.schedule" in text or "attn.assert" in text:
        return declared_patterns(text) + text
    return in_schedule(text) if "attn.visit" in text else in_pattern(text)


def main(directory):
    errors = []
    for file in sorted(pathlib.Path(directory).glob("*.td")):
        for mnemonic, body in DEFINITION.findall(file.read_text(encoding="utf-8")):
            examples = EXAMPLE.findall(body)
            if not any(re.search(rf"attn\.{mnemonic}\b", text) for text in examples):
                errors.append(f"{file.name}: the description of 'attn.{mnemonic}' has no example of it")
            for text in examples:
                print(f"// attn.{mnemonic}\n{completed(text)}\n// -----\n")
    print("\n".join(errors), file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
