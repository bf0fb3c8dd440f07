"""Sigma-delta entries of NetX files: what is read, written again, and refused."""

import re

import numpy as np
import pytest
from support.files.lava_dl_files import shipped
from support.files.netx_entries import CONV, CUBA, DENSE, FLATTEN, FRAMES, without

from autosnn_hw.errors import InputError
from autosnn_hw.network import Readout, SigmaDeltaNeuron, SigmaDeltaPart
from exporters import netx, nir, onnx

SDNN = {"type": "SDNN", "vThMant": 13, "activation": "relu"}
INPUT = FRAMES | {"neuron": SDNN}
HIDDEN = CONV | {"neuron": SDNN, "bias": np.array([5.0, -40_000.0])}
OUTPUT = DENSE | {"neuron": SDNN | {"sigma_output": True}}


def test_an_encoder_hidden_layers_and_a_decoder_are_read(write):
    network = netx.read(write(INPUT, HIDDEN, FLATTEN, OUTPUT))
    assert [layer.neuron for layer in network.layers] == [
        SigmaDeltaNeuron(SigmaDeltaPart.DELTA, 13),
        SigmaDeltaNeuron(SigmaDeltaPart.SIGMA_DELTA, 13),
        SigmaDeltaNeuron(SigmaDeltaPart.SIGMA),
    ]
    assert network.sigma_delta and network.input_layer.host and network.layers[1].bias.tolist() == [5, -40_000]
    assert network.readout == Readout(3, accumulates=True) and "notes" not in network.provenance


def test_reading_what_was_written_is_the_identity(write, tmp_path):
    network = netx.read(write(INPUT, HIDDEN, FLATTEN, OUTPUT))
    netx.write(network, tmp_path / "again.net")
    again = netx.read(tmp_path / "again.net")
    assert [layer.neuron for layer in again.layers] == [layer.neuron for layer in network.layers]
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(again.layers[1:], network.layers[1:]))
    assert np.array_equal(again.layers[1].bias, network.layers[1].bias) and again.readout == network.readout


def test_lava_dls_own_files_are_read():
    for file, layers in (("network", 9), ("square_network", 5)):
        network = netx.read(shipped(f"gts/pilotnet_sdnn/{file}.net"))
        assert len(network.neuron_layers) == layers and network.sigma_delta


def test_an_average_behind_sigma_delta_neurons_is_a_voting_head(write):
    entry = OUTPUT | {"shape": [4], "weight": np.arange(128).reshape(4, 32) - 40.0}
    network = netx.read(write(INPUT, HIDDEN, FLATTEN, entry, {"type": "average", "shape": [2]}))
    assert network.readout == Readout(2, 2, accumulates=True)


def test_another_activation_is_said_to_be_relu(write):
    entry = HIDDEN | {"neuron": SDNN | {"activation": "tanh"}}
    assert "Lava runs relu" in netx.read(write(INPUT, entry)).provenance["notes"][0]


@pytest.mark.parametrize(
    "entries, sentence",
    [
        ((INPUT, HIDDEN, FLATTEN, DENSE), "layer '0:input' and '3:dense' mix sigma-delta and spiking"),
        ((FRAMES | {"neuron": CUBA}, HIDDEN), "mix sigma-delta and spiking"),
        ((INPUT, HIDDEN, FLATTEN, OUTPUT | {"bias": np.ones(3)}), "must be the last layer and have no bias"),
        ((INPUT, HIDDEN | {"neuron": SDNN | {"sigma_output": True}}, FLATTEN, DENSE | {"neuron": SDNN}), "last layer"),
        (
            (INPUT, HIDDEN | {"neuron": SDNN | {"vThMant": np.array([3, 4])}}),
            "neuron/vThMant has 2 values; Lava takes one",
        ),
        ((INPUT, HIDDEN | {"neuron": SDNN | {"vThMant": 1 << 20}}), "vThMant is 1048576; 0..524287 is allowed"),
        ((INPUT, HIDDEN | {"neuron": without(SDNN, "vThMant")}), "neuron/vThMant is missing"),
    ],
)
def test_what_lava_would_not_run_is_refused_by_name(entries, sentence, write):
    with pytest.raises(InputError, match=re.escape(sentence)):
        netx.read(write(*entries))


@pytest.mark.parametrize("format_", [onnx, nir])
def test_formats_of_spikes_refuse_values_by_name(format_, write, tmp_path):
    network = netx.read(write(INPUT, HIDDEN, FLATTEN, OUTPUT))
    with pytest.raises(InputError, match="a network of sigma-delta neurons is written as NetX"):
        format_.write(network, tmp_path / "out")
    assert not (tmp_path / "out").exists()
