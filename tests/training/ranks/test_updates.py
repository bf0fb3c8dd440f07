"""Gradients of an update whose batch is shared: those of the whole batch, in float64."""

import numpy as np
import pytest
import torch
from support.networks.learnable import dataset
from support.networks.shared_batches import Sums
from torch import nn

from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.modules.blocks import Norm
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.ranks.ranks import Ranks, sharing_batches
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_trainer import fair_step

pytestmark = pytest.mark.usefixtures("one_thread")


class Played(Ranks):
    """A rank whose sums are those of threads."""

    def __init__(self, rank, count, add):
        super().__init__(rank, count)
        object.__setattr__(self, "add", add)


def _batch(count):
    data = dataset(count=count)
    x = torch.from_numpy(data.normalise(data.x_train[:count])).double()
    return x, torch.nn.functional.one_hot(torch.from_numpy(data.y_train[:count]), 3).double()


def test_gradients_are_exchanged_in_one_order_whatever_the_order_of_the_names():
    """A path names its segments out of sets, whose order differs from process to process."""
    adam = FlatAdam([[nn.Parameter(torch.full((size,), 0.0))] for size in (1, 2, 3)])
    assert [len(gradient) for gradient in adam.gradients_of([2, 0])] == [1, 3]
    assert adam.gradients_of([2, 0])[1] is adam.gradients[2]
    assert [len(gradient) for gradient in adam.gradients_of()] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{}, {"sharing": "separate"}, {"width": 4, "widths": (2, 4)}, {"fabric": Fabric("memoryless", True, None)}],
    ids=str,
)
@pytest.mark.parametrize("lambda_reg", [0.0, 0.3])
def test_gradients_and_losses_add_up_to_those_of_the_whole_batch(settings, lambda_reg):
    options = {"width": 3, "timesteps": 2, "image": (2, 8, 8), "classes": 3, "fabric": FLOAT} | settings
    whole = _again(options)
    paths = whole.fair_paths(np.random.default_rng(0))
    x, target = _batch(7)  # of three ranks, which have 3, 2 and 2

    def gradients(of):
        return {name: p.grad for name, p in of.named_parameters() if p.grad is not None}

    loss = fair_step(whole, x, target, paths, lambda_reg)
    expected = gradients(whole)
    networks = [_again(options) for _ in range(3)]

    def part(rank, add):
        ranks, own = Played(rank, 3, add), networks[rank]
        mine = ranks.part(len(x))
        with sharing_batches(own, ranks):
            mean = fair_step(own, x[mine], target[mine], paths, lambda_reg, share=len(x[mine]) / len(x))
        assert all(norm.add is None for norm in own.modules() if isinstance(norm, Norm))
        return float(mean), gradients(own)

    losses, found = zip(*Sums(3).run(part))
    assert sum(losses) == pytest.approx(float(loss), rel=1e-6)
    assert all(one.keys() == expected.keys() for one in found)
    largest = max(float(value.abs().max()) for value in expected.values())
    assert largest > 1e-4
    for name, value in expected.items():
        torch.testing.assert_close(sum(one[name] for one in found), value, rtol=1e-9, atol=1e-11, msg=name)


def _again(options):
    """The same network each time."""
    torch.manual_seed(0)
    return SuperNetwork("SNN_1", **options).double().train()
