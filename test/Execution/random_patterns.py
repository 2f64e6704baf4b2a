"""Random patterns, each as the text of a spec and as a Python formula that says the same.

The formula is built beside the text, from the definitions of the ops, so it is a witness that
shares nothing with the compiler.
"""

import random

SIZES = (1, 2, 3, 5, 8, 16, 24)


class RandomPattern:
    """`text` is a spec with one pattern of arguments a and b; `sees` is its definition."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._lines = ["%n = attn.length"]
        self.arguments = {"a": self._random.randint(-4, 30), "b": self._random.randint(-4, 30)}
        mask, self.formula = self._mask(self._random.randint(1, 3))
        body = "\n".join(f"  {line}" for line in [*self._lines, f"attn.yield {mask}"])
        self.text = f"attn.pattern @random(%a: index, %b: index) {{\n{body}\n}}\n"
        self._code = compile(self.formula, f"<seed {seed}>", "eval")

    def sees(self, q, k, n):
        return bool(eval(self._code, {"q": q, "k": k, "n": n, **self.arguments}))

    def _op(self, text, formula):
        name = f"%m{len(self._lines)}"
        self._lines.append(f"{name} = attn.{text}")
        return name, f"({formula})"

    def _number(self, low, high):
        """A literal, an argument or the length: as MLIR and as Python."""
        kind = self._random.random()
        if kind < 0.6:
            literal = str(self._random.randint(low, high))
            return literal, f"({literal})"
        name = self._random.choice("abbaan")
        return f"%{name}", name

    def _mask(self, depth):
        if depth == 0:
            return self._leaf()
        kind = self._random.choice(("intersect", "union", "difference", "complement", "leaf"))
        if kind == "leaf":
            return self._leaf()
        if kind == "complement":
            mask, formula = self._mask(depth - 1)
            return self._op(f"complement {mask}", f"not {formula}")
        count = 2 if kind == "difference" else self._random.randint(2, 3)
        masks, formulas = zip(*(self._mask(depth - 1) for _ in range(count)))
        joint = {"intersect": " and ", "union": " or ", "difference": " and not "}[kind]
        return self._op(f"{kind} {', '.join(masks)}", joint.join(formulas))

    def _leaf(self):
        leaves = (
            self._all,
            self._causal,
            self._window,
            self._window,
            self._keys,
            self._queries,
            self._block,
            self._chunk,
            self._prefix,
            self._where,
            self._where,
        )
        return self._random.choice(leaves)()

    def _all(self):
        return self._op("all", "True")

    def _causal(self):
        return self._op("causal", "k <= q")

    def _window(self):
        before, before_formula = self._number(-3, 20)
        after, after_formula = self._number(-3, 20)
        dilation = self._random.choice((1, 1, 1, 2, 3, 7))
        text = f"window before {before} after {after}"
        text += f" dilation {dilation}" if dilation > 1 else ""
        return self._op(
            text,
            f"q - {before_formula} * {dilation} <= k <= q + {after_formula} * {dilation} "
            f"and (q - k) % {dilation} == 0",
        )

    def _keys(self):
        begin, begin_formula = self._number(-5, 30)
        end, end_formula = self._number(0, 60)
        return self._op(f"keys {begin} to {end}", f"{begin_formula} <= k < {end_formula}")

    def _queries(self):
        begin, begin_formula = self._number(-5, 30)
        end, end_formula = self._number(0, 60)
        return self._op(f"queries {begin} to {end}", f"{begin_formula} <= q < {end_formula}")

    def _block(self):
        size, shift = self._random.choice(SIZES), self._random.choice((0, 0, 1, -3))
        before, after = self._random.choice((0, 0, 1, 2)), self._random.choice((0, 0, 1))
        text = f"block {size}" + (f" shift {shift}" if shift else "")
        text += f" before {before} after {after}" if before or after else ""
        q, k = f"(q - ({shift})) // {size}", f"(k - ({shift})) // {size}"
        return self._op(text, f"{q} - {before} <= {k} <= {q} + {after}")

    def _chunk(self):
        size = self._random.choice(SIZES)
        return self._op(f"chunk {size}", f"k <= q and q // {size} == k // {size}")

    def _prefix(self):
        length, formula = self._number(0, 40)
        return self._op(f"prefix {length}", f"k <= q or k < {formula}")

    def _where(self):
        size, c = self._random.choice(SIZES), self._random.randint(0, 40)
        constraint, formula = self._random.choice(
            (
                (f"(q - k) mod {size} == 0", f"(q - k) % {size} == 0"),
                (f"k mod {size + 3} - 2 >= 0", f"k % {size + 3} >= 2"),
                (f"q mod {size + 2} - 1 == 0", f"q % {size + 2} == 1"),
                (f"q - {size} * k >= 0", f"q >= {size} * k"),
                (
                    f"q floordiv {size} - k floordiv {size} - 1 == 0",
                    f"q // {size} - k // {size} == 1",
                ),
                (f"n - 1 - k - {c} >= 0", f"n - 1 - k >= {c}"),
                (
                    f"(n - 1) floordiv {size} - k floordiv {size} == 0",
                    f"(n - 1) // {size} == k // {size}",
                ),
                # Outside the band language: the compiler masks the whole hull.
                (f"q + k - {c} >= 0", f"q + k >= {c}"),
                (f"(q + k) mod {size + 1} == 0", f"(q + k) % {size + 1} == 0"),
            )
        )
        return self._op(f"where affine_set<(q, k)[n] : ({constraint})>[%n]", formula)
