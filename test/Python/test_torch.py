"""The call on torch tensors. Skipped, visibly, where torch is missing."""

import numpy as np
import pytest

import attn_opt as ao

torch = pytest.importorskip("torch", reason="torch is not installed: ATTN_TORCH=1 ./dev test")


def inputs(sq=5, sk=7):
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 4, sq, 16), (2, 2, sk, 16), (2, 2, sk, 16)]
    return [torch.randn(shape, generator=generator) for shape in shapes]


def test_a_tensor_gives_a_tensor(causal):
    query, key, value = inputs()
    output, lse = ao.attention(query, key, value, causal, return_lse=True)
    assert isinstance(output, torch.Tensor) and output.dtype == torch.float32
    expected = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, torch.from_numpy(causal.mask(5, 7)), enable_gqa=True
    )
    torch.testing.assert_close(output, expected)
    assert lse.shape == (2, 4, 5)
    assert not output.requires_grad and not lse.requires_grad


def test_the_same_bits_as_numpy(longformer):
    tensors = inputs()
    output = ao.attention(*tensors, longformer(w=1, g=1))
    expected = ao.attention(*(tensor.numpy() for tensor in tensors), longformer(w=1, g=1))
    assert output.numpy().tobytes() == expected.tobytes()


def test_layouts_and_strides(causal):
    tensors = inputs()
    expected = ao.attention(*tensors, causal)
    swapped = [tensor.transpose(1, 2).contiguous() for tensor in tensors]
    output = ao.attention(*swapped, causal, layout="bshd")
    assert output.is_contiguous()
    assert torch.equal(output.transpose(1, 2), expected)
    # A view of the other layout, read where it lies.
    assert torch.equal(ao.attention(*(s.transpose(1, 2) for s in swapped), causal), expected)
    wide = [torch.cat([tensor, tensor], dim=3)[..., :16] for tensor in tensors]
    assert torch.equal(ao.attention(*wide, causal), expected)


def test_expanded_tensors(causal):
    tensors = [tensor[:1, :1] for tensor in inputs()]
    expected = ao.attention(*tensors, causal)
    output = ao.attention(*(tensor.expand(3, 4, -1, -1) for tensor in tensors), causal)
    assert torch.equal(output, expected.expand(3, 4, -1, -1))


def test_empty(causal):
    assert ao.attention(*inputs(sq=0), causal).shape == (2, 4, 0, 16)
    output, lse = ao.attention(*inputs(sk=0), causal, return_lse=True)
    assert not output.any() and bool((lse == -torch.inf).all())


def test_gradients_are_refused_where_they_would_be_lost(causal):
    query, key, value = inputs()
    key.requires_grad_()
    with pytest.raises(ValueError, match="'key' expected no gradient.*torch.no_grad"):
        ao.attention(query, key, value, causal)
    with torch.no_grad():
        output = ao.attention(query, key, value, causal)
    assert torch.equal(output, ao.attention(query, key.detach(), value, causal))
    parameter = torch.nn.Parameter(query, requires_grad=False)
    assert torch.equal(ao.attention(parameter, key.detach(), value, causal), output)


@pytest.mark.parametrize(
    "change, error, message",
    [
        (
            lambda x: x.double(),
            TypeError,
            "'value' expected dtype torch.float32, found torch.float64",
        ),
        (lambda x: x.bfloat16(), TypeError, "found torch.bfloat16"),
        (lambda x: x.numpy(), TypeError, "'value' .* like 'query', found numpy.ndarray"),
        (
            lambda x: x.to("meta"),
            ValueError,
            "'value' expected a dense CPU tensor, found device meta",
        ),
        (lambda x: x.to_sparse(), ValueError, "layout torch.sparse_coo"),
        (lambda x: torch.complex(x, x).conj().imag, ValueError, "a lazy negation"),
        (lambda x: x[0], ValueError, r"'value' expected 4 dimensions, found 3: \(2, 7, 16\)"),
        (lambda x: x.repeat_interleave(2, 3)[..., ::2], ValueError, "Tensor.contiguous"),
    ],
)
def test_wrong_tensors(change, error, message):
    query, key, value = inputs()
    with pytest.raises(error, match=message):
        ao.attention(query, key, change(value))


def test_kinds_do_not_mix():
    query, key, value = inputs()
    with pytest.raises(TypeError, match="'key' .* like 'query', found torch.Tensor"):
        ao.attention(np.asarray(query), key, value)
