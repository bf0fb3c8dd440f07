"""Adam over flat memory against torch.optim.AdamW, with segments that hold nothing."""

import pytest
import torch
from torch import nn

from autosnn_hw.training.compute.adam import FlatAdam


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_segments_without_parameters_are_left_out(decay):
    torch.manual_seed(0)
    weight, bias = nn.Parameter(torch.randn(3, 2)), nn.Parameter(torch.randn(3))
    theirs = [nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())]
    peer = torch.optim.AdamW(
        [{"params": theirs[:1], "weight_decay": decay}, {"params": theirs[1:], "weight_decay": 0.0}], 1e-2
    )
    ours = FlatAdam([[weight], [], [bias]], decay)
    for _ in range(3):
        for one, other in zip((weight, bias), theirs):
            drawn = torch.randn_like(one)
            one.grad.copy_(drawn)
            other.grad = drawn
        ours.step(1e-2)
        peer.step()
    torch.testing.assert_close([weight.detach(), bias.detach()], [one.detach() for one in theirs])
