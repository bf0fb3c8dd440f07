"""The cores file, executed tick by tick by an interpreter that shares no code with us and runs freely, spikes exactly as
the exact simulator does: every layer, neuron and step."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.networks.random_layers import Geometry, convolutions

from autosnn_hw.architecture import Architecture
from autosnn_hw.cost import check, place
from autosnn_hw.cost.cores import core_network
from autosnn_hw.cost.crossbar import tiled_network
from autosnn_hw.cost.crossbar.limits import CrossbarLimits
from autosnn_hw.cost.crossbar.placement import TiledNetwork, Unplaced, place_layers
from autosnn_hw.cost.crossbar.write_out import build
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.simulate.exact import trace
from exporters import cores

MIX = ("SRB_k3", "SCB_k3", "skip", "SRB_k3", "SCB_k3")


def _run(network, core_net, spikes, interpreter, folder, extra_ticks=0):
    path = folder / "winner.cores.json"
    cores.write(core_net, path)
    chip = interpreter(path)
    samples, steps = spikes.shape[:2]
    fired = chip.run(spikes.reshape(samples, steps, -1), extra_ticks)
    return chip, fired, [chip.layer_spikes(fired, index) for index in range(1, len(network.layers))]


def _neuron(rng, channels):
    return CubaNeuron(rng.integers(0, 3, channels), 4096, 4096)


def _bias(rng, shape):
    per_neuron = rng.random() < 0.3
    return rng.integers(-3, 3, shape if per_neuron else shape[0])


@st.composite
def legal_networks(draw):
    """Short chains of any geometry; values of weights beyond ternary, thresholds above 0, biases that fire by themselves."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (draw(st.integers(1, 4)), draw(st.integers(3, 7)), draw(st.integers(3, 7)))
    layers = [InputLayer("in", shape)]
    for index in range(draw(st.integers(1, 4))):
        values = draw(st.sampled_from([(-1, 0, 1), (0, 1), (-3, 0, 2, 5), (0, 0, 0, -1, 1)]))
        layer = convolutions(
            shape,
            lambda rng, size, values=values: rng.choice(values, size),
            Geometry(groups=(1, 2, shape[0]), outputs=8),
            lambda outputs: _neuron(rng, outputs),
            f"c{index}",
            bias=_bias,
        )
        layers.append(draw(layer))
        shape = layers[-1].shape
    if draw(st.booleans()):
        neurons = draw(st.integers(1, 40))
        weight = rng.integers(-1, 2, (neurons, int(np.prod(shape))))
        weight[:, rng.permutation(weight.shape[1])[40:]] = 0
        layers.append(DenseLayer("d", (neurons,), weight, _neuron(rng, neurons), _bias(rng, (neurons,))))
    return ChipNetwork(tuple(layers), timesteps=draw(st.integers(1, 4)))


# Cores far smaller than TrueNorth's: a few neurons already need copies, splitters and cores that hold one channel each.
small_cores = st.builds(
    CrossbarLimits,
    axons=st.integers(8, 48),
    neurons=st.integers(4, 48),
    axon_types=st.just(4),
    weight=st.just(255),
    leak=st.just(255),
    delay=st.just(15),
    cores=st.just(4096),
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(legal_networks(), small_cores, st.integers(0, 2**32))
def test_free_running_chip_spikes_as_the_simulators_do(tmp_path_factory, interpreter, reference, network, limits, seed):
    placed = place_layers(network, limits)
    assume(not any(isinstance(layer, Unplaced) for layer in placed))
    spikes = np.random.default_rng(seed).integers(0, 2, (2, network.timesteps, *network.layers[0].shape))
    written = build(network, tuple(placed))
    _, _, found = _run(network, written, spikes, interpreter, tmp_path_factory.mktemp("cores"))
    by_hand = reference(network, spikes)
    simulated = [layer.spikes for layer in trace(network, spikes).layers]
    for name, here, other, third in zip([n.name for n in network.layers[1:]], found, by_hand, simulated):
        assert (here == other).all(), name
        assert (here == third).all(), name


@settings(max_examples=20, deadline=None)
@given(legal_networks(), small_cores)
def test_no_core_exceeds_a_limit_and_the_counts_are_those_of_the_placement(network, limits):
    placed = place_layers(network, limits)
    assume(not any(isinstance(layer, Unplaced) for layer in placed))
    placement = TiledNetwork(tuple(placed))
    written = build(network, placement.layers)
    assert len(written.cores) == placement.cores_used
    for core in written.cores:
        assert len(core.axon_types) <= limits.axons and len(core.leak) <= limits.neurons
        assert core.crossbar.any(axis=0).all(), "an axon that no neuron reads"
        assert core.weights.shape[1] == limits.axon_types and core.axon_types.max(initial=0) < limits.axon_types
        assert core.delay.min() >= 1 and core.delay.max() <= 2
    first = 0
    for layer in placement.layers:
        own = written.cores[first : first + layer.cores]
        assert [len(core.axon_types) for core in own] == layer.axons.reshape(-1).tolist()
        assert [len(core.leak) for core in own] == layer.neurons.tolist()
        first += layer.cores + layer.reach.splitters.cores
    assert sum(len(core.leak) for core in written.cores) == (
        sum(layer.layer.neurons for layer in placement.layers) + placement.copies + placement.splitters
    )
    driven = np.concatenate([core.dest[core.dest[:, 0] == 1, 1:] for core in written.cores] + [written.input_targets])
    assert len(np.unique(driven, axis=0)) == len(driven) == sum(len(core.axon_types) for core in written.cores), (
        "every axon is driven by exactly one neuron"
    )


@pytest.mark.parametrize("ways", [{}, {"copies": False}, {"splitters": False}], ids=["both", "splitters", "copies"])
def test_digits_net_with_copies_splitters_and_both(ways, limits, snn1, reference, interpreter, tmp_path):
    network = snn1(MIX, 8, 8, (1,))
    placed = place_layers(network, limits, **ways)
    spikes = np.random.default_rng(1).integers(0, 3, (3, 4, 8, 8, 8)) == 0
    _, _, found = _run(network, build(network, tuple(placed)), spikes, interpreter, tmp_path)
    for here, other in zip(found, reference(network, spikes)):
        assert (here == other).all()
        assert 0.02 < other.mean() < 0.9, "silent layers prove nothing"


def test_delays_of_direct_destinations_matter(limits, snn1, reference, interpreter, tmp_path):
    """Without the delay of 2 beside splitters, layers behind the first split boundary differ: the test can fail."""
    network = snn1(MIX, 8, 8, (1,))
    written = build(network, tuple(place_layers(network, limits)))
    for core in written.cores:
        core.delay[:] = 1
    spikes = np.random.default_rng(1).integers(0, 3, (1, 4, 8, 8, 8)) == 0
    _, _, found = _run(network, written, spikes, interpreter, tmp_path)
    expected = reference(network, spikes)
    assert (found[0] == expected[0]).all() and (found[1] != expected[1]).any()


def test_samples_in_a_stream_do_not_disturb_each_other(limits, convs, reference, interpreter, tmp_path):
    """Two samples sent one right after the other are a run of 2 T steps: nothing is reset, because nothing remembers."""
    network = convs((2, 6), [(4, 3, 1, 1), (4, 3, 2, 1), (6, 1, 1, 1)], classes=2, timesteps=6)
    spikes = np.random.default_rng(0).integers(0, 2, (1, 6, 2, 6, 6))
    placed = place_layers(network, limits)
    chip, fired, found = _run(network, build(network, tuple(placed)), spikes, interpreter, tmp_path, extra_ticks=3)
    halves = [reference(network, part) for part in (spikes[:, :3], spikes[:, 3:])]
    for layer, here in enumerate(found):
        assert (here[:, :3] == halves[0][layer]).all() and (here[:, 3:] == halves[1][layer]).all()
    votes = sum(part[-1].reshape(1, 3, 2, -1).sum(axis=(1, 3)) for part in halves)
    assert (chip.votes(fired) == votes).all()


def _without_statistics(folded):
    """Batch norm to be estimated on the path's own spikes, as for a candidate, and a louder readout: untrained, it is silent."""

    def open_norm(conv):
        return conv and replace(conv, norm=conv.norm and replace(conv.norm, mean=None, var=None))

    blocks = [
        replace(block, convs=tuple(map(open_norm, block.convs)), shortcut=open_norm(block.shortcut))
        for block in folded.blocks
    ]
    last = blocks[-1].convs[0]
    blocks[-1] = replace(blocks[-1], convs=(replace(last, weight=8 * last.weight),))
    return replace(folded, blocks=tuple(blocks))


def test_a_searched_net_from_training_to_cores(truenorth, interpreter, tmp_path):
    """Blocks, lowering and host stem as a search makes them: the chip's votes are the exact simulator's predictions."""
    from autosnn_hw.deploy.batch_norm import deploy_candidate
    from autosnn_hw.training.data.datasets import load
    from autosnn_hw.training.modules.fabric import Fabric
    from autosnn_hw.training.modules.spiking_network import SpikingNetwork

    data = load("digits")
    architecture = Architecture.parse("SRB_k3/2,SCB_k3/2,skip,SRB_k3/4,SRB_k3/4", width=8, timesteps=4)
    folded = SpikingNetwork(architecture, data.image, data.classes, fabric=Fabric("memoryless")).to_folded(data)
    network = deploy_candidate(_without_statistics(folded), data.x_train[:64], truenorth)
    assert check(network, truenorth).fits
    traced = trace(network, data.x_test[:6])
    written = core_network(network, truenorth)
    chip, fired, found = _run(network, written, traced.layers[0].spikes, interpreter, tmp_path)
    for here, other in zip(found, traced.layers[1:]):
        assert (here == other.spikes).all(), other.name
        assert other.spikes.any()
    last = traced.layers[-1].spikes.reshape(6, 4, data.classes, -1).sum(axis=(1, 3))
    assert (chip.votes(fired) == last).all()
    mapping = tiled_network(place(network, truenorth))
    assert chip.file["depth"] == mapping.depth and len(written.cores) == mapping.cores_used


@pytest.mark.slow
def test_cifar_size_net_runs_freely(limits, snn1, reference, interpreter, tmp_path):
    network = snn1(("SRB_k5", "SRB_k5", "skip", "SRB_k3", "SRB_k5"), 16, 32, (1, 3, 5), (8, 16, 8, 8, 32), timesteps=2)
    written = build(network, tuple(place_layers(network, limits)))
    spikes = np.random.default_rng(2).integers(0, 4, (1, 2, 16, 32, 32)) == 0
    _, _, found = _run(network, written, spikes, interpreter, tmp_path)
    assert all((here == other).all() for here, other in zip(found, reference(network, spikes)))


def test_what_the_chip_cannot_run_gets_no_cores_file(truenorth, convs):
    network = convs((2, 6), [(4, 3, 1, 1)], classes=2)
    integrate = CubaNeuron(0, 0, 4096)
    first = network.layers[1]
    changed = ConvLayer("c0", first.shape, first.weight, integrate, first.bias, padding=1)
    with pytest.raises(DoesNotFitError, match=r"c0.*integrate"):
        core_network(ChipNetwork((network.layers[0], changed, *network.layers[2:]), timesteps=4), truenorth)
    no_time = ChipNetwork(network.layers, readout=Readout(2, 10))
    with pytest.raises(InputError, match="timesteps"):
        core_network(no_time, truenorth)
