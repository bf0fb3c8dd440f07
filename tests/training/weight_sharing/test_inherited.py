"""A path taken out of a super-network computes what it computed there, and is a network of its own."""

import numpy as np
import pytest
import torch

from autosnn_hw.architecture import stage_layout
from autosnn_hw.deploy.batch_norm import calibrated, deploy_candidate
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.errors import InputError
from autosnn_hw.training.evaluation import Images
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count
from autosnn_hw.training.trainer import train_network
from autosnn_hw.training.weight_sharing.inherited import inherited_network
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

WAYS = [("skip", 1), ("SCB_k3", 1), ("SRB_k5", 1), ("SRB_k3", 2)]
CROSSBAR = Fabric("memoryless", True, 128)


@pytest.fixture(
    params=[
        (FLOAT, "entangled", 32),
        (FLOAT, "separate", 32),
        (CROSSBAR, "entangled", 32),
        (FLOAT, "entangled", 4),
    ],
    ids=["shared", "own", "crossbar", "pooled first"],
)
def supernet(request, monkeypatch):
    fabric, sharing, side = request.param
    monkeypatch.setattr(stage_layout, "FIRST_SIDE", side)  # 4: a pool and a convolution stand before TBD1
    torch.manual_seed(3)
    network = SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10, genes=[WAYS] * 5, sharing=sharing, fabric=fabric)
    with torch.no_grad():  # weights that spike, and norms that are not all alike
        for parameter in network.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.rand_like(parameter))
    return network.eval()


@pytest.fixture
def path(supernet):
    return supernet.path([WAYS[3], WAYS[1], WAYS[2], WAYS[0], WAYS[2]])


def test_it_votes_as_the_path_does(supernet, path, digits):
    network = inherited_network(supernet, path, digits, digits.x_train[:64])
    images = Images(digits, digits.x_val[:32]).batch(slice(None))
    with (
        torch.no_grad(),
        supernet.lent(path, supernet.estimate(path, Images(digits, digits.x_train[:64]).batch(slice(None)))),
    ):
        theirs = supernet(images, path)
    with torch.no_grad():
        ours = network(images)
    assert theirs.any() and torch.equal(ours, theirs)


def test_its_weights_are_its_own_and_all_of_them_are_counted(supernet, path, digits):
    before = {name: tensor.clone() for name, tensor in supernet.state_dict().items()}
    network = inherited_network(supernet, path, digits, digits.x_train[:64])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in supernet.state_dict().items())
    counted = parameter_count(*supernet.modules_of(path))
    assert (
        counted
        == parameter_count(network)
        == parameter_count(
            SpikingNetwork(
                path,
                digits.image,
                10,
                fabric=supernet.fabric,
            )
        )
    )


def test_it_is_deployed_as_the_candidate_is(supernet, path, digits):
    """What a search judges and what training goes on from are the same integers, once both are calibrated alike."""
    images, target = digits.x_train[:16], "truenorth" if supernet.fabric.ternary else "loihi2"
    candidate = deploy_candidate(supernet.to_folded(path, digits), images, target)
    network = inherited_network(supernet, path, digits, digits.x_train[:64])
    again = lower(calibrated(network.to_folded(digits), images, target), target)
    for ours, theirs in zip(again.layers, candidate.layers):
        np.testing.assert_array_equal(ours.neuron.vth_mant, theirs.neuron.vth_mant)
        np.testing.assert_array_equal(ours.neuron.v_decay, theirs.neuron.v_decay)
        np.testing.assert_array_equal(getattr(ours, "weight", 0), getattr(theirs, "weight", 0))


def test_training_goes_on_from_it_and_leaves_it_alone(supernet, path, digits, tmp_path):
    network = inherited_network(supernet, path, digits, digits.x_train[:64])
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    schedule, file = Schedule(1, 1e-9, 256), tmp_path / "a.safetensors"
    trained = train_network(path, digits, schedule=schedule, full_train=False, initial=network, checkpoint=file).network
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    for (name, ours), theirs in zip(trained.named_parameters(), network.parameters()):
        torch.testing.assert_close(ours, theirs, msg=name)
    assert trained.fabric == supernet.fabric
    with torch.no_grad():
        next(network.parameters()).add_(1)
    with pytest.raises(InputError, match="different initial"):
        train_network(path, digits, schedule=schedule, full_train=False, initial=network, checkpoint=file)


def test_a_path_that_is_not_there_is_refused(supernet, digits):
    with pytest.raises(InputError, match="is not in this super-network"):
        inherited_network(supernet, supernet.path([("SIB_k3_e3", 1)] * 5), digits, digits.x_train[:8])
