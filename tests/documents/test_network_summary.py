import json

import numpy as np

from autosnn_hw.documents.network_summary import summarise
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, Encoder, InputLayer, Readout, Role

NEURON = CubaNeuron(25, 1024)


def network(**kwargs):
    roles = np.array([Role.OWN, Role.OWN, Role.RELAY])
    weight = np.zeros((3, 1, 3, 3), int)
    weight[:, 0, 1, 1] = (2, -4, 26)
    mixed = CubaNeuron(np.array([25, 25, 9]), 1024, 4096)
    first = InputLayer("stem", (1, 4, 4), NEURON, foreign_transform=(np.array([40.0]), np.array(36)))
    conv = ConvLayer("a", (3, 4, 4), weight, mixed, np.array([1, -2, 0]), padding=1, roles=roles, scale=20.0, k=0.5)
    fc = DenseLayer("fc", (6,), np.ones((6, 48)), NEURON)
    return ChipNetwork(
        (first, conv, fc), timesteps=4, readout=Readout(3, 2), provenance={"notes": ["n"], "seed": 1}, **kwargs
    )


def test_a_summary_is_json_and_holds_the_numbers():
    summary = json.loads(json.dumps(summarise(network())))
    stem, conv, fc = summary["layers"]
    assert summary["neurons"] == 16 + 48 + 6 and summary["timesteps"] == 4
    assert (summary["weights"], summary["non_zero_weights"]) == (27 + 288, 3 + 288)
    assert conv["channels"] == {"own": 2, "relay": 1, "pool": 0} and conv["role"] == "block" and fc["role"] == "readout"
    assert conv["neuron"] == {"vth_mant": {"range": [9, 25], "different": 2}, "v_decay": 1024, "i_decay": 4096}
    assert conv["weights"]["range"] == [-4, 26] and conv["weights"]["even"] and not fc["weights"]["even"]
    assert conv["bias"] == [-2, 1] and (conv["scale"], conv["k"]) == (20.0, 0.5) and fc["bias"] is None
    assert stem["foreign_transform"]["weight"] == 40 and stem["foreign_transform"]["bias"] == 36
    assert summary["readout"] == {"classes": 3, "voters": 2, "by": "summed spikes"}
    assert summary["notes"] == ["n"] and summary["provenance"] == {"seed": 1}
    assert summary["input"].startswith("images (N, 1, 4, 4), each value the bias mantissa")


def test_the_input_is_said_in_words():
    table = np.zeros((2, 256), np.int8)
    encoder = Encoder(np.zeros((1, 2, 3, 3), np.int8), np.zeros(1, int), np.ones(1, int), 3, table=table)
    summary = summarise(network(encoder=encoder))
    assert summary["input"] == "byte images (N, 2, H, W), through the encoder on the host"
    assert summary["encoder"]["weight_shape"] == [1, 2, 3, 3] and summary["encoder"]["pixels"] == "byte table"
    frames = ChipNetwork((InputLayer("in", (3,)), DenseLayer("fc", (2,), np.ones((2, 3)), NEURON)))
    assert summarise(frames)["input"] == "spike frames (N, T, 3)"
    assert summarise(frames)["readout"] == {"classes": 2, "voters": 1, "by": "spikes of each neuron"}
