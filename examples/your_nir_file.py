"""From a NIR file to a chip: what was read, assumed and rounded, then spikes and energy.

    python examples/your_nir_file.py FILE.nir DT

DT is what a step lasts, which a NIR file does not say (norse 1e-3 s, snnTorch and SpikingJelly 1e-4, sinabs and Spyx 1).
"""

import sys

import numpy as np

from autosnn_hw import from_nir, simulate


def main(path, dt):
    network = from_nir(path, dt=float(dt), reset="hard")
    for layer in network.provenance["import"]["layers"]:
        print(
            f"{layer['layer']} ({layer['kind']}): {layer['integers']}, changed by rounding {layer['changed_by_rounding']}"
        )
    rng = np.random.default_rng(0)
    frames = (rng.random((4, 50, *network.input_layer.shape)) < 0.3).astype(np.uint8)
    done = simulate(network, frames)
    print(
        f"{done.document['spikes']['chip']:.1f} spikes, {1e9 * done.cost.energy_total.value:.1f} nJ an inference on {done.cost.target}"
    )
    return done


if __name__ == "__main__":
    main(*sys.argv[1:])
