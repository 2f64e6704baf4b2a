"""Patterns as objects: where they come from, how arguments bind, what they say of themselves."""

import gc
import pickle
import re
import weakref

import numpy as np
import pytest

import attn_opt as ao
from conftest import CAUSAL, LONGFORMER


def test_load_finds_the_pattern_of_a_file(root):
    pattern = ao.load(root / "patterns" / "longformer.mlir")
    assert pattern.name == "longformer"
    assert pattern.parameters == ("w", "g")


def test_load_of_a_missing_file():
    with pytest.raises(FileNotFoundError):
        ao.load("no-such-file.mlir")


def test_a_file_of_several_patterns():
    text = LONGFORMER + CAUSAL
    assert ao.parse(text, pattern="causal") == ao.parse(CAUSAL)
    assert ao.parse(text, "longformer").parameters == ("w", "g")
    with pytest.raises(
        ValueError, match=r"two\.mlir: expected one pattern, found longformer, causal"
    ):
        ao.parse(text, name="two.mlir")
    with pytest.raises(ValueError, match="expected a pattern 'window', found longformer, causal"):
        ao.parse(text, pattern="window")
    with pytest.raises(ValueError, match="expected one pattern, found none"):
        ao.parse("")


@pytest.mark.parametrize(
    "text",
    [
        "attn.pattern @p {",
        "attn.pattern @p { %m = attn.cousal attn.yield %m }",
        "attn.pattern @p { %m = attn.block 0 attn.yield %m }",
        "\N{SNOWMAN}",
    ],
)
def test_a_spec_that_does_not_parse(text):
    with pytest.raises(ao.SpecError) as raised:
        ao.parse(text, name="mine.mlir")
    assert re.match(r"mine\.mlir:\d+:\d+: error: ", str(raised.value))
    assert isinstance(raised.value, ValueError)


def test_text_must_be_text():
    with pytest.raises(TypeError, match="'parse' expected text, found bytes"):
        ao.parse(b"attn.pattern")


def test_patterns_are_made_by_parse():
    with pytest.raises(TypeError, match="made by attn_opt.load or attn_opt.parse"):
        ao.Pattern()


# Arguments


def test_binding(longformer):
    bound = longformer(w=3, g=np.int64(1))
    assert bound.arguments == {"w": 3, "g": 1}
    assert longformer.arguments is None
    # The order of the names is of no weight; bound arguments can be bound again.
    assert bound == longformer(g=1, w=3) == bound(w=0, g=0)(g=1, w=3)
    assert repr(bound) == "<pattern longformer(w=3, g=1)>"
    assert repr(longformer) == "<pattern longformer(w, g), not bound>"


def test_a_pattern_without_parameters_is_bound(causal):
    assert causal.arguments == {}
    assert causal() == causal


@pytest.mark.parametrize(
    "arguments, found",
    [({}, r"\(\)"), ({"w": 1}, r"\(w\)"), ({"w": 1, "g": 1, "h": 1}, r"\(w, g, h\)")],
)
def test_missing_and_unknown_arguments(longformer, arguments, found):
    with pytest.raises(
        TypeError, match=rf"'longformer' expected arguments \(w, g\), found {found}"
    ):
        longformer(**arguments)


def test_arguments_by_position(longformer):
    with pytest.raises(TypeError, match=r"expected arguments \(w, g\) by name, found 2 without"):
        longformer(1, 2)


@pytest.mark.parametrize("value, kind", [(1.0, "float"), ("1", "str"), (None, "NoneType")])
def test_arguments_are_integers(longformer, value, kind):
    with pytest.raises(TypeError, match=f"'longformer' expected an integer for 'g', found {kind}"):
        longformer(w=1, g=value)


def test_arguments_have_64_bits(longformer):
    with pytest.raises(ValueError, match="'longformer' expected 'w' within"):
        longformer(w=1 << 70, g=0)
    assert longformer(w=1 << 62, g=0).count(5, 5) == 25
    assert longformer(w=-(1 << 62), g=0).count(5, 5) == 0


@pytest.mark.parametrize("method", ["mask", "tiles", "count", "picture"])
def test_an_unbound_pattern_says_how_to_bind_it(longformer, method):
    with pytest.raises(ValueError, match=r"bind them: longformer\(w=\.\.\., g=\.\.\.\)"):
        getattr(longformer, method)(4, 4)


# Identity


def test_equality_is_that_of_the_canonical_form(longformer, causal):
    again = ao.parse(LONGFORMER.replace("%near", "%window").replace("  ", "    "))
    assert again(w=1, g=2) == longformer(w=1, g=2)
    assert hash(again(w=1, g=2)) == hash(longformer(w=1, g=2))
    assert longformer(w=1, g=2) != longformer(w=2, g=2)
    assert longformer(w=1, g=2) != longformer
    assert causal != longformer
    assert causal != "causal"
    folded = ao.parse(
        "attn.pattern @causal { %a = attn.causal %m = attn.union %a, %a attn.yield %m }"
    )
    assert folded == causal
    assert len({folded, causal, longformer(w=1, g=2), again(w=1, g=2)}) == 2


def test_pickle(longformer, causal):
    for pattern in (causal, longformer, longformer(w=4, g=0)):
        copy = pickle.loads(pickle.dumps(pattern))
        assert copy == pattern
        assert copy.arguments == pattern.arguments
    assert b"attn.pattern" in pickle.dumps(causal)


def test_a_binding_keeps_what_it_needs():
    pattern = ao.parse(LONGFORMER)(w=1, g=1)
    gc.collect()
    assert pattern.count(4, 4) == 14
    alive = weakref.ref(pattern)
    del pattern
    gc.collect()
    assert alive() is None


def test_patterns_are_immutable(causal):
    with pytest.raises(AttributeError):
        causal.name = "other"


# At given sizes


def test_mask(longformer):
    mask = longformer(w=1, g=1).mask(4, 5)
    assert mask.dtype == np.bool_
    assert mask.astype(int).tolist() == [
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 0, 1, 1, 1],
        [1, 0, 0, 1, 1],
    ]
    assert longformer(w=1, g=1).mask(1, 3, offset=0).tolist() == [[True] * 3]
    assert longformer(w=1, g=0).mask(2, 2, offset=5, key_offset=5).all()


def test_tiles(causal):
    tiles = causal.tiles(40, 40, tile=(16, 16))
    assert tiles.dtype == np.int8
    # A tile that crosses the last key is never full.
    assert tiles.tolist() == [[1, 0, 0], [2, 1, 0], [2, 2, 1]]
    assert causal.tiles(0, 40).shape == (0, 1)
    assert causal.tiles(40, 40, tile=(8, 40)).tolist() == [[1]] * 5


def test_count_needs_no_mask(causal, longformer):
    million = 1 << 20
    assert causal.count(million, million) == million * (million + 1) // 2
    assert causal.count(1, million) == million
    w, g = 256, 16
    inside = longformer(w=w, g=0).count(million, million)
    assert inside == million * (2 * w + 1) - w * (w + 1)
    assert longformer(w=w, g=g).count(4, 5, offset=0) == 20


@pytest.mark.parametrize("method", ["mask", "tiles", "count", "picture"])
def test_sizes_are_checked(causal, method):
    with pytest.raises(ValueError, match="'sq' expected a number from 0 to 2\\^30, found -1"):
        getattr(causal, method)(-1, 4)
    with pytest.raises(TypeError, match="'sk' expected an integer, found float"):
        getattr(causal, method)(4, 4.0)


def test_tile_sizes_are_checked(causal):
    with pytest.raises(ValueError, match="'tile' expected a number from 1"):
        causal.tiles(4, 4, tile=(0, 4))


def test_print(longformer, causal):
    text = str(longformer(w=1, g=1))
    title, formula, *picture, density = text.splitlines()
    assert title == "longformer(w=1, g=1)"
    assert formula.strip() == longformer.formula
    assert "w" in formula and "g" in formula
    assert len(picture) == 16
    assert picture[0].split() == ["#"] * 16 or picture[0].strip() == "#" * 16
    assert density == "  16 x 16: 28.9 % of the pairs are visible"
    assert str(longformer).splitlines() == ["longformer(w, g)", f"  {longformer.formula}"]
    assert str(causal).splitlines()[0] == "causal()"
