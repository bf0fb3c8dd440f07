"""Narrower networks of a super-network: networks of their own whose weights are the first channels of the widest one's."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.networks.learnable import dataset

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.search.space import search_space
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.blocks import borrowed
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikeCounter, SpikingNetwork, parameter_count
from autosnn_hw.training.precision import convolving_in
from autosnn_hw.training.weight_sharing.inherited import inherited_network
from autosnn_hw.training.weight_sharing.narrow import sandwich
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

FIVE = ["SRB_k3,SCB_k3,skip,SRB_k5,SCB_k5", "skip,skip,SRB_k5,skip,SRB_k3"]
CASES = [
    *((sharing, "SNN_1", (1, 8, 8), text) for sharing in ("entangled", "separate") for text in FIVE),
    ("entangled", "SNN_2", (1, 8, 8), FIVE[0]),  # global average pooling, which has neurons
    ("entangled", "SNN_3", (2, 16, 16), "SRB_k3,skip,SCB_k3,skip,skip,SRB_k5,skip,skip"),  # skips with a stride
]


def made(sharing, space, image, widths=(3, 6)):
    network = SuperNetwork(space, widths[-1], 3, image, 10, widths=widths, sharing=sharing)
    with torch.no_grad():  # so that scales and shifts differ from channel to channel
        for parameter in network.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.rand_like(parameter))
    return network


@pytest.mark.parametrize(("sharing", "space", "image", "text"), CASES)
def test_a_narrower_path_is_a_network_of_the_first_channels(sharing, space, image, text):
    supernet = made(sharing, space, image)
    wide = Architecture.parse(text, space=space, width=6, timesteps=3)
    narrow = replace(wide, width=3)
    network = SpikingNetwork(narrow, image, 10)
    for own, theirs in zip(network.layers, supernet.modules_of(wide)):
        state = {**dict(theirs.named_parameters()), **borrowed(theirs)}
        for name, parameter in own.named_parameters():
            parameter.data.copy_(state[name][tuple(slice(size) for size in parameter.shape)])
    x = torch.rand(9, *image)
    counts = SpikeCounter(), SpikeCounter()
    with torch.no_grad():
        assert torch.equal(network.train()(x, counts[0]), supernet(x, narrow, counts[1]))
    assert counts[0].by_stage == counts[1].by_stage and counts[0].total > 0
    assert parameter_count(*supernet.modules_of(narrow)) == parameter_count(network)


def test_gradients_reach_the_first_channels_and_no_others():
    supernet = made("entangled", "SNN_1", (1, 8, 8))
    path = Architecture.parse(FIVE[0], width=3, timesteps=3)
    supernet(torch.rand(9, 1, 8, 8), path).square().sum().backward()
    stem = supernet.layers["stem"].convs[0]
    for gradient in (stem.conv.weight.grad, stem.norm.weight.grad):
        assert gradient[:3].any() and not gradient[3:].any()
    readout = supernet.layers["readout"].linear.weight.grad
    inputs = readout.shape[1] // 2
    assert readout[:, :inputs].any() and not readout[:, inputs:].any()


def test_an_update_of_the_wide_one_is_one_of_the_narrow():
    supernet = made("entangled", "SNN_1", (1, 8, 8))
    path = Architecture.parse(FIVE[0], width=3, timesteps=3)
    before = [weight.clone() for layer in supernet.modules_of(path) for weight in borrowed(layer).values()]
    with torch.no_grad():
        for parameter in supernet.parameters():
            parameter.mul_(2)
    after = [weight for layer in supernet.modules_of(path) for weight in borrowed(layer).values()]
    assert all(torch.equal(2 * old, new) for old, new in zip(before, after, strict=True))


def test_a_file_holds_the_widest_alone(tmp_path):
    both, alone = made("entangled", "SNN_1", (1, 8, 8)), SuperNetwork("SNN_1", 6, 3, (1, 8, 8), 10)
    assert both.state_dict().keys() == alone.state_dict().keys()


def test_what_is_inherited_is_a_network_of_its_own(digits):
    supernet = made("entangled", "SNN_1", digits.image)
    path = Architecture.parse(FIVE[0], width=3, timesteps=3)
    network = inherited_network(supernet, path, digits, digits.x_train[:16])
    folded = network.to_folded(digits)
    wanted = supernet.to_folded(path, digits)
    for ours, theirs in zip(folded.blocks, wanted.blocks, strict=True):
        assert ours.stage == theirs.stage
        for a, b in zip(ours.convs, theirs.convs, strict=True):
            np.testing.assert_array_equal(a.weight, b.weight)
    kept = supernet.layers["stem"].convs[0].conv.weight.clone()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(supernet.layers["stem"].convs[0].conv.weight, kept)


def test_precision_is_that_of_the_wide_layers(monkeypatch):
    monkeypatch.setattr("autosnn_hw.training.precision.require", lambda *_: None)
    supernet = made("entangled", "SNN_1", (1, 8, 8))
    path = Architecture.parse(FIVE[0], width=3, timesteps=3)
    with convolving_in(supernet, "bfloat16", "cpu"):
        assert supernet.modules_of(path)[0].convs[0].conv_dtype is torch.bfloat16
    assert supernet.modules_of(path)[0].convs[0].conv_dtype is None


@given(st.sets(st.integers(1, 64), min_size=2, max_size=5), st.integers(2, 8), st.integers(0, 2**32))
def test_an_update_holds_the_widest_and_the_narrowest(widths, count, seed):
    widths = sorted(widths)
    chosen = sandwich(widths, count, np.random.default_rng(seed))
    assert len(chosen) == count and {widths[0], widths[-1]} <= set(chosen) <= set(widths)


def test_fair_paths_of_several_widths_hold_every_block_once():
    supernet = SuperNetwork("SNN_1", 6, 3, (1, 8, 8), 10, widths=(2, 4, 6))
    paths = supernet.fair_paths(np.random.default_rng(0))
    assert len(paths) == 5 and {2, 6} <= {path.width for path in paths}
    for slot in range(5):
        assert len({path.blocks[slot] for path in paths}) == 5


@pytest.mark.parametrize("fabric", [Fabric("memoryless", True, 128), Fabric()])
def test_groups_and_block_sparse_readouts_want_one_width(fabric):
    groups = 1 if fabric.readout_block else 2
    with pytest.raises(InputError, match="give one width"):
        SuperNetwork("SNN_1", 8, 2, (1, 8, 8), 10, widths=(4, 8), genes=[[("SRB_k3", groups)]] * 5, fabric=fabric)


def test_training_of_several_sizes_in_a_space_of_one_s_own_goes_into_a_file_and_back(tmp_path):
    data = dataset(count=16)
    space = search_space("1C | max pool | 2C", width=(3, 6), timesteps=(1, 3), blocks=[["skip"], ["SCB_k3", "SRB_k3"]])
    trained = train_supernet(
        data,
        space=space.space,
        width=space.width,
        timesteps=space.timesteps,
        widths=space.widths,
        steps=space.steps,
        genes=space.genes,
        schedule=Schedule(2, 1e-2, 16),
        checkpoint=tmp_path / "supernet.safetensors",
        must_learn=False,
    )
    assert trained.losses[1] < trained.losses[0]
    loaded, x = load_supernet(tmp_path / "supernet.safetensors"), torch.rand(4, *data.image)
    with torch.no_grad():
        for path in space:
            assert torch.equal(loaded(x, path), trained.network(x, path))
