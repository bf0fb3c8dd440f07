"""Networks that were trained in other frameworks keep their accuracy as integers, and Lava agrees in every spike."""

import norse.torch as norse
import numpy as np
import pytest
import snntorch as snn
import torch
from sklearn.datasets import load_digits
from snntorch import utils
from spikingjelly.activation_based import functional, neuron
from torch import nn

from autosnn_hw import from_torch, simulate
from autosnn_hw.deploy.from_graph.network import chip_network
from autosnn_hw.deploy.from_torch import compare, framework_run
from autosnn_hw.deploy.from_torch.network import plan_torch
from autosnn_hw.deploy.from_torch.traced_module import trace
from autosnn_hw.simulate import exact
from autosnn_hw.training.finetuning.imported_network import fit

pytestmark = pytest.mark.slow
STEPS, TEST = 6, 360


@pytest.fixture(scope="module")
def digits():
    """Spike frames (N, T, 1, 8, 8), brighter pixels more often, and labels; the last 360 are for testing."""
    found = load_digits()
    chance = found.images[:, None, None] / 16
    frames = np.random.default_rng(0).random((len(chance), STEPS, 1, 8, 8)) < chance
    return frames.astype(np.uint8), found.target.astype(np.int64)


def of_snntorch():
    lif = lambda: snn.Leaky(beta=0.8, reset_mechanism="zero", init_hidden=True)  # noqa: E731
    synaptic = snn.Synaptic(alpha=0.3, beta=0.8, reset_mechanism="zero", init_hidden=True, reset_delay=False)
    return nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), lif(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(96, 10), synaptic)  # fmt: skip


def of_norse():
    p = norse.LIFBoxParameters(tau_mem_inv=torch.tensor(300.0), v_th=torch.tensor(0.4), method="super", alpha=torch.tensor(20.0))  # fmt: skip
    return norse.SequentialState(nn.Conv2d(1, 6, 3, padding=1), norse.LIFBoxCell(p), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(96, 10), norse.LIFBoxCell(p))  # fmt: skip


def of_spikingjelly():
    return nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), neuron.ParametricLIFNode(2.0), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(96, 10), neuron.LIFNode(2.0))  # fmt: skip


def soft_snntorch():
    """snnTorch's default: the threshold is taken off, one step late."""
    lif = lambda: snn.Leaky(beta=0.8, init_hidden=True)  # noqa: E731
    return nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), lif(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(96, 10), lif())


def soft_spikingjelly():
    return nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), neuron.LIFNode(2.0, v_reset=None), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(96, 10), neuron.IFNode(v_reset=None))  # fmt: skip


def votes(net, x):
    """Output spikes of a batch (N, T, ..), summed over the steps, from reset states."""
    if isinstance(net, norse.SequentialState):
        state, total = None, 0
        for step in range(STEPS):
            spikes, state = net(x[:, step], state)
            total = total + spikes
        return total
    (utils.reset if any(isinstance(part, snn.Leaky) for part in net) else functional.reset_net)(net)
    return sum(net(x[:, step]) for step in range(STEPS))


def trained(make, frames, labels, epochs=15):
    """The net, trained by its framework on all but the last `TEST` samples."""
    torch.manual_seed(0)
    net, x, y = make(), torch.tensor(frames[:-TEST]).float(), torch.tensor(labels[:-TEST])
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(votes(net, x[batch]), y[batch]).backward()
            optimiser.step()
    return net


@pytest.mark.parametrize("make", [of_snntorch, of_norse, of_spikingjelly])
def test_integers_are_within_a_point_of_the_framework(make, digits, one_thread):
    frames, labels = digits
    net = trained(make, frames, labels)
    network = from_torch(net, (1, 8, 8), timesteps=STEPS)
    pytest.importorskip("lava")
    done = compare(net, network, frames[-TEST:], labels[-TEST:], lava=True)
    assert done["accuracy"]["float"] > 0.8 and done["lava_mismatches"] == 0
    assert abs(done["accuracy"]["float"] - done["accuracy"]["lava"]) <= 0.01 + 1e-9
    assert simulate(network, frames[-TEST:]).cost.energy_total.value > 0


@pytest.mark.parametrize("make", [soft_snntorch, soft_spikingjelly, of_norse])
def test_fine_tuning_brings_back_what_reset_to_zero_costs(make, digits, one_thread):
    """With a reset that the chip has (norse) there is nothing to bring back, and nothing is lost."""
    frames, labels = digits
    net = trained(make, frames, labels)
    traced = trace(net)
    plan = plan_torch(traced, (1, 8, 8), reset="hard")
    train, validation = (slice(None, -TEST - 200), slice(-TEST - 200, -TEST))
    done = fit(plan, (frames[train], labels[train]), (frames[validation], labels[validation]), epochs=4)
    test = frames[-TEST:], labels[-TEST:]
    there = float((framework_run.run(net, traced, test[0]).outputs.argmax(1) == test[1]).mean())
    network = chip_network(done.plan, STEPS)
    before, after = ((exact.run(each, test[0]).predictions(each.readout) == test[1]).mean() for each in (chip_network(plan), network))  # fmt: skip
    assert after >= before - 0.01 and after >= there - 0.03 and there > 0.8
    pytest.importorskip("lava")
    from autosnn_hw.simulate import lava
    from autosnn_hw.simulate import trace as traces

    assert traces.compare(exact.trace(network, test[0][:24]), lava.trace(network, test[0][:24])) is None
