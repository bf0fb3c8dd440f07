"""Batch norm of parts against torch's of the whole, in float64."""

import pytest
import torch
import torch.nn.functional as F
from support.networks.shared_batches import Sums

from autosnn_hw.training.modules.whole_batch_norm import whole_batch_norm


@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("parts", [(5, 7), (1, 3, 8)], ids=str)
def test_parts_are_normalised_as_the_whole_and_their_gradients_add_up(parts, format):
    random = torch.Generator().manual_seed(0)
    shape = (sum(parts), 5, 3, 4)
    x = (2 * torch.randn(shape, generator=random, dtype=torch.float64) + 3).contiguous(memory_format=format)
    grad = torch.randn(shape, generator=random, dtype=torch.float64)
    weight, bias = torch.randn(2, 5, generator=random, dtype=torch.float64)

    def leaves(values):
        return [value.clone().requires_grad_() for value in (values, weight, bias)]

    whole = leaves(x)
    expected = F.batch_norm(whole[0], None, None, *whole[1:], True, 0.0, 1e-5)
    expected.backward(grad)

    def part(rank, add):
        own = leaves(x.split(parts)[rank])
        out = whole_batch_norm(*own, 1e-5, add)
        out.backward(grad.split(parts)[rank])
        return out.detach(), *(leaf.grad for leaf in own)

    out, grad_x, grad_weight, grad_bias = zip(*Sums(len(parts)).run(part))
    close = {"rtol": 1e-11, "atol": 1e-11}
    torch.testing.assert_close(torch.cat(out), expected.detach(), **close)
    torch.testing.assert_close(torch.cat(grad_x), whole[0].grad, **close)
    torch.testing.assert_close(sum(grad_weight), whole[1].grad, **close)
    torch.testing.assert_close(sum(grad_bias), whole[2].grad, **close)


def test_a_large_mean_costs_no_digits_beyond_those_of_the_numbers():
    """Sums of squares of float32 would lose the variance of numbers around 1,000: these are float64."""
    random = torch.Generator().manual_seed(1)
    x = torch.randn(64, 2, 4, 4, generator=random) + 1000
    ones, zeros = torch.ones(2), torch.zeros(2)
    exact = F.batch_norm(x.double(), None, None, ones.double(), zeros.double(), True, 0.0, 1e-5)
    parts = Sums(2).run(lambda rank, add: whole_batch_norm(x.chunk(2)[rank], ones, zeros, 1e-5, add))
    # 1,000 has neighbours 6e-5 apart in float32, so a mean is known to half of that.
    assert (torch.cat(parts).double() - exact).abs().max() < 2e-4
