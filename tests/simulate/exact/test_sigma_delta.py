"""Sigma-delta networks against what lava-dl's authors recorded of theirs, in Lava and on Loihi 2, and against plain sums."""

import numpy as np
import pytest
from support.files.lava_dl_files import shipped

from autosnn_hw.network import ChipNetwork, DenseLayer, InputLayer, SigmaDeltaNeuron, SigmaDeltaPart
from autosnn_hw.network.sigma_delta import FRACTION, OUTPUT_SCALE, SPIKE_EXP
from autosnn_hw.simulate import exact
from exporters import netx

PILOTNET = "gts/pilotnet_sdnn"


def recorded(name):
    """A recording of lava-dl, (W, H, C, T), as (1, T, C, H, W)."""
    return np.load(shipped(f"{PILOTNET}/{name}.npy")).astype(np.int64).transpose(3, 2, 1, 0)[None]


def messages_into(network):
    """The network without its encoder: messages go straight into its first synapses."""
    return ChipNetwork((InputLayer("messages", network.input_layer.shape), *network.layers[1:]))


def test_the_encoder_of_pilotnet_sends_what_was_recorded():
    network = netx.read(shipped(f"{PILOTNET}/network.net"))
    sent = exact.trace(network, recorded("input").repeat(20, axis=1), layers=["0:input"]).layers[0].spikes
    assert np.array_equal(sent, recorded("act0")) and sent.any()


@pytest.mark.parametrize("file, suffix, layers", [("network", "", 2), ("square_network", "_square", 4)])
def test_sums_are_those_that_were_recorded_in_every_step(file, suffix, layers):
    """lava-dl's hardware tests hold Loihi 2 to these recordings. Layer i of them runs i + 1 steps behind the messages."""
    network = netx.read(shipped(f"{PILOTNET}/{file}.net"))
    sent = recorded("act0")[..., : network.input_layer.shape[1], : network.input_layer.shape[2]]
    traced = exact.trace(messages_into(network), sent, graded=True, states=True)
    for late, layer in enumerate(traced.layers[:layers], start=1):
        expected = recorded(f"sigma{late}{suffix}")
        assert np.array_equal(layer.u[:, : 20 - late], expected[:, late:]) and expected.any()


def test_the_output_of_pilotnet_is_lavas():
    network = netx.read(shipped(f"{PILOTNET}/network.net"))
    image = recorded("input")[:, 0]
    activity = exact.run(network, image, timesteps=1)
    assert activity.values.item() == np.load(shipped(f"{PILOTNET}/output.npy"))[0, -1] == -31026
    assert activity.final_v.item() == -31026


def one_neuron(threshold, weight=64, bias=None, decodes=False):
    last = (
        SigmaDeltaNeuron(SigmaDeltaPart.SIGMA) if decodes else SigmaDeltaNeuron(SigmaDeltaPart.SIGMA_DELTA, threshold)
    )
    return ChipNetwork(
        (
            InputLayer("in", (1,), SigmaDeltaNeuron(SigmaDeltaPart.DELTA, threshold)),
            DenseLayer("out", (1,), np.array([[weight]]), last, bias=bias),
        )
    )


def test_small_changes_wait_until_they_are_large_enough():
    frames = np.array([1, 2, 3, 4, 5, 5, -1]).reshape(1, -1, 1)
    sent = exact.trace(one_neuron(3), frames).layers[0].spikes.reshape(-1)
    assert sent.tolist() == [0, 0, 3 << SPIKE_EXP, 0, 0, 0, -4 << SPIKE_EXP]


def test_without_thresholds_a_sum_is_the_weighted_input_itself():
    frames = np.array([10, -7, 0, 90]).reshape(1, -1, 1)
    activity = exact.run(one_neuron(0, weight=32, decodes=True), frames, per_step=True)
    assert (activity.values.reshape(-1) / OUTPUT_SCALE).tolist() == [5 / 64, -3.5 / 64, 0, 45 / 64]
    assert activity.layers[0].spikes[0].tolist() == [[1, 1, 1, 1]]


def test_relu_and_bias_stand_between_sum_and_changes():
    frames = np.array([-64, 0, 64]).reshape(1, -1, 1)
    traced = exact.trace(one_neuron(0, bias=np.array([32])), frames, states=True).layers[1]
    assert (traced.v.reshape(-1) >> FRACTION).tolist() == [0, 32, 96]
    # Before the first frame the bias alone was sent: 32, then 32 less.
    assert (traced.spikes.reshape(-1) >> SPIKE_EXP).tolist() == [-32, 32, 64]


def test_chunks_change_nothing(random_sigma_delta_network):
    network, inputs, keywords = random_sigma_delta_network(7)
    whole = exact.run(network, inputs, chunk=len(inputs), **keywords)
    apart = exact.run(network, inputs, chunk=1, **keywords)
    assert np.array_equal(whole.values, apart.values)
    assert all(np.array_equal(a.neuron_spikes, b.neuron_spikes) for a, b in zip(whole.layers, apart.layers))
