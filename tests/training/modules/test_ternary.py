"""What a crossbar asks of training: ternary weights, a readout in blocks, as many voters as that needs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autosnn_hw.architecture import Architecture, Stage
from autosnn_hw.deploy.quantise import TERNARY, quantise, ternarise
from autosnn_hw.deploy.readout_blocks import readout_mask
from autosnn_hw.errors import InputError
from autosnn_hw.training.compute.matrix_convolution import grouped_convolution
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.blocks import ConvNorm, FactorizedReduce
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count
from autosnn_hw.training.modules.ternary import ternary
from autosnn_hw.training.modules.voting_readout import VotingReadout, voters_of
from autosnn_hw.training.trainer import train_network
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

CROSSBAR = {"fabric": Fabric("memoryless", True, 32)}


def stage(inputs, outputs):
    return Stage("readout", "readout", inputs, (outputs, 1, 1))


@pytest.mark.parametrize("shape", [(6, 3, 3, 3), (5, 40), (4, 2, 1, 1)])
def test_training_rounds_as_deployment_does_and_passes_the_gradient(shape):
    weight = torch.randn(shape, dtype=torch.float64).requires_grad_()
    with torch.no_grad():
        weight.view(-1)[::5] = 0.0  # absent synapses stay absent and do not move the threshold
    signs, gain = ternarise(weight.detach().numpy())
    ours = ternary(weight)
    np.testing.assert_allclose(ours.detach().numpy(), signs * gain.reshape(-1, *(1,) * (len(shape) - 1)), rtol=1e-12)
    cotangent = torch.randn(shape, dtype=torch.float64)
    assert torch.equal(torch.autograd.grad(ours, weight, cotangent)[0], cotangent)
    assert not ternary(torch.zeros(3, 4)).any()


@pytest.mark.parametrize("groups", [1, 2])
def test_a_trained_channel_fires_where_its_integers_do(groups):
    """Batch norm of ternary weights, memoryless: a n + b >= 1 in floats is what the integers decide, spike for spike."""
    torch.manual_seed(groups)
    layer = ConvNorm(4, 6, 3, groups=groups).eval()
    layer.ternary = True
    layer.norm.mean.normal_(0, 0.3), layer.norm.var.uniform_(0.05, 0.3), layer.norm.bias.data.normal_(0.3, 0.4)
    layer.norm.weight.data.normal_(0.6, 0.5)  # some channels are negative
    spikes = (torch.rand(20, 4, 9, 9) < 0.3).float()
    with torch.no_grad():
        fired = layer(spikes) >= 1
    integers = quantise(layer.folded().fold(), 1.0, TERNARY)
    assert set(np.unique(integers.weight)) <= {-1, 0, 1}
    count = F.conv2d(spikes, torch.from_numpy(integers.weight).float(), None, 1, 1, groups=groups)
    total = count + torch.from_numpy(integers.bias).float().view(-1, 1, 1)
    assert fired.any() and not fired.all()
    assert torch.equal(fired, total > 0)


def test_the_stride_2_skip_is_ternary_as_one_convolution():
    layer = FactorizedReduce(4, 6)
    layer.ternary = True
    spikes = (torch.rand(5, 4, 8, 8) < 0.4).float()
    folded = layer.folded()
    signs, gain = ternarise(folded.weight)
    weight = torch.from_numpy(signs * gain.reshape(-1, 1, 1, 1)).float()
    expected = layer.norm(F.conv2d(spikes, weight, None, 2, 1))
    torch.testing.assert_close(layer(spikes), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [(4, 4), (4, 3), (1, 4)])
@pytest.mark.parametrize(("kernel", "groups"), [(3, 2), (5, 2), (3, 6)])
def test_small_grouped_convolutions_as_matrix_products_are_convolutions(side, kernel, groups):
    x = torch.randn(7, 6, *side, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(12, 6 // groups, kernel, kernel, dtype=torch.float64, requires_grad=True)
    cotangent = torch.randn(7, 12, *side, dtype=torch.float64)
    results = []
    for function in (
        lambda x, w: grouped_convolution(x, w, groups),
        lambda x, w: F.conv2d(x, w, padding=kernel // 2, groups=groups),
    ):
        y = function(x, weight)
        results.append((y, *torch.autograd.grad(y, (x, weight), cotangent)))
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


def test_absent_synapses_of_the_readout_stay_absent():
    readout = VotingReadout(stage((10, 3, 3), 3 * 4), 3, block=32)
    mask = torch.from_numpy(readout_mask(90, 3, 4, 32))
    assert torch.equal(readout.mask, mask) and "mask" not in readout.state_dict()
    optimiser = torch.optim.Adam(readout.parameters(), 0.1)
    x = (torch.rand(8, 10, 3, 3) < 0.5).float()
    for _ in range(3):
        optimiser.zero_grad()
        readout(x, 2).sum().backward()
        optimiser.step()
    assert not readout.weight[~mask].any() and readout.weight[mask].any()
    assert not readout.folded().convs[0].weight[~mask.numpy()].any()
    assert parameter_count(readout) == int(mask.sum()) + sum(p.numel() for p in readout.neuron.parameters())


def test_voters_read_only_their_block():
    readout = VotingReadout(stage((6, 4, 4), 2 * 10), 2, block=32)
    x = torch.zeros(1, 6, 4, 4)
    x.view(-1)[32:64] = 1.0
    drive = F.linear(x.flatten(1), readout.weight).view(2, 10)
    assert (drive[:, np.arange(10) % 3 != 1] == 0).all() and (drive[:, 1::3] != 0).all()


@pytest.mark.parametrize(
    ("inputs", "block", "voters"), [(512, None, 10), (512, 128, 10), (1280, 128, 10), (2048, 128, 16)]
)
def test_every_input_has_a_voter(inputs, block, voters):
    assert voters_of(inputs, block) == voters
    assert block is None or readout_mask(inputs, 2, voters, block).any(axis=0).all()


def test_networks_take_the_voters_that_the_readout_needs():
    architecture = Architecture.parse("SRB_k3/2,skip/1,skip/1,SCB_k3/4,skip/1", width=8, timesteps=2)
    network = SpikingNetwork(architecture, (1, 8, 8), 5, **CROSSBAR)  # 512 inputs in blocks of 32
    assert network.voters == 16 and network.stages[-1].out_shape == (80, 1, 1)
    assert network(torch.randn(3, 1, 8, 8)).shape == (3, 5)
    supernet = SuperNetwork("SNN_1", 8, 2, (1, 8, 8), 5, **CROSSBAR)
    assert supernet.voters == 16
    stem = supernet.layers["stem"].convs[0]
    assert not stem.ternary and all(
        layer.ternary for layer in supernet.modules() if hasattr(layer, "ternary") and layer is not stem
    )


def test_the_checkpoint_says_how_it_was_trained(digits, tmp_path):
    genes = [
        [("SRB_k3", 2), ("SRB_k3", 4)],
        [("skip", 1)],
        [("SCB_k5", 2)],
        [("skip", 1)],
        [("skip", 1), ("SRB_k3", 4)],
    ]
    path = tmp_path / "supernet.safetensors"
    schedule = Schedule(1, 1e-2, 400, 0)
    options = {
        "width": 4,
        "timesteps": 2,
        "genes": genes,
        "schedule": schedule,
        "must_learn": False,
        "checkpoint": path,
    }
    trained = train_supernet(digits, **options, **CROSSBAR).network
    found = load_supernet(path)
    assert (found.fabric, found.voters) == (Fabric("memoryless", True, 32), 10)
    assert found.genes == trained.genes
    architecture = found.path([slot[-1] for slot in found.genes])
    x = torch.randn(4, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(found(x, architecture), trained(x, architecture))
    for changed in ({"readout_block": 64}, {"ternary": False}):
        with pytest.raises(InputError, match=next(iter(changed))):
            train_supernet(digits, **options, fabric=replace(CROSSBAR["fabric"], **changed))


@pytest.mark.slow
def test_a_network_alone_learns_as_a_crossbar_runs_it(digits):
    architecture = Architecture.parse("SRB_k3/1,skip/1,skip/1,SCB_k3/4,skip/1", width=8, timesteps=2)
    run = train_network(architecture, digits, schedule=Schedule(4, 1e-2, 32, 0), **CROSSBAR)
    assert run.losses[-1] < 0.7 * run.losses[0]
