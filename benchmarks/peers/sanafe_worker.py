"""SANA-FE (GPL-3) in a process of its own: python sanafe_worker.py NETWORK.npz STEPS prints one JSON document.

NETWORK.npz: names (layers), and for layer i: bias_i, threshold_i, leak_i, tile_i, core_i (one value a neuron), dense_i (flag),
and edges_i (pairs of the synapses from layer i - 1, zero weights left out) with weight_i.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import sanafe


def main(path: str, steps: int) -> None:
    data = np.load(path)
    chip = sanafe.load_loihi()
    network = sanafe.Network()
    groups = []
    for index, name in enumerate(data["names"]):
        group = network.create_neuron_group(str(name), len(data[f"bias_{index}"]))
        synapse = "loihi_dense_synapse" if data[f"dense_{index}"] else "loihi_conv_synapse"
        for neuron in range(len(data[f"bias_{index}"])):
            group[neuron].set_attributes(
                soma_hw_name="loihi_lif",
                default_synapse_hw_name=synapse,
                dendrite_hw_name="loihi_dendrites",
                model_attributes={
                    "threshold": float(data[f"threshold_{index}"][neuron]),
                    "leak_decay": float(data[f"leak_{index}"][neuron]),
                    "reset": 0.0,
                    "bias": float(data[f"bias_{index}"][neuron]),
                },
            )
        groups.append(group)
    for index in range(1, len(groups)):
        pairs = [tuple(pair) for pair in data[f"edges_{index}"].tolist()]
        weights = {"weight": data[f"weight_{index}"].astype(float).tolist()}
        groups[index - 1].connect_neurons_sparse(groups[index], weights, pairs)
    for index, group in enumerate(groups):
        for neuron in range(len(data[f"bias_{index}"])):
            tile, core = int(data[f"tile_{index}"][neuron]), int(data[f"core_{index}"][neuron])
            group[neuron].map_to_core(chip.tiles[tile].cores[core])
    machine = sanafe.SpikingChip(chip)
    machine.load(network)
    result = machine.sim(steps, timing_model="simple")
    print(json.dumps({key: result[key] for key in result if not isinstance(result[key], (list, bytes))}, default=str))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
