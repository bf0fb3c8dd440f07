"""Price a NetX file that was made elsewhere on two chips: where do its spikes go, and what would they cost?

    python examples/price_a_network.py NETWORK.net FRAMES.npz

FRAMES.npz holds `x_test`, uint8 (N, T, C, H, W): spike frames for a network whose input entry has no neuron.
"""

import sys

import numpy as np

import hw_profiles
from autosnn_hw.cost import check, price
from autosnn_hw.simulate import exact
from exporters import netx


def main(network_file: str, frames_file: str) -> None:
    network = netx.read(network_file)
    frames = np.load(frames_file, allow_pickle=False)["x_test"]
    activity = exact.run(network, frames)
    for name in ("loihi2", "loihi1"):
        profile = hw_profiles.load(name)
        fit = check(network, profile)
        if fit.cores_used is None:
            print(f"{name}: cannot be placed:", *(f"{v.layer}: {v.resource}" for v in fit.violations))
            continue
        cost = price(network, activity, profile)
        energy = cost.energy_total
        print(
            f"{name}: {fit.cores_used} cores, {1e6 * energy.value:.1f} uJ an inference ({1e6 * energy.low:.1f} to {1e6 * energy.high:.1f})"
        )
        for layer in cost.layers:
            print(
                f"  {layer.name:20} {layer.spikes:10.1f} spikes {layer.synops:12.0f} operations {1e6 * layer.energy.value:8.3f} uJ"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
