from dataclasses import replace

import numpy as np
import pytest
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.errors import InputError
from autosnn_hw.training.modules.blocks import ConvNorm, Norm
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.modules.spiking_network import SpikeCounter, SpikingNetwork, parameter_count
from autosnn_hw.training.path_sampling import spread_at
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_verdict import evaluate_path

PATHS = ("SRB_k3,SCB_k3,skip,SRB_k5,SCB_k5", "skip,skip,skip,skip,skip", "SRB_k5,SRB_k3,SRB_k3,SCB_k3,SRB_k3")


@pytest.fixture
def supernet():
    return SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10)


def _path(supernet, text):
    return Architecture.parse(text, width=supernet.width, timesteps=supernet.timesteps)


def test_all_3125_architectures_of_the_space_are_paths(supernet):
    names = {supernet.path([supernet.genes[slot][(i // 5**slot) % 5] for slot in range(5)]) for i in range(5**5)}
    assert len(names) == 3125
    modules = {tuple(id(module) for module in supernet.modules_of(path)) for path in names}
    assert len(modules) == 3125


@pytest.mark.parametrize("sharing", ["entangled", "separate"])
def test_a_path_is_the_network_of_its_architecture(images, sharing):
    supernet = SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10, sharing=sharing)
    for text in PATHS:
        path = _path(supernet, text)
        network = SpikingNetwork(path, (1, 8, 8), 10)
        for own, theirs in zip(network.layers, supernet.modules_of(path)):
            state = dict(theirs.named_parameters())
            state |= {f"{n}.conv.weight": m.weight for n, m in theirs.named_modules() if isinstance(m, ConvNorm)}
            for name, parameter in own.named_parameters():
                parameter.data.copy_(state.pop(name).data)
            assert not state
        counts = SpikeCounter(), SpikeCounter()
        with torch.no_grad():
            assert torch.equal(network.train()(images, counts[0]), supernet(images, path, counts[1]))
        assert counts[0].by_stage == counts[1].by_stage


def test_votes_after_fewer_steps_are_those_of_a_run_of_so_many(images):
    """Whatever normalises, as long as it is the same: the statistics of all steps."""
    supernet = SuperNetwork("SNN_1", 4, 6, (1, 8, 8), 10, steps=(2, 3, 6))
    path = _path(supernet, PATHS[0])
    statistics = supernet.estimate(path, images)
    with torch.no_grad(), supernet.lent(path, statistics):
        by_step = supernet.by_step(supernet.stem(images), path)
        together = {steps: by_step[:steps].sum(0) for steps in supernet.steps}
        alone = {steps: supernet(images, replace(path, timesteps=steps)) for steps in (2, 3, 6)}
    assert together.keys() == alone.keys() and alone[6].any()
    for steps, votes in alone.items():
        torch.testing.assert_close(together[steps], votes, rtol=0, atol=1e-6)
    for ours, whole in zip(*(supernet.estimate(replace(path, timesteps=t), images).values() for t in (2, 6))):
        assert torch.equal(ours[0], whole[0]) and torch.equal(ours[1], whole[1])


@pytest.mark.parametrize("steps", [(2, 3), (2, 8)])
@pytest.mark.parametrize("name", ["widths", "steps"])
def test_the_last_of_its_sizes_is_the_largest(name, steps):
    with pytest.raises(InputError, match="must end with 6"):
        SuperNetwork("SNN_1", 6, 6, (1, 8, 8), 10, **{name: steps})


def test_a_path_of_other_steps_is_refused():
    supernet = SuperNetwork("SNN_1", 4, 6, (1, 8, 8), 10, steps=(3, 6))
    with pytest.raises(InputError, match="T = 3, 6"):
        supernet.modules_of(replace(_path(supernet, PATHS[0]), timesteps=4))


def test_strict_fairness_holds_every_block_of_every_slot_once(supernet):
    random = np.random.default_rng(0)
    for _ in range(5):
        paths = supernet.fair_paths(random)
        assert len(paths) == 5
        for slot in range(5):
            assert len({path.blocks[slot] for path in paths}) == 5


def test_of_a_block_with_several_groupings_each_path_draws_one():
    ways = [("SRB_k3", 1), ("SRB_k3", 2), ("skip", 1), ("SCB_k3", 2), ("SCB_k3", 4)]
    supernet = SuperNetwork("SNN_1", 4, 2, (1, 8, 8), 10, genes=[ways] * 5)
    random, seen = np.random.default_rng(0), set()
    for _ in range(12):
        paths = supernet.fair_paths(random)
        assert len(paths) == 3
        for slot in range(5):
            assert {path.blocks[slot] for path in paths} == {"SRB_k3", "skip", "SCB_k3"}
        seen |= {(path.blocks[0], path.groups[0]) for path in paths}
    assert seen == set(ways)


def test_paths_spread_out_from_the_anchor():
    supernet = SuperNetwork("SNN_1", 4, 2, (1, 8, 8), 10, genes=[[("skip", 1), ("SRB_k3", 2), ("SRB_k3", 4)]] * 5)
    random = np.random.default_rng(0)
    (anchor,) = {path for _ in range(5) for path in supernet.fair_paths(random, 0.0)}
    assert anchor.blocks == ("SRB_k3",) * 5 and anchor.groups == (2,) * 5
    paths = [path for _ in range(200) for path in supernet.fair_paths(random, 0.3)]
    left = np.mean([block == "skip" for path in paths for block in path.blocks])
    assert left == pytest.approx(0.3 / 2, abs=0.03)
    assert [spread_at(epoch, 10) for epoch in (0, 9)] == [pytest.approx(0.5 / 6), 1.0]
    assert all(spread_at(epoch, 10) <= spread_at(epoch + 1, 10) for epoch in range(9))


def test_uneven_slots_go_round_again_and_groups_are_kept():
    genes = [[("SRB_k3", 2), ("SCB_k3", 4)], [("SRB_k3", 1)], *[[("skip", 1), ("SRB_k3", 2), ("SRB_k5", 4)]] * 3]
    supernet = SuperNetwork("SNN_1", 4, 2, (1, 8, 8), 10, genes=genes)
    paths = supernet.fair_paths(np.random.default_rng(0))
    assert len(paths) == 3 and all(path.groups is not None for path in paths)
    assert {path.blocks[0] for path in paths} == {"SRB_k3", "SCB_k3"}
    assert {path.groups[4] for path in paths} == {1, 2, 4}
    assert supernet(torch.randn(2, 1, 8, 8), paths[0]).shape == (2, 10)
    widths = supernet.modules_of(paths[0])[1].convs[0].conv.groups
    assert widths == {"SRB_k3": 2, "SCB_k3": 4}[paths[0].blocks[0]]


def _statistics_inside(supernet):
    return [
        value
        for module in supernet.modules()
        if isinstance(module, Norm)
        for value in (module.mean, module.var, module.lent, module.recorded)
        if value is not None
    ]


def test_a_path_leaves_no_statistics_behind(supernet, digits, images):
    before = {name: tensor.clone() for name, tensor in supernet.state_dict().items()}
    assert not any("mean" in name or "var" in name for name in before)
    results = [evaluate_path(supernet, _path(supernet, text), digits).predictions for text in PATHS]
    again = [evaluate_path(supernet, _path(supernet, text), digits).predictions for text in reversed(PATHS)]
    for first, second in zip(results, reversed(again)):
        assert np.array_equal(first, second)
    assert not _statistics_inside(supernet)
    assert all(torch.equal(before[name], tensor) for name, tensor in supernet.state_dict().items())


def test_an_error_inside_leaves_no_statistics_behind(supernet, images):
    path = _path(supernet, PATHS[0])
    statistics = supernet.estimate(path, images)
    with pytest.raises(ZeroDivisionError), supernet.lent(path, statistics):
        assert _statistics_inside(supernet)
        raise ZeroDivisionError
    with pytest.raises(KeyError), supernet.lent(path, {}):
        pass
    with pytest.raises(RuntimeError):
        supernet.estimate(path, torch.randn(4, 2, 8, 8))
    assert not _statistics_inside(supernet)


def test_estimated_statistics_reproduce_the_batch_they_come_from(supernet, images):
    path = _path(supernet, PATHS[0])
    with torch.no_grad():
        expected = supernet(images, path)
        statistics = supernet.estimate(path, images)
        with supernet.lent(path, statistics):
            lent = supernet(images, path)
    assert (expected - lent).abs().mean() < 0.02  # unbiased against biased variance
    other = supernet.estimate(_path(supernet, PATHS[2]), images)
    shared = [name for name in statistics if name in other and not name.startswith("0.")]
    assert any(not torch.allclose(statistics[name][0], other[name][0]) for name in shared)


def test_folded_path_has_statistics_only_where_they_were_estimated(supernet, digits, images):
    path = _path(supernet, PATHS[0])
    raw = supernet.to_folded(path, digits)
    norms = [conv.norm for block in raw.blocks for conv in (*block.convs, block.shortcut) if conv is not None]
    assert norms[0].mean is None and all(norm is None or norm.var is None for norm in norms)
    statistics = supernet.estimate(path, images)
    estimated = supernet.to_folded(path, digits, statistics)
    assert np.allclose(estimated.blocks[0].convs[0].norm.mean, statistics["0.convs.0.norm"][0].numpy())
    assert not _statistics_inside(supernet)
    assert [block.stage.kind for block in raw.blocks if block.stage.name.startswith("TBD")] == list(path.blocks)


def test_a_path_of_another_space_or_size_is_refused(supernet):
    for path in (
        Architecture.parse(PATHS[0], width=8, timesteps=3),
        Architecture.parse(PATHS[0], width=4, timesteps=4),
        Architecture.parse("SIB_k3_e1,skip,skip,skip,skip", width=4, timesteps=3),
    ):
        with pytest.raises(InputError, match="not in this super-network"):
            supernet.modules_of(path)
    with pytest.raises(InputError, match="unknown sharing 'some'; known are entangled, separate"):
        SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10, sharing="some")
    with pytest.raises(InputError, match="5 slots"):
        SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10, genes=[[("skip", 1)]] * 4)


@pytest.mark.parametrize("sharing", ["entangled", "separate"])
@pytest.mark.parametrize("text", [*PATHS, ",".join(["SRB_k5"] * 5), ",".join(["SRB_k3"] * 5)])
def test_a_path_has_the_parameters_of_its_network(sharing, text):
    supernet = SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10, sharing=sharing)
    path = _path(supernet, text)
    assert parameter_count(*supernet.modules_of(path)) == parameter_count(SpikingNetwork(path, (1, 8, 8), 10))


def test_grouped_ternary_paths_have_the_parameters_of_their_networks():
    fabric = Fabric("memoryless", True, 128)
    genes = [(("SRB_k3", 2), ("SCB_k5", 2), ("SCB_k5", 4))] * 5
    supernet = SuperNetwork("SNN_1", 4, 3, (1, 8, 8), 10, genes=genes, fabric=fabric)
    path = supernet.path([genes[0][2], genes[1][1], genes[2][0], genes[3][2], genes[4][0]])
    assert parameter_count(*supernet.modules_of(path)) == parameter_count(
        SpikingNetwork(path, (1, 8, 8), 10, fabric=fabric)
    )


def test_larger_kernels_are_more_parameters(supernet):
    large, small = (
        parameter_count(*supernet.modules_of(_path(supernet, ",".join([block] * 5)))) for block in ("SCB_k5", "SCB_k3")
    )
    assert large > 1.3 * small
