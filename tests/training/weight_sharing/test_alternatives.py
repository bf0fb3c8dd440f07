"""Placements of pools in one super-network: the same weights as layers at other sizes of the image."""

from collections import Counter
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
from autosnn_hw.training.checkpoint import read_checkpoint, write_checkpoint
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.blocks import borrowed
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.modules.spiking_network import SpikeCounter, SpikingNetwork, parameter_count
from autosnn_hw.training.path_sampling import equally_often
from autosnn_hw.training.weight_sharing.inherited import inherited_network
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

FIVE = "SRB_k3,SCB_k3,skip,SRB_k5,SCB_k5"
PLACES = ((1, 3), (0, 1), (2, 5))
CROSSBAR = Fabric("memoryless", True, 128)
AVERAGE = "1C | average pool | 2C | 2C"  # pools with neurons
CASES = [
    *(("SNN_1", FIVE, PLACES, sharing, FLOAT, (3, 6)) for sharing in ("entangled", "separate")),
    ("SNN_2", FIVE, PLACES, "entangled", FLOAT, ()),
    (AVERAGE, "SRB_k3,SCB_k5,skip", ((1, 3), (0, 2)), "entangled", FLOAT, ()),
    ("SNN_1", "SRB_k3/2,SCB_k3/2,skip/1,SRB_k3/2,SCB_k5/2", PLACES, "entangled", CROSSBAR, ()),
]


def made(space, text, places, sharing, fabric, widths):
    genes = None
    if fabric is CROSSBAR:
        genes = [[(block, int(groups)) for block, groups in [part.split("/")]] for part in text.split(",")]
    network = SuperNetwork(
        space, 6, 3, (1, 16, 16), 10, genes=genes, widths=widths, pools=places, sharing=sharing, fabric=fabric
    )
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.3 * torch.rand_like(parameter))
    return network


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}, {case[3]}, {case[4].neuron}")
def test_a_path_of_any_placement_is_a_network_of_the_same_weights(case):
    space, text, places, _, fabric, widths = case
    supernet, x = made(*case), torch.rand(5, 1, 16, 16)
    base = Architecture.parse(text, space=space, width=6, timesteps=3, pools=places[0])
    state = {}
    for layer in supernet.modules_of(base):
        own = {**dict(layer.named_parameters()), **borrowed(layer)}
        state |= {(layer.stage.name, name): value for name, value in own.items()}
    found = []
    for pools in places:
        for width in widths or (6,):
            path = replace(base, pools=pools, width=width)
            network = SpikingNetwork(path, (1, 16, 16), 10, voters=supernet.voters, fabric=fabric)
            for own in network.layers:
                for name, parameter in own.named_parameters():
                    kept = state[own.stage.name, name]
                    parameter.data.copy_(kept[tuple(slice(size) for size in parameter.shape)])
            counts = SpikeCounter(), SpikeCounter()
            with torch.no_grad():
                votes = network.train()(x, counts[0])
                assert torch.equal(votes, supernet(x, path, counts[1]))
            assert counts[0].by_stage == counts[1].by_stage and counts[0].total > 0
            assert list(counts[1].by_stage) == [
                stage.name for stage in network.stages if stage.name in counts[1].by_stage
            ]
            assert parameter_count(*supernet.modules_of(path)) == parameter_count(network)
            found.append(counts[0].total)
    assert len(set(found)) == len(found)


def test_its_parameters_are_those_of_one_placement_and_gradients_reach_them():
    several = made(*CASES[0])
    alone = SuperNetwork("SNN_1", 6, 3, (1, 16, 16), 10)
    assert {name: w.shape for name, w in several.state_dict().items()} == {
        name: w.shape for name, w in alone.state_dict().items()
    }
    path = Architecture.parse(f"{FIVE}@P2.5", width=6, timesteps=3)
    several(torch.rand(5, 1, 16, 16), path).square().sum().backward()
    assert several.kernels["TBD1"]["conv0_6_6"].weight.grad.any()
    assert several.layers["readout"].linear.weight.grad.any()


def test_what_is_inherited_is_a_network_of_its_own_placement(digits):
    supernet = SuperNetwork("SNN_1", 4, 2, digits.image, 10, pools=((1,), (4,)))
    for place in (1, 4):
        path = Architecture.parse(f"{FIVE}@P{place}", width=4, timesteps=2)
        network = inherited_network(supernet, path, digits, digits.x_train[:16])
        folded, wanted = network.to_folded(digits), supernet.to_folded(path, digits)
        assert [block.stage for block in folded.blocks] == [block.stage for block in wanted.blocks]
        assert folded.blocks[place + 1].stage.name == "pool1"
        for ours, theirs in zip(folded.blocks, wanted.blocks, strict=True):
            for a, b in zip(ours.convs, theirs.convs, strict=True):
                np.testing.assert_array_equal(a.weight, b.weight)


@given(st.lists(st.integers(), min_size=1, max_size=7, unique=True), st.integers(1, 12), st.integers(0, 2**32))
def test_paths_of_an_update_have_each_placement_equally_often(choices, count, seed):
    drawn = Counter(equally_often(choices, count, np.random.default_rng(seed)))
    assert sum(drawn.values()) == count
    assert {drawn[choice] for choice in choices} <= {count // len(choices), -(-count // len(choices))}


def test_fair_paths_of_several_placements_hold_every_block_once():
    supernet = SuperNetwork("SNN_1", 6, 3, (1, 16, 16), 10, widths=(3, 6), pools=PLACES[:2])
    random = np.random.default_rng(0)
    for _ in range(5):
        paths = supernet.fair_paths(random)
        assert sorted(Counter(path.placement for path in paths).values()) == [2, 3]
        for slot in range(5):
            assert len({path.blocks[slot] for path in paths}) == 5
    drawn = [supernet.uniform_path(random) for _ in range(40)]
    assert {(path.placement, path.width) for path in drawn} == {(p, w) for p in PLACES[:2] for w in (3, 6)}
    assert supernet.anchor.placement == (1, 3)


def test_one_placement_draws_as_before():
    """Whatever it is: a search without --pools is trained as it was before there were any."""
    plain, own = (SuperNetwork("SNN_1", 4, 2, (1, 8, 8), 10, pools=pools) for pools in ((), ((2,),)))
    pairs = zip(*(network.fair_paths(np.random.default_rng(3)) for network in (plain, own)))
    assert all(replace(other, pools=None) == one for one, other in pairs)
    assert plain.anchor.pools is None and own.anchor.pools == (2,)


def test_paths_of_other_placements_and_placements_that_cannot_share_are_refused():
    supernet = SuperNetwork("SNN_1", 4, 2, (1, 16, 16), 10, pools=PLACES)
    with pytest.raises(InputError, match=r"pools 2.3\) is not in this super-network .*, pools 1.3, 0.1, 2.5\)"):
        supernet.modules_of(Architecture.parse(f"{FIVE}@P2.3", width=4, timesteps=2))
    with pytest.raises(InputError, match="must end with the same size"):
        SuperNetwork("SNN_1", 4, 2, (1, 16, 16), 10, pools=((1,), (1, 2)))


def trained(path, **more):
    data = dataset(count=16)
    space = search_space(
        "1C | max pool | 2C", width=(3, 6), timesteps=(1, 3), pools=((1,), (2,), (0,)), blocks=[["skip"], ["SCB_k3", "SRB_k3"]]
    )  # fmt: skip
    sizes = {"widths": space.widths, "steps": space.steps, "pools": space.placements, "genes": space.genes}
    return space, data, train_supernet(
        data, space=space.space, width=6, timesteps=3, **sizes, schedule=Schedule(2, 1e-2, 16), checkpoint=path, must_learn=False, **more
    )  # fmt: skip


@pytest.mark.parametrize("strict", [True, False])
def test_training_of_several_placements_goes_into_a_file_and_back(tmp_path, strict):
    space, data, found = trained(tmp_path / "supernet.safetensors", strict=strict)
    assert found.losses[1] < found.losses[0]
    loaded, x = load_supernet(tmp_path / "supernet.safetensors"), torch.rand(4, *data.image)
    assert loaded.placements == space.placements
    with torch.no_grad():
        for path in space:
            assert torch.equal(loaded(x, path), found.network(x, path))


@pytest.mark.parametrize(
    ("pools", "said"),
    [
        ([[9]], "has slots 1 to 2"),
        ([[1], [1, 2]], "damaged"),
        ([[1], [1]], "the same network"),
        ([[]] * 99, "pools: List should have at most 64"),
        ({}, "pools"),
        ([[-1]], "pools.0"),
    ],
)
def test_a_file_with_other_placements_than_can_be_is_damaged(tmp_path, pools, said):
    trained(tmp_path / "a")
    tensors, metadata = read_checkpoint(tmp_path / "a")
    write_checkpoint(tmp_path / "b", tensors, metadata | {"identity": metadata["identity"] | {"pools": pools}})
    with pytest.raises(InputError, match=said) as error:
        load_supernet(tmp_path / "b")
    assert "\n" not in str(error.value)
