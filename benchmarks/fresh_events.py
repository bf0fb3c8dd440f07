"""What the winners of `search --dataset events` do on samples that nobody has seen: thousands where the dataset has 360 for the test.

    python benchmarks/fresh_events.py RUN [RUN ..] --samples 3600 --json

The embedded event dataset is made by a generator, so that there is any number of samples of the same kind; they are drawn from a seed of
their own, as one more part of it. Of each run: accuracy of the winner's integers (the delivered file in the exact simulator) and of the same weights as
floats, before rounding, whose last tuning is done again from what the run keeps (it is the file's to the last weight, or the program ends); how
far apart they are, with the 95 % interval of Student's t over blocks of 100 samples; accuracy and fitness of the baselines on the run's own target, and which of
them are at least as accurate for no more energy.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from training_choices import interval

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.errors import RunError
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import ChipNetwork
from autosnn_hw.run_folder import CONFIG, NETWORKS, SUMMARY, SUPERNET, WINNER_NET, read_json
from autosnn_hw.simulate import exact
from autosnn_hw.stages.final_training.learnt import inherited
from autosnn_hw.stages.final_training.retraining import NetworkJob
from autosnn_hw.training.compute.threads import one_thread
from autosnn_hw.training.data import datasets
from autosnn_hw.training.data.sources.event_camera import samples
from autosnn_hw.training.float_view import float_view
from exporters import netx

PART = "fresh"
BLOCK = 100  # samples whose two accuracies are compared; blocks differ independently of each other


def delivered_floats(config: SearchConfig, run: Path, architecture: Architecture) -> FoldedNetwork:
    """The weights of the run's winner before rounding: tuned again from the network as floats that the run keeps.

    Raises:
        RunError: their integers are not those of the delivered file.
    """
    job, profile = NetworkJob.of(config, run / NETWORKS, supernet=str(run / SUPERNET)), hw_profiles.load(config.target)
    with tempfile.TemporaryDirectory() as folder, one_thread():
        checkpoint = Path(folder) / "floats.safetensors"
        shutil.copyfile(job.checkpoints(architecture)[0], checkpoint)
        tuned = inherited(
            architecture, config, str(run / SUPERNET), config.target, profile, checkpoint, lambda *_: None
        ).tuned
    if not same_integers(lower(tuned, profile), netx.read(run / WINNER_NET)):
        raise RunError(f"{run}: the winner's weights could not be made again on this machine; search there once more.")
    return tuned


def same_integers(one: ChipNetwork, other: ChipNetwork) -> bool:
    """Whether two networks have the same weights and biases, layer by layer."""
    return len(one.layers) == len(other.layers) and all(
        np.array_equal(getattr(a, name, None), getattr(b, name, None))
        for a, b in zip(one.layers, other.layers)
        for name in ("weight", "bias")
    )


def right(chip: ChipNetwork, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether the integer network is right, bool (N,)."""
    return exact.run(chip, x).predictions(chip.readout) == y


def floats_by_block(folded: FoldedNetwork, config: SearchConfig, x: np.ndarray, y: np.ndarray) -> list[float]:
    """Accuracy as floats of each `BLOCK` samples."""
    data, profile = datasets.load(config.dataset), hw_profiles.load(config.target)
    with one_thread():
        return [
            float_view(folded, data, x[low : low + BLOCK], y[low : low + BLOCK], profile).accuracy
            for low in range(0, len(x), BLOCK)
        ]


def winner_of(summary: dict[str, Any]) -> Architecture:
    """The winner that a summary names."""
    found = summary["winner"]
    return Architecture.parse(found["architecture"], width=found["width"], timesteps=found["timesteps"])


def of_run(run: Path, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """What fresh samples say of a run's winner and of its baselines."""
    config, summary = read_config(run / CONFIG), read_json(run / SUMMARY)
    winner = winner_of(summary)
    integers = right(netx.read(run / WINNER_NET), x, y)
    floats = floats_by_block(delivered_floats(config, run, winner), config, x, y)
    by_block = integers.reshape(-1, BLOCK).mean(1)
    job = NetworkJob.of(config, run / NETWORKS, supernet=str(run / SUPERNET))
    mean_cost, weight = summary["mean_cost"], summary["lambda"]

    def standing(accuracy: float, energy: dict[str, Any]) -> dict[str, float]:
        cost = energy.get("fitness", energy["total"])["value"]
        return {"accuracy": accuracy, "cost": cost, "fitness": accuracy * (cost / mean_cost) ** weight}

    own = standing(float(integers.mean()), summary["winner"]["energy"])
    baselines = {}
    for baseline in summary["baselines"]:
        if baseline.get("target", config.target) == config.target:
            file = job.file(
                Architecture.parse(baseline["architecture"], width=winner.width, timesteps=winner.timesteps)
            )
            baselines[baseline["name"]] = standing(float(right(netx.read(file), x, y).mean()), baseline["energy"])
    return {
        "run": str(run),
        "target": config.target,
        "seed": config.seed,
        "winner": str(winner),
        **own,
        "floats": float(np.mean(floats)),
        "integers_minus_floats": interval([100 * (one - other) for one, other in zip(by_block, floats)]),
        "baselines": baselines,
        "better": [
            name
            for name, other in baselines.items()
            if other["accuracy"] >= own["accuracy"] and other["cost"] <= own["cost"] and other != own
        ],
        "fitness_margin": own["fitness"] - max(other["fitness"] for other in baselines.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a search on the embedded events")
    parser.add_argument("--samples", type=int, default=3600, help=f"fresh samples, a multiple of {BLOCK}")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.samples < 2 * BLOCK or options.samples % BLOCK:
        parser.error(f"--samples {options.samples}: a multiple of {BLOCK}, at least {2 * BLOCK}, is needed.")
    x, y = samples(options.samples, PART)
    found = [of_run(run, x, y) for run in options.runs]
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for line in found:
        apart = line["integers_minus_floats"]
        print(
            f"{line['target']} seed {line['seed']}, {line['winner']}: {100 * line['accuracy']:.2f} % as integers, {100 * line['floats']:.2f} % as floats "
            f"({apart['mean']:+.2f}, {apart['low']:+.2f} to {apart['high']:+.2f} points); fitness {line['fitness']:.3f}, "
            f"{line['fitness_margin']:+.3f} beside the best baseline; better baselines: {', '.join(line['better']) or 'none'}"
        )


if __name__ == "__main__":
    main()
