"""The regulariser is the firing rate of the counter, with the gradient that the whole loss has."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from autosnn_hw.activity import spike_totals
from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.simulate import exact
from autosnn_hw.training.finetuning.finetune import fit
from autosnn_hw.training.loop import Schedule, identity_of
from autosnn_hw.training.modules.spiking_network import SpikeCounter, SpikingNetwork
from autosnn_hw.training.spike_regularisation import FiringRate
from autosnn_hw.training.trainer import evaluate_network, train_network
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_trainer import fair_step, train_supernet

TINY = Architecture.parse("SRB_k3,SCB_k3,skip,SRB_k3,skip", width=4, timesteps=3)

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_rate_is_the_counters(digits, images):
    network = SpikingNetwork(TINY, digits.image, digits.classes).eval()
    rate, counter = FiringRate(), SpikeCounter()
    network(images, rate)
    network(images, counter)
    assert 0 < rate.rate.item() == pytest.approx(counter.total / counter.possible, rel=1e-6)


@pytest.mark.parametrize("image", [(1, 8, 8), (1, 64, 64)])  # the second has a convolution before its first slot
def test_fair_sampling_has_the_gradient_of_the_whole_loss(image):
    """Stem once and its gradients summed = every path's own loss through the whole network."""
    genes = [[("SRB_k3", 1), ("skip", 1)]] * 5
    network = SuperNetwork("SNN_1", 2, 2, image, 3, genes=genes).double()
    x, target = torch.randn(4, *image, dtype=torch.float64), F.one_hot(torch.tensor([0, 1, 2, 0]), 3).double()
    paths = [network.path([slot[i % 2] for i, slot in enumerate(genes, shift)]) for shift in (0, 1)]
    loss = fair_step(network, x, target, paths, 0.7)
    found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad(set_to_none=True)
    total = torch.zeros((), dtype=torch.float64)
    for path in paths:
        count = FiringRate()
        votes = network(x, path, count)
        total = total + F.mse_loss(votes / 2, target) + 0.7 * count.spikes / count.possible
    total.backward()
    assert loss.item() == pytest.approx(total.item() / 2)
    assert found.keys() == {name for name, p in network.named_parameters() if p.grad is not None}
    for name, parameter in network.named_parameters():
        if name in found:
            torch.testing.assert_close(found[name], parameter.grad, rtol=1e-9, atol=1e-12)


def test_more_of_it_leaves_fewer_spikes_in_floats_and_in_integers(few):
    found = []
    for weight in (0.0, 3.0):
        schedule = Schedule(3, 1e-2, 16, spike_regularisation=weight)
        network = train_network(TINY, few, schedule=schedule, full_train=False).network
        spikes = evaluate_network(network, few, few.x_val, few.y_val)
        tuned = fit(network.to_folded(few), few, epochs=1, full_train=True, spike_regularisation=weight).folded
        on_chip = spike_totals(exact.run(lower(tuned), few.x_val))["chip"]
        found.append((spikes.spikes, spikes.firing_rate, on_chip))
    (none, none_rate, none_chip), (much, much_rate, much_chip) = found
    assert much < 0.8 * none and much_chip < 0.8 * none_chip
    assert none / none_rate == pytest.approx(much / much_rate)  # what both divide by


def test_a_super_network_is_regularised_too(few):
    schedule = Schedule(1, 1e-2, 48)
    plain, held = (
        train_supernet(few, width=2, timesteps=2, schedule=s, must_learn=False)
        for s in (schedule, replace(schedule, spike_regularisation=5.0))
    )
    assert held.losses != plain.losses


def test_without_it_a_run_is_the_one_it_was(few):
    schedule = Schedule(2, 1e-2, 16)
    assert "spike_regularisation" not in identity_of("network", few, schedule)["schedule"]
    regularised = identity_of("network", few, replace(schedule, spike_regularisation=0.1))
    assert regularised["schedule"]["spike_regularisation"] == 0.1
