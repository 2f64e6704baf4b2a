"""The call on NumPy arrays: results, strides, layouts, and every way in which it can be wrong."""

import math
import threading

import numpy as np
import pytest

import attn_opt as ao
from formula import dense


def inputs(batch=2, heads=4, key_heads=2, sq=5, sk=7, features=16):
    generator = np.random.default_rng(0)
    shapes = [(batch, heads, sq, features), *[(batch, key_heads, sk, features)] * 2]
    return [generator.standard_normal(shape, dtype=np.float32) for shape in shapes]


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_without_a_pattern_every_pair_is_visible():
    query, key, value = inputs()
    output, lse = ao.attention(query, key, value, return_lse=True)
    assert type(output) is np.ndarray and output.dtype == np.float32
    assert output.shape == query.shape and lse.shape == query.shape[:3]
    close(output, dense(query, key, value)[0])
    close(lse, dense(query, key, value)[1])


def test_pattern_scale_and_positions(causal):
    query, key, value = inputs()
    # By default the last query stands at the last key.
    close(
        ao.attention(query, key, value, causal),
        dense(query, key, value, causal.mask(5, 7))[0],
    )
    close(
        ao.attention(query, key, value, pattern=causal, scale=0.5, offset=4, key_offset=3),
        dense(query, key, value, causal.mask(5, 7, 4, 3), 0.5)[0],
    )


def test_rows_that_see_nothing(causal):
    query, key, value = inputs(sq=7, sk=5)
    output, lse = ao.attention(query, key, value, causal, return_lse=True)
    assert (output[:, :, :2] == 0).all() and (lse[:, :, :2] == -np.inf).all()
    assert np.isfinite(lse[:, :, 2:]).all()


def test_new_arguments_need_no_new_kernel(longformer, monkeypatch):
    query, key, value = inputs(sq=20, sk=20)
    close(
        ao.attention(query, key, value, longformer(w=1, g=0)),
        dense(query, key, value, longformer(w=1, g=0).mask(20, 20))[0],
    )
    monkeypatch.setattr(ao._pattern, "CompileOptions", None)
    for w, g in [(0, 0), (3, 2), (100, 0), (-1, 1)]:
        close(
            ao.attention(query, key, value, longformer(w=w, g=g)),
            dense(query, key, value, longformer(w=w, g=g).mask(20, 20))[0],
        )


@pytest.mark.parametrize(
    "sizes",
    [{"batch": 0}, {"heads": 0}, {"sq": 0}, {"sk": 0}, {"heads": 0, "key_heads": 0}],
    ids=str,
)
def test_empty(sizes, causal):
    query, key, value = inputs(**sizes)
    for layout in ("bhsd", "bshd"):
        if layout == "bshd":
            query, key, value = (x.swapaxes(1, 2) for x in (query, key, value))
        output, lse = ao.attention(query, key, value, causal, layout=layout, return_lse=True)
        assert output.shape == query.shape
        assert (output == 0).all() and (lse == -np.inf).all()


# Layouts and strides


def test_bshd(causal):
    query, key, value = inputs()
    expected, expected_lse = ao.attention(query, key, value, causal, return_lse=True)
    swapped = [np.ascontiguousarray(x.swapaxes(1, 2)) for x in (query, key, value)]
    output, lse = ao.attention(*swapped, causal, layout="bshd", return_lse=True)
    assert output.shape == swapped[0].shape and output.flags.c_contiguous
    np.testing.assert_array_equal(output.swapaxes(1, 2), expected)
    np.testing.assert_array_equal(lse, expected_lse)


def views(array):
    """The same elements, laid out in other ways."""
    batch, heads, rows, features = array.shape
    yield "transposed", np.ascontiguousarray(array.transpose(2, 0, 1, 3)).transpose(1, 2, 0, 3)
    wide = np.full((batch, heads, rows, features + 3), np.nan, np.float32)
    wide[..., :features] = array
    yield "rows apart", wide[..., :features]
    twice = np.full((batch, 2 * heads, 2 * rows, features), np.nan, np.float32)
    twice[:, ::2, ::2] = array
    yield "every second", twice[:, ::2, ::2]
    frozen = array.copy()
    frozen.flags.writeable = False
    yield "read-only", frozen


@pytest.mark.parametrize("kind", ["transposed", "rows apart", "every second", "read-only"])
def test_strides_are_read_in_place(causal, kind):
    arrays = inputs()
    expected = ao.attention(*arrays, causal)
    np.testing.assert_array_equal(
        ao.attention(*(dict(views(array))[kind] for array in arrays), causal), expected
    )


def test_broadcast_inputs(causal):
    query, key, value = inputs(batch=1, key_heads=1)
    expected = ao.attention(query, key, value, causal)
    # Stride 0: one key head, and one batch entry, seen as several.
    wide = [np.broadcast_to(x, (3, 4, *x.shape[2:])) for x in (query, key, value)]
    output = ao.attention(*wide, causal)
    for entry in output:
        np.testing.assert_array_equal(entry, expected[0])


def test_a_dimension_of_one_element_has_no_stride():
    query, key, value = inputs(batch=1, heads=1, key_heads=1, sq=1, sk=1)
    turned = [x[::-1, ::-1, ::-1] for x in (query, key, value)]
    np.testing.assert_array_equal(ao.attention(*turned), value)


def test_the_inputs_are_left_alone(causal):
    arrays = inputs()
    copies = [array.copy() for array in arrays]
    ao.attention(*arrays, causal)
    for array, copy in zip(arrays, copies):
        np.testing.assert_array_equal(array, copy)


def test_subclasses_and_memory_maps(tmp_path):
    arrays = inputs()
    mapped = []
    for index, array in enumerate(arrays):
        array.tofile(tmp_path / str(index))
        mapped.append(np.memmap(tmp_path / str(index), np.float32, "r", shape=array.shape))
    output = ao.attention(*mapped)
    assert type(output) is np.ndarray
    np.testing.assert_array_equal(output, ao.attention(*arrays))


# What is wrong


def replaced(index, change, **sizes):
    arrays = inputs(**sizes)
    arrays[index] = change(arrays[index])
    return arrays


UNALIGNED = (
    np.frombuffer(b"\0" * (5 * 16 * 4 + 1), np.uint8)[1:].view(np.float32).reshape(1, 1, 5, 16)
)

WRONG = {
    "list": (
        lambda: replaced(0, np.ndarray.tolist),
        TypeError,
        "'query' expected a NumPy array or a CPU torch tensor, found builtins.list",
    ),
    "none": (
        lambda: replaced(1, lambda x: None),
        TypeError,
        "'key' expected a NumPy array or a CPU torch tensor, like 'query', found builtins.NoneType",
    ),
    "masked array": (lambda: replaced(2, np.ma.array), TypeError, "'value' .* found numpy.ma"),
    "dtype": (
        lambda: replaced(1, lambda x: x.astype(np.float64)),
        TypeError,
        "'key' expected dtype float32, found float64",
    ),
    "half": (
        lambda: replaced(0, lambda x: x.astype(np.float16)),
        TypeError,
        "'query' expected dtype float32, found float16",
    ),
    "byte order": (
        lambda: replaced(0, lambda x: x.astype(">f4")),
        TypeError,
        "'query' expected dtype float32, found >f4",
    ),
    "rank": (
        lambda: replaced(2, lambda x: x[0]),
        ValueError,
        r"'value' expected 4 dimensions, found 3: \(2, 7, 16\)",
    ),
    "key and value": (
        lambda: replaced(2, lambda x: x[:, :, 1:]),
        ValueError,
        r"'key' and 'value' of one shape, found 'query' \(2, 4, 5, 16\), 'key' \(2, 2, 7, 16\), "
        r"'value' \(2, 2, 6, 16\)",
    ),
    "batch": (
        lambda: replaced(0, lambda x: x[:1]),
        ValueError,
        "'query' and 'key' of one batch size, found",
    ),
    "features": (
        lambda: replaced(0, lambda x: x[..., :8]),
        ValueError,
        "'query' and 'key' of one number of features",
    ),
    "head dim": (lambda: inputs(features=20), ValueError, "a multiple of 8 features, found 20"),
    "no features": (lambda: inputs(features=0), ValueError, "a multiple of 8 features, found 0"),
    "heads": (
        lambda: inputs(heads=3),
        ValueError,
        "query heads a multiple of key heads, found 3 and 2",
    ),
    "no key heads": (lambda: inputs(key_heads=0), ValueError, "found 4 and 0 with layout 'bhsd'"),
    "feature stride": (
        lambda: replaced(1, lambda x: np.repeat(x, 2, axis=3)[..., ::2]),
        ValueError,
        r"'key' expected strides >= 0, and 1 for the features, found \(448, 224, 32, 2\).*"
        "ascontiguousarray",
    ),
    "negative stride": (
        lambda: replaced(2, lambda x: x[:, :, ::-1]),
        ValueError,
        "'value' expected strides >= 0",
    ),
    "alignment": (
        lambda: [UNALIGNED] * 3,
        ValueError,
        "'query' expected elements at multiples of 4 bytes",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arrays(case):
    make, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        ao.attention(*make())


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"layout": "sbhd"}, ValueError, "'layout' expected 'bhsd' or 'bshd', found 'sbhd'"),
        ({"layout": None}, ValueError, "'layout' expected .* found None"),
        ({"scale": "big"}, TypeError, "'scale' expected a number, found str"),
        ({"scale": 1e300}, ValueError, "'scale' expected a finite f32 number, found 1e"),
        ({"scale": math.nan}, ValueError, "'scale' expected a finite f32 number, found nan"),
        ({"offset": 0.5}, TypeError, "'offset' expected an integer, found float"),
        ({"key_offset": "0"}, TypeError, "'key_offset' expected an integer, found str"),
        ({"offset": 1 << 80}, ValueError, r"'offset' expected a position within \+-2\^30"),
        ({"offset": 1 << 40}, ValueError, "attention failed: "),
        ({"pattern": "causal"}, TypeError, "'pattern' expected a Pattern, found str"),
    ],
    ids=str,
)
def test_wrong_options(options, error, message):
    with pytest.raises(error, match=message):
        ao.attention(*inputs(), **options)


def test_an_unbound_pattern(longformer):
    with pytest.raises(
        ValueError, match=r"'longformer' expected values for its arguments \(w, g\)"
    ):
        ao.attention(*inputs(), pattern=longformer)


# Threads


def test_number_of_threads(monkeypatch):
    assert ao.get_num_threads() >= 1
    ao.set_num_threads(3)
    assert ao.get_num_threads() == 3
    ao.set_num_threads(0)
    with pytest.raises(ValueError, match="expected a number >= 0, found -1"):
        ao.set_num_threads(-1)


def test_calls_from_many_threads(longformer):
    pattern = longformer(w=2, g=1)
    arrays = inputs(sq=70, sk=70)
    expected = ao.attention(*arrays, pattern)
    results = []

    def call():
        for _ in range(20):
            results.append(ao.attention(*arrays, pattern))

    workers = [threading.Thread(target=call) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 80
    assert all(result.tobytes() == expected.tobytes() for result in results)
