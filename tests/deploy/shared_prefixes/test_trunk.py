"""Prefixes shared by networks: layers and counts are those of each network deployed and simulated alone, to the last digit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.architecture import SEARCH_BLOCKS, stage_layout
from autosnn_hw.deploy.batch_norm import deploy_candidate
from autosnn_hw.deploy.planned_layers import block_units, front_units, network_units
from autosnn_hw.deploy.quantise import EVEN, TERNARY
from autosnn_hw.deploy.shared_prefixes.replay import Replay
from autosnn_hw.deploy.shared_prefixes.trunk import Trunk
from autosnn_hw.simulate import exact

FORMATS = {"even": EVEN, "ternary": TERNARY}


def pictures(net, count, seed):
    return np.random.default_rng(seed).integers(0, 256, (count, *net.image), np.uint8)


def grown(trunk, net, seed=0):
    """The whole network, its blocks added one by one, two or three at a time."""
    random, prefix = np.random.default_rng(seed), trunk.root
    blocks = list(net.blocks[len(stage_layout.front([block.stage for block in net.blocks])) :])
    while blocks:
        many = int(random.integers(1, 4))
        (prefix,) = trunk.grow(prefix, [[unit for block in blocks[:many] for unit in block_units(block)]])
        del blocks[:many]
    return prefix


def same_layers(found, network):
    for ours, wanted in zip(found, network.layers, strict=True):
        assert (ours.name, ours.shape, ours.block, repr(ours.neuron)) == (
            wanted.name,
            wanted.shape,
            wanted.block,
            repr(wanted.neuron),
        )
        np.testing.assert_array_equal(ours.roles, wanted.roles)
        for values in ("weight", "bias"):
            np.testing.assert_array_equal(getattr(ours, values, None), getattr(wanted, values, None), err_msg=ours.name)


def total(counts):
    return None if counts is None else counts.sum()


def same_counts(activity, wanted):
    assert (activity.samples, activity.timesteps, activity.host_macs) == (
        wanted.samples,
        wanted.timesteps,
        wanted.host_macs,
    )
    np.testing.assert_array_equal(activity.input_spikes, wanted.input_spikes)
    for ours, alone in zip(activity.layers, wanted.layers, strict=True):
        assert ours.name == alone.name
        np.testing.assert_array_equal(ours.neuron_spikes, alone.neuron_spikes, err_msg=ours.name)
        np.testing.assert_array_equal(ours.spikes.sum(axis=(1, 2)), alone.spikes.sum(axis=(1, 2)))
        for counts in ("synops", "synops_dense", "active_neurons"):
            assert total(getattr(ours, counts)) == total(getattr(alone, counts)), (ours.name, counts)


def equals_alone(net, weights, calibration, judged, reads=()):
    trunk = Trunk(net, calibration, judged, weights, reads)
    end = grown(trunk, net)
    network = deploy_candidate(net, calibration, weights)
    same_layers(end.layers, network)
    for number, steps in enumerate(reads or (net.timesteps,)):
        wanted = exact.run(replace(network, timesteps=steps), judged)
        same_counts(trunk.activity(end, number), wanted)
        np.testing.assert_array_equal(end.outputs[number], wanted.outputs)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5),
    st.integers(0, 10**6),
    st.sampled_from(["even", "ternary"]),
    st.sampled_from([3, 8, 24]),
    st.sampled_from([1, 9, 40]),
)
def test_a_grown_network_is_the_one_deployed_and_run_alone(folded, names, seed, kind, calibration, judged):
    net = folded(",".join(names), seed=seed, norm=True, voters=10)
    equals_alone(net, FORMATS[kind], pictures(net, calibration, seed), pictures(net, judged, seed + 1))


@settings(max_examples=10, deadline=None)
@given(
    st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5),
    st.integers(0, 10**6),
    st.sampled_from(["even", "ternary"]),
    st.sets(st.integers(1, 5)),
)
def test_a_network_of_fewer_steps_is_the_beginning_of_the_same_run(folded, names, seed, kind, fewer):
    net = folded(",".join(names), seed=seed, norm=True, voters=10, timesteps=6)
    equals_alone(net, FORMATS[kind], pictures(net, 8, seed), pictures(net, 20, seed + 1), (*sorted(fewer), 6))


@pytest.mark.parametrize("kind", ["SIB_k3_e1", "SRB_k3"])
@pytest.mark.parametrize("space", ["SNN_2", "SNN_3", "SNN_4"])
def test_strided_averaging_and_inverted_blocks(folded, kind, space):
    slots = 8 if space == "SNN_3" else 5
    names = [kind, kind, "SCB_k3", kind, "skip", "SRB_k5", "SCB_k5", "skip"][:slots]
    net = folded(",".join(names), space=space, image=(1, 16, 16), seed=4, norm=True)
    equals_alone(net, EVEN, pictures(net, 8, 0), pictures(net, 5, 1))


def test_grouped_blocks(folded):
    net = folded("SRB_k3/2,SRB_k5/4,skip/1,SCB_k3/4,SRB_k3/2", width=8, norm=True, voters=10, seed=1)
    equals_alone(net, TERNARY, pictures(net, 8, 0), pictures(net, 5, 1))


@pytest.mark.parametrize("payload", [1, 6, 255])
@pytest.mark.parametrize("kind", FORMATS)
def test_event_frames(folded, kind, payload):
    """Spikes, or counts up to a payload; what lies above it is cut."""
    net = folded("SRB_k3,skip,SCB_k3,skip,SRB_k3", norm=True, seed=2, voters=10, frames=True, payload=payload)
    rng, shape = np.random.default_rng(0), (12, net.timesteps, *net.image)
    frames = (rng.random(shape) < 0.3) * rng.integers(1, 2 * payload + 1, shape)
    assert frames.max() > payload
    equals_alone(net, FORMATS[kind], frames[:8], frames[8:])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("frames", [False, True])
def test_what_stands_before_the_first_slot_is_common_to_all(folded, kind, frames, monkeypatch):
    """AutoSNN's stem for large samples, at a size that is quick to run: pool, convolution, pool."""
    monkeypatch.setattr(stage_layout, "FIRST_SIDE", 6)
    net = folded(
        "SRB_k3,skip,SCB_k3,skip,skip", norm=True, seed=3, image=(2, 24, 28), voters=10, timesteps=2, frames=frames
    )
    assert [unit.name for unit in front_units(net)] == ["stem_pool1", "stem_conv", "stem_pool2"]
    samples = (np.random.default_rng(0).random((10, 2, *net.image)) < 0.3).astype(np.uint8)
    if not frames:
        samples = pictures(net, 10, 0)
    equals_alone(net, FORMATS[kind], samples[:8], samples[8:])


def test_maps_that_estimates_sample(folded):
    """64 images of 32 x 32 have more values a channel than an estimate needs."""
    net = folded("SRB_k3,SCB_k3,skip,skip,skip", norm=True, image=(1, 32, 32), seed=3)
    equals_alone(net, EVEN, pictures(net, 64, 0), pictures(net, 3, 1))


def test_branches_grown_together_are_those_grown_alone(folded):
    nets = [folded(f"SRB_k3,{block},skip,skip,SCB_k3", norm=True, seed=5) for block in SEARCH_BLOCKS]
    trunk = Trunk(nets[0], pictures(nets[0], 8, 0), pictures(nets[0], 20, 1))
    first, second = ([block_units(net.blocks[index]) for net in nets] for index in (1, 3))
    (shared,) = trunk.grow(trunk.root, [first[0] + block_units(nets[0].blocks[2])])
    together = trunk.grow(shared, second)
    for units, ours in zip(second, together):
        (alone,) = trunk.grow(shared, [units])
        same_layers(ours.layers, alone)
        np.testing.assert_array_equal(ours.images.bits, alone.images.bits)
        np.testing.assert_array_equal(ours.calibration.bits, alone.calibration.bits)


@settings(max_examples=10, deadline=None)
@given(st.tuples(*[st.sampled_from(SEARCH_BLOCKS)] * 5), st.integers(0, 10**6), st.sampled_from(["even", "ternary"]))
def test_what_was_found_gives_layers_and_counts_again(folded, names, seed, kind):
    net = folded(",".join(names), seed=seed, norm=True, voters=10)
    reads = (1, net.timesteps)
    trunk = Trunk(net, pictures(net, 8, seed), pictures(net, 12, seed + 1), FORMATS[kind], reads)
    end = grown(trunk, net)
    driven = trunk.root.activities[0][-1].active_neurons
    replay = Replay(net, trunk.root.found, FORMATS[kind], driven=driven, reads=reads)
    prefix, walked = replay.root, trunk.root
    for block in net.blocks[1:]:
        units = block_units(block)
        if units:
            (walked,) = trunk.grow(walked, [units])
            prefix = replay.grow(prefix, units, walked.found)
    same_layers(prefix.layers, end)
    for read in range(len(reads)):
        walked_until = trunk.activity(end, read)
        same_counts(replace(walked_until, layers=tuple(layer[read] for layer in prefix.activities)), walked_until)
    assert len(network_units(net)) == len(end.layers) - 1
