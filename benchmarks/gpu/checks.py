"""What every kernel must do: the right numbers, the same bits again, and NaN where it belongs."""

import math

import torch

from device import Call
from patterns import PATTERNS

SIZES = {  # batch, query heads, key heads, queries, keys
    "real": [
        (2, 4, 2, 257, 257),
        (1, 6, 1, 1000, 1000),
        (1, 2, 2, 63, 300),
        (1, 2, 1, 200, 67),
        (3, 2, 2, 1, 513),
        (1, 1, 1, 1, 1),
    ],
    "tiny": [(1, 2, 1, 40, 40), (1, 1, 1, 33, 70)],
}


def mask_of(entry, arguments, sq, sk, device, begin=0, end=None):
    """Which of the keys the queries [begin, end) see, the last query at the last key."""
    end = sq if end is None else end
    q = torch.arange(begin, end, device=device, dtype=torch.int32)[:, None] + (sk - sq)
    k = torch.arange(sk, device=device, dtype=torch.int32)[None, :]
    return PATTERNS[entry["pattern"]].sees(q, k, sk, **arguments)


def inputs(dtype, batch, heads, key_heads, sq, sk, features, device, seed=0, swapped=False):
    """N(0, 1); `swapped` lays [batch, rows, heads, features] out in memory."""
    generator = torch.Generator(device).manual_seed(seed)

    def one(count, rows):
        shape = (batch, rows, count, features) if swapped else (batch, count, rows, features)
        tensor = torch.randn(shape, generator=generator, device=device).to(dtype)
        return tensor.transpose(1, 2) if swapped else tensor

    return one(heads, sq), one(key_heads, sk), one(key_heads, sk)


def formula(query, key, value, mask, dtype):
    """Attention by its definition, every step rounded to `dtype`; and its lse."""
    group = query.shape[1] // key.shape[1]
    query = query.to(dtype)
    key, value = (x.to(dtype).repeat_interleave(group, 1) for x in (key, value))
    scores = (query @ key.transpose(2, 3)) / math.sqrt(query.shape[3])
    scores = scores.masked_fill(~mask, -math.inf)
    lse = torch.logsumexp(scores, -1)
    weights = torch.softmax(scores, -1).nan_to_num(0.0)
    return weights @ value, lse


def compare(found, lse, tensors, mask, visible=None):
    """The error against f64 as a share of what is allowed: at most twice the largest and 1.1 times
    the mean error of the unfused formula in the same dtype, or units of the last place of the
    largest output. `visible` picks the rows to be compared.
    """
    expected, expected_lse = formula(*tensors, mask, torch.float64)
    unfused, _ = formula(*tensors, mask, found.dtype)
    error = (found.double() - expected).abs()
    limit = (unfused.double() - expected).abs()
    if visible is not None:
        error, limit, lse = error[:, :, visible], limit[:, :, visible], lse[:, :, visible]
        expected_lse = expected_lse[:, :, visible]
    if error.numel() == 0:
        return 0.0
    unit = torch.finfo(found.dtype).eps * expected.abs().max().item()
    share = max(
        error.max().item() / max(2 * limit.max().item(), 2 * unit, 1e-30),
        error.mean().item() / max(1.1 * limit.mean().item(), unit / 4, 1e-30),
    )
    empty = torch.isneginf(expected_lse)
    wrong_lse = torch.where(empty, ~torch.isneginf(lse), (lse - expected_lse).abs() > 1e-3)
    if wrong_lse.any() or not math.isfinite(share):
        return math.inf
    return share


def check_kernel(device, folder, entry, sizes, torch_dtype):
    """The largest share of the tolerance over the sizes, and what is wrong beside that."""
    kernel, seconds = device.load(folder, entry)
    small = PATTERNS[entry["pattern"]].small
    numbers = [small[name] for name in entry["arguments"]]
    worst, wrong = 0.0, []
    for index, size in enumerate(sizes):
        sq, sk = size[3:]
        tensors = inputs(
            torch_dtype, *size, entry["features"], device.torch_device, index, index % 2 == 1
        )
        mask = mask_of(entry, small, sq, sk, device.torch_device)
        call = Call(device, kernel, entry, tensors, numbers)
        call()
        device.finish(call.output, call.lse)
        share = compare(call.output, call.lse, tensors, mask)
        worst = max(worst, share)
        if share > 1:
            wrong.append(f"{size}: {share:.2f} of the tolerance")
        again = Call(device, kernel, entry, tensors, numbers)
        again()
        device.finish(again.output, again.lse)
        if not torch.equal(again.output, call.output):
            wrong.append(f"{size}: other bits the second time")
        # A key that is not finite reaches the rows that see it, and no others.
        poisoned = [tensor.clone() for tensor in tensors]
        poisoned[1][:, :, sk // 2] = math.nan
        poisoned[2][:, :, sk // 2] = math.inf
        third = Call(device, kernel, entry, poisoned, numbers)
        third()
        device.finish(third.output, third.lse)
        clean = ~mask[:, sk // 2]
        if compare(third.output, third.lse, tensors, mask, clean) > 1:
            wrong.append(f"{size}: a NaN reaches rows that do not see it")
        if torch.isfinite(third.output[:, :, ~clean]).any():
            wrong.append(f"{size}: a NaN is lost")
        device.release()
    print(f"{entry['name']}: {'; '.join(wrong) or 'ok'} ({worst:.2f} of the tolerance)", flush=True)
    return {
        "kernel": entry["name"],
        "share_of_tolerance": worst,
        "wrong": wrong,
        "load_seconds": seconds,
        "compile_seconds": entry["compile_seconds"],
    }
