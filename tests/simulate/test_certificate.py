import hashlib
import json

import numpy as np
import pytest

from autosnn_hw.errors import InputError, SpikesDifferError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.simulate import certificate, exact, lava
from exporters import netx


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(1)
    neuron = CubaNeuron(150, 2048)
    return ChipNetwork(
        (
            InputLayer("stem", (2, 5, 5), CubaNeuron(100, 2048)),
            ConvLayer("a", (3, 5, 5), rng.integers(-40, 70, (3, 2, 3, 3)), neuron, padding=1),
            DenseLayer("out", (6,), rng.integers(-40, 70, (6, 75)), neuron),
        ),
        timesteps=4,
        readout=Readout(3, 2),
    )


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(2).integers(0, 200, (5, 2, 5, 5))


def test_a_certificate_counts_what_was_compared(network, images, lava_child, tmp_path, monkeypatch):
    file = tmp_path / "winner.net"
    netx.write(network, file)
    monkeypatch.setattr(lava.backend, "RECORD_BYTES", 131 * 4 * 3)  # two jobs
    labels = np.array([0, 1, 2, 0, 1])
    found = certificate.certify(file, images, labels=labels, child=lava_child)
    document = json.loads(json.dumps(found.certificate.to_json()))
    assert document["network_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert document["backends"] == ["exact", "lava"]
    assert (document["samples"], document["steps"], document["layers"]) == (5, 4, 3)
    assert document["neuron_steps"] == 5 * 4 * (50 + 75 + 6)
    assert document["mismatches"] == 0 and document["accuracy_equal"] is True
    assert {"lava-nc", "lava-dl", "numpy", "torch", "python"} <= set(document["versions"])
    expected = exact.run(network, images)
    accuracy = float(np.mean(expected.predictions(network.readout) == labels))
    assert document["accuracy"] == {"exact": accuracy, "lava": accuracy} and "reason" not in document
    np.testing.assert_array_equal(found.lava.outputs, expected.outputs)


def test_a_difference_names_where_it_is(network, images, lava_child, monkeypatch):
    """Lava is given a file with one weight changed: the first spike that differs is the layer's own."""
    real = certificate.netx.write

    def tampered(chip, path):
        layers = list(chip.layers)
        weight = layers[1].weight.copy()
        weight[1] += 60
        layers[1] = ConvLayer("a", (3, 5, 5), weight, layers[1].neuron, padding=1)
        real(ChipNetwork(tuple(layers), timesteps=4, readout=Readout(3, 2)), path)

    monkeypatch.setattr(certificate.netx, "write", tampered)
    monkeypatch.setattr(certificate.netx, "read", lambda path: network)
    with pytest.raises(
        SpikesDifferError, match=r"layer 'a', sample 0, step \d, neuron \(1, \d, \d\): spikes is"
    ) as error:
        certificate.certify(network, images, child=lava_child)
    assert error.value.exit_code == 4


def test_labels_must_be_one_for_each_sample(network, images):
    with pytest.raises(InputError, match="2 labels were given for 5 samples"):
        certificate.certify(network, images, labels=[1, 2])


def test_without_lava_a_certificate_says_that_nothing_was_compared(network):
    alone = certificate.Certificate.uncompared(network, "ab12", samples=5, accuracy=0.8, reason="no Lava here")
    document = alone.to_json()
    assert not alone.confirmed and document["backends"] == ["exact"] and document["reason"] == "no Lava here"
    assert document["accuracy"] == {"exact": 0.8, "lava": None} and document["accuracy_equal"] is None
    assert (document["samples"], document["steps"], document["layers"], document["neuron_steps"]) == (5, 4, 3, 0)
    assert document["mismatches"] == 0 and document["network_sha256"] == "ab12" and document["versions"] == {}
