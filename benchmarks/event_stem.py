"""AutoSNN's network for event cameras at its published size (2 x 128 x 128, T = 20, C = 16) on random events: is it exact, how fast, where does it fit?

    python benchmarks/event_stem.py --json
    python benchmarks/event_stem.py --side 32 --timesteps 4 --width 4 --json

Random weights, batch norm estimated on events, so that neurons fire as in a trained network. Without a host: stem, pool, convolution
and pool before TBD1 are layers of the chip.

    against_lava   neuron-steps of one sample, and in how many the exact simulator differs (null without Lava)
    milliseconds   a sample in the exact simulator, by batch; best of three
    peak_bytes     largest memory of the process with --samples of them
    grown_bytes    by how much that grows with twice as many
    targets        cores and whether it fits, by chip
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import numpy as np
import torch
from torch import nn

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.cost import check
from autosnn_hw.deploy.batch_norm import deploy_candidate
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import ChipNetwork
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.certificate import certify
from autosnn_hw.training.modules.blocks import Norm
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

CLASSES, CALIBRATION, REPEATS = 11, 8, 3
TARGETS = ("loihi2", "loihi1")


def events(samples: int, timesteps: int, side: int, share: float) -> np.ndarray:
    """Frames uint8 (N, T, 2, side, side) in which so large a share of the pixels has an event."""
    return (np.random.default_rng(0).random((samples, timesteps, 2, side, side)) < share).astype(np.uint8)


def untrained(side: int, timesteps: int, width: int) -> FoldedNetwork:
    """AutoSNN with random weights, its batch norms with gains and shifts that make neurons fire, and without statistics."""
    torch.manual_seed(0)
    image = (2, side, side)
    architecture = Architecture.parse("AutoSNN", width=width, timesteps=timesteps)
    genes = [[(block, 1)] for block in architecture.blocks]
    fabric = Fabric.of(hw_profiles.load(TARGETS[0]), True)
    network = SuperNetwork(architecture.space, width, timesteps, image, CLASSES, genes=genes, fabric=fabric)
    layers = network.modules_of(architecture)
    for norm in (module for layer in layers for module in layer.modules() if isinstance(module, Norm)):
        nn.init.uniform_(norm.weight, 0.6, 1.4)
        nn.init.normal_(norm.bias, 0.2, 0.3)
    blocks = tuple(layer.folded() for layer in layers)
    return FoldedNetwork(blocks, image, timesteps, CLASSES, network.voters, np.zeros(2), np.ones(2), frames=True)


def lowered(frames: np.ndarray, width: int) -> ChipNetwork:
    """Its integers for Loihi 2, batch norm estimated on its own spikes."""
    return deploy_candidate(untrained(frames.shape[3], frames.shape[1], width), frames[:CALIBRATION], TARGETS[0])


def against_lava(network: ChipNetwork, frames: np.ndarray) -> dict[str, int] | None:
    """Neuron-steps of Lava's own models, and on how many the exact simulator differs; None where Lava is not installed."""
    if not lava.lava_status()[0]:
        return None
    certificate = certify(network, frames).certificate
    return {"neuron_steps": certificate.neuron_steps, "mismatches": certificate.mismatches}


def milliseconds(network: ChipNetwork, frames: np.ndarray) -> float:
    """A sample, best of a few."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        exact.run(network, frames)
        times.append(time.perf_counter() - start)
    return 1e3 * min(times) / len(frames)


def peak() -> int:
    """Bytes of this process's memory at its largest so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def fit(network: ChipNetwork, target: str) -> dict[str, Any]:
    """Cores of the chip that it takes, and whether it has them."""
    report = check(network, hw_profiles.load(target), remedies=False)
    return {"cores": report.cores_used, "fits": report.fits}


def figures(options: argparse.Namespace) -> dict[str, Any]:
    """All of it."""
    frames = events(2 * max(options.samples, CALIBRATION), options.timesteps, options.side, options.events)
    network = lowered(frames, options.width)
    speed = {count: milliseconds(network, frames[:count]) for count in (1, CALIBRATION)}
    activity = exact.run(network, frames[: options.samples])
    before = peak()
    exact.run(network, frames[: 2 * options.samples])
    grown = peak() - before
    steps = options.samples * options.timesteps
    return {
        "layers": [layer.name for layer in network.layers],
        "milliseconds": speed,
        "samples": options.samples,
        "peak_bytes": before,
        "grown_bytes": grown,
        "spike_rate": float(
            np.mean([layer.spikes.sum() / (layer.neuron_spikes.size * steps) for layer in activity.layers])
        ),
        "targets": {target: fit(network, target) for target in TARGETS},
        "against_lava": against_lava(network, frames[:1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=128, help="pixels")
    parser.add_argument("--timesteps", type=int, default=20)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--events", type=float, default=0.02, help="share of pixels with an event, a step and polarity")
    parser.add_argument("--samples", type=int, default=32, help="that memory is looked at with")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document = figures(options)
    print(json.dumps(document, indent=2) if options.json else "\n".join(f"{k}: {v}" for k, v in document.items()))


if __name__ == "__main__":
    main()
