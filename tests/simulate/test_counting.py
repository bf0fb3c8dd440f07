import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Role
from autosnn_hw.simulate.counting import Counter, count, counted
from autosnn_hw.simulate.stimulus import Stimulus

NEURON = CubaNeuron(10, 4096)
BACKEND = {"name": "test", "kind": "simulator", "version": "0"}


def small_network(rng, with_neuron):
    conv = rng.integers(-2, 3, (4, 1, 2, 3))
    dense = rng.integers(-1, 2, (3, 4 * 2 * 3))
    return ChipNetwork(
        (
            InputLayer("in", (2, 4, 5), NEURON if with_neuron else None),
            ConvLayer(
                "conv", (4, 2, 3), conv, NEURON, stride=(2, 2), padding=(0, 1), groups=2, roles=np.array([0, 0, 1, 2])
            ),
            DenseLayer("out", (3,), dense, NEURON),
        )
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_an_operation_is_one_spike_meeting_one_nonzero_weight(seed, with_neuron):
    rng = np.random.default_rng(seed)
    network = small_network(rng, with_neuron)
    trains = [(rng.random((2, 3, *layer.shape)) < 0.4).astype(np.uint8) for layer in network.layers]
    sent = Stimulus("frames", trains[0].astype(np.int64), 3, False)
    spikes = trains if with_neuron else trains[1:]
    per_step = count(network, sent, spikes, backend=BACKEND)
    conv, out = network.layers[1:]
    for n, t in np.ndindex(2, 3):
        operations = taps = 0
        for c, y, x, i, a, b in np.ndindex(4, 2, 3, 1, 2, 3):
            row, column = 2 * y + a, 2 * x + b - 1
            if 0 <= row < 4 and 0 <= column < 5:
                spike = int(trains[0][n, t, c // 2 + i, row, column])
                operations += spike * (conv.weight[c, i, a, b] != 0)
                taps += spike
        first = per_step.layers[-2]
        assert (first.synops[n, t], first.synops_dense[n, t]) == (operations, taps)
        fired = trains[1][n, t].reshape(-1)
        assert per_step.layers[-1].synops[n, t] == ((out.weight != 0) @ fired).sum()
        assert per_step.layers[-1].synops_dense[n, t] == 3 * fired.sum()
        for role, channels in ((Role.OWN, [0, 1]), (Role.RELAY, [2]), (Role.POOL, [3])):
            assert first.spikes[role, n, t] == trains[1][n, t, channels].sum()
    summed = count(network, sent, spikes, per_step=False, backend=BACKEND)
    for fine, coarse in zip(per_step.layers, summed.layers):
        for name in ("spikes", "synops", "synops_dense"):
            np.testing.assert_array_equal(getattr(fine, name).sum(axis=-1, keepdims=True), getattr(coarse, name))
        np.testing.assert_array_equal(fine.neuron_spikes, coarse.neuron_spikes)
    np.testing.assert_array_equal(summed.outputs, trains[2].sum(axis=1))
    if with_neuron:
        assert summed.layers[0].synops.sum() == 0 and summed.input_spikes is None
    else:
        np.testing.assert_array_equal(summed.input_spikes, trains[0].sum(axis=(0, 1)))


def test_a_graded_message_is_one_operation_whatever_its_value():
    network = small_network(np.random.default_rng(1), False)
    spikes = [np.zeros((1, 1, *layer.shape), np.uint8) for layer in network.neuron_layers]
    frames = np.zeros((1, 1, 2, 4, 5), np.int64)
    frames[0, 0, 1, 2, 2] = -77
    many = count(network, Stimulus("frames", frames, 1, True), spikes, backend=BACKEND)
    one = count(network, Stimulus("frames", (frames != 0).astype(np.int64), 1, False), spikes, backend=BACKEND)
    assert many.layers[0].synops_dense.sum() == one.layers[0].synops_dense.sum() > 0


def test_a_held_value_is_written_once_and_a_frame_in_every_step():
    rng = np.random.default_rng(1)
    driven, open_ = small_network(rng, True), small_network(rng, False)
    quiet = [np.zeros((1, 3, *layer.shape), np.uint8) for layer in driven.layers]
    frames = np.zeros((1, 3, 2, 4, 5), np.int64)
    written = [
        count(network, Stimulus(kind, values, 3, False), spikes, backend=BACKEND).values_written
        for network, kind, values, spikes in (
            (driven, "constant", frames[:, 0], quiet), (driven, "frames", frames, quiet),
            (open_, "frames", frames, quiet[1:]),
        )
    ]  # fmt: skip
    assert written == [40, 120, None]


def test_wrong_shapes_are_refused_by_name():
    network = small_network(np.random.default_rng(1), False)
    sent = Stimulus("frames", np.zeros((1, 2, 2, 4, 5), np.int64), 2, False)
    with pytest.raises(InputError, match="'conv': spikes have shape"):
        count(network, sent, [np.zeros((1, 2, 4, 2, 2)), np.zeros((1, 2, 3))], backend=BACKEND)
    with pytest.raises(InputError, match="2 layers with neurons"):
        count(network, sent, [np.zeros((1, 2, 3))], backend=BACKEND)


@pytest.mark.parametrize("with_neuron", [True, False])
@pytest.mark.parametrize("per_step", [True, False])
def test_batches_count_as_all_samples_at_once(with_neuron, per_step):
    rng = np.random.default_rng(4)
    network = small_network(rng, with_neuron)
    trains = [(rng.random((5, 3, *layer.shape)) < 0.4).astype(np.uint8) for layer in network.layers]
    spikes = trains if with_neuron else trains[1:]
    final_v = rng.integers(-9, 9, (5, 3))
    active = [rng.integers(0, 9, (5, 3)) for _ in spikes]

    def part(low, high):
        sent = Stimulus("frames", trains[0][low:high].astype(np.int64), 3, False, host_macs=7)
        few = [train[low:high] for train in spikes]
        moving = [counts[low:high] for counts in active]
        return counted(network, sent, few, per_step=per_step, final_v=final_v[low:high], active=moving)

    whole, batches = Counter(network, BACKEND), Counter(network, BACKEND)
    whole.add(part(0, 5))
    for low, high in ((0, 1), (1, 3), (3, 5)):
        batches.add(part(low, high))
    a, b = whole.activity({"x": 1}), batches.activity({"x": 1})
    assert (a.samples, a.timesteps, a.host_macs, a.backend, a.details) == (5, 3, 7, BACKEND, {"x": 1})
    assert (b.samples, b.timesteps, b.host_macs, b.backend, b.details) == (5, 3, 7, BACKEND, {"x": 1})
    np.testing.assert_array_equal(a.outputs, trains[-1].sum(axis=1))
    for name in ("outputs", "final_v", "input_spikes"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for ours, theirs, train in zip(a.layers, b.layers, spikes):
        np.testing.assert_array_equal(ours.neuron_spikes, train.sum(axis=(0, 1)))
        for name in ("spikes", "synops", "synops_dense", "active_neurons", "neuron_spikes"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
