"""Do max pools give the fewest spikes, and are average pools the worst? SNN_1 beside SNN_4 whose average pools can fire.

    python benchmarks/average_pools.py --data FOLDER --images 10000 --test 5000 --epochs 12 --runs FILE.jsonl --json

As AutoSNN's code has it, SNN_4's pools hand a mean of four spikes, at most 1, to PLIF neurons of threshold 1 that only approach it: they
never fire while k is learnt from 1/2 on for a few epochs (docs/reproduction.md), and what is compared is a network that says nothing.
Here its pools are let through in the ways of `POOLS`, all else as in `autosnn-hw tables design`: same blocks (SRB_k3), images, seeds, epochs;
all images are trained on; accuracies and spikes are of the float network, on the first --test test images, spikes by AutoSNN's counter. Each way
is compared with SNN_1 seed by seed: differences of accuracy in points, ratios of spikes by their logarithms, 95 % intervals of Student's t
over the seeds. Each line of --runs is one training; finished ones are not made again.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from training_choices import images, interval

from autosnn_hw.architecture import Architecture, Stage
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import Images
from autosnn_hw.training.loop import Schedule, Seeded
from autosnn_hw.training.modules.neurons import Plif
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
from autosnn_hw.training.trainer import evaluate_network, train_network

BLOCKS = "SRB_k3,SRB_k3,SRB_k3,SRB_k3,SRB_k3"
MAX = "SNN_1"
POOLS: dict[str, tuple[float, float]] = {
    "SNN_4": (0.5, 1.0),
    "SNN_4, k from .99": (0.99, 1.0),
    "SNN_4, twice the mean": (0.5, 2.0),
    "SNN_4, four times the mean": (0.5, 4.0),
}
"""Of the neurons behind an average pool: where k begins, and what their input is multiplied by: a threshold of 1 / gain. Behind k = .99 they fire, in
float32, where all four fired often enough; twice the mean, where three of four did (or two, again and again); four times, where two did at once."""


class Gained(Plif):
    """PLIF neurons whose input is multiplied."""

    def __init__(self, k: float, gain: float) -> None:
        super().__init__(1 / k)
        self.gain = gain

    def forward(self, x: torch.Tensor, timesteps: int, constant: bool = False) -> torch.Tensor:
        return super().forward(x * self.gain, timesteps, constant)


def initial(name: str, data: Dataset, options: argparse.Namespace, seed: int) -> SpikingNetwork:
    """SNN_1 or a SNN_4 with its weights before training, those that `train` draws for this seed."""
    space = name.partition(",")[0]
    architecture = Architecture.parse(BLOCKS, space=space, width=options.width, timesteps=options.timesteps)
    with Seeded(seed, "network", str(architecture)):
        network = SpikingNetwork(architecture, data.image, data.classes)
    for layer in network.layers if name != MAX else ():
        if layer.stage.kind == "avg_pool":
            layer.neurons[0] = Gained(*POOLS[name])
    return network


def one(name: str, seed: int, data: Dataset, options: argparse.Namespace) -> dict[str, Any]:
    """Train and evaluate: accuracy in 0..1, spikes an image, spikes of the pools an image."""
    schedule = Schedule(options.epochs, options.learning_rate, options.batch, seed)
    started = time.process_time()
    begun = initial(name, data, options, seed)
    network = train_network(begun.architecture, data, schedule=schedule, initial=begun).network
    view = evaluate_network(network, data, data.x_test, data.y_test)
    return {
        "name": name,
        "seed": seed,
        "accuracy": view.accuracy,
        "spikes": view.spikes,
        "pool_spikes": pool_spikes(network, data),
        "pool_k": [layer.neurons[0].k for layer in network.layers if layer.stage.kind == "avg_pool"],
        "seconds": time.process_time() - started,
    }


def pool_spikes(network: SpikingNetwork, data: Dataset, samples: int = 500) -> float:
    """Spikes of pools, an image, mean over the first test samples."""
    found = []

    def count(stage: Stage, spikes: torch.Tensor) -> None:
        if stage.kind in ("avg_pool", "max_pool"):
            found.append(float(spikes.sum()))

    first = Images(data, data.x_test[:samples])
    with torch.no_grad():
        network.eval()(first.batch(slice(None)), count)
    return sum(found) / len(first)


def table(rows: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """Means over the seeds, and each SNN_4 compared with SNN_1 of the same seed."""
    of = {(row["name"], row["seed"]): row for row in rows}
    found = []
    for name in names:
        mine = [row for row in rows if row["name"] == name]
        if not mine:
            continue
        line: dict[str, Any] = {"name": name, "seeds": len(mine)}
        line |= {key: interval([row[key] for row in mine]) for key in ("accuracy", "spikes", "pool_spikes", "seconds")}
        pairs = [(row, of[MAX, row["seed"]]) for row in mine if name != MAX and (MAX, row["seed"]) in of]
        if pairs:
            line["accuracy_difference"] = interval([100 * (ours["accuracy"] - one["accuracy"]) for ours, one in pairs])
            logs = interval([math.log(ours["spikes"] / one["spikes"]) for ours, one in pairs])
            line["spikes_ratio"] = {key: None if log is None else math.exp(log) for key, log in logs.items()}
        found.append(line)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help="another data set, by name: digits, npz:FILE, ..")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the CIFAR-10 .npz files")
    parser.add_argument(
        "--runs", type=Path, required=True, help="file of the trainings, one a line; kept and gone on with"
    )
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--test", type=int, default=5_000)
    parser.add_argument("--side", type=int, choices=(16, 32), default=16)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--timesteps", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--learning-rate", type=float, default=1e-2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=(MAX, *POOLS), help="which networks; all by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.runs.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in options.runs.read_text().splitlines()] if options.runs.is_file() else []
    known = {(row["name"], row["seed"]) for row in rows}
    names = [name for name in (MAX, *POOLS) if not options.only or name in options.only]
    data = images(options)
    for seed in range(options.seeds):
        for name in names:
            if (name, seed) not in known:
                rows.append(one(name, seed, data, options))
                with open(options.runs, "a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    found = table(rows, names)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for line in found:
        words = f"{line['name']}: {100 * line['accuracy']['mean']:.1f} %, {line['spikes']['mean']:,.0f} spikes"
        if (ratio := line.get("spikes_ratio")) is not None and ratio["low"] is not None:
            words += f", x {ratio['mean']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f}) those of {MAX}"
        print(words)


if __name__ == "__main__":
    main()
