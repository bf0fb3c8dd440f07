"""What a choice of training is worth where a search goes on from inherited weights: the same networks, trained on with and without it.

    python benchmarks/inherited_choices.py RUN [RUN ..] --networks 12 --json

RUN is the folder of a search of one width and T; of search_quality.py's, its random architectures have their final weights there already. Random
architectures of the run's space (the first of those that search_quality.py draws for its seed) inherit the super-network's weights and
train on as the run's finalists did, once with the run's own config and once with each choice changed in it, in folders of their own
inside RUN; what is there is not made again, so the program can be stopped and gone on with.

Of each choice: the mean test accuracy of the integer networks, its difference from the run's own config network by network, with the
95 % interval of Student's t over the networks and the mean of each run, and the geometric mean of the energies' ratio. All networks
of a run share one super-network, so that the interval speaks of these runs; how far runs differ stands beside it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from final_networks import deployed_together, job_of
from search_quality import drawn
from training_choices import interval

from autosnn_hw.config import read_config
from autosnn_hw.run_folder import CONFIG
from autosnn_hw.search.workers.processes import worker_count
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork

OWN = "the run's own"
CHOICES: dict[str, dict[str, Any]] = {
    "averaged-epochs-3": {"averaged_epochs": 3},
    "weight-decay-.01": {"weight_decay": 0.01},
    "distillation-.5": {"distillation": 0.5},
    "loss-steps": {"loss": "steps"},
    "rate-decay-constant": {"rate_decay": "constant"},
}


def trained_on(run: Path, count: int, choices: Sequence[str]) -> dict[str, list[TrainedNetwork]]:
    """The same networks of a run for its own config and for each choice."""
    config = read_config(run / CONFIG)
    chosen = drawn(config, count)
    jobs = {OWN: job_of(config, run, "random")}
    jobs |= {name: job_of(config.with_changes(**CHOICES[name]), run, f"random-{name}") for name in choices}
    found = deployed_together(worker_count(config.workers), *((job, chosen) for job in jobs.values()))
    return dict(zip(jobs, found))


def compared(own: Sequence[Sequence[TrainedNetwork]], other: Sequence[Sequence[TrainedNetwork]]) -> dict[str, Any]:
    """Networks of several runs, pair by pair: accuracies as shares, differences in points."""
    differences = [
        [100 * (b.accuracy.exact_test - a.accuracy.exact_test) for a, b in zip(ours, theirs)]
        for ours, theirs in zip(own, other)
    ]
    ratios = [
        b.energy["total"]["value"] / a.energy["total"]["value"]
        for ours, theirs in zip(own, other)
        for a, b in zip(ours, theirs)
        if a.energy and b.energy
    ]
    return {
        "accuracy": float(np.mean([network.accuracy.exact_test for networks in other for network in networks])),
        "difference": interval([value for row in differences for value in row]),
        "difference_of_each_run": [float(np.mean(row)) for row in differences],
        "better": sum(value > 0 for row in differences for value in row),
        "energy_ratio": float(np.exp(np.mean(np.log(ratios)))) if ratios else None,
    }


def figures(runs: Sequence[Path], count: int, choices: Sequence[str]) -> dict[str, Any]:
    """All of it."""
    made = [trained_on(run, count, choices) for run in runs]
    own = [networks[OWN] for networks in made]
    return {
        "networks": sum(map(len, own)),
        "accuracy": float(np.mean([network.accuracy.exact_test for networks in own for network in networks])),
        "choices": {name: compared(own, [networks[name] for networks in made]) for name in choices},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of searches")
    parser.add_argument("--networks", type=int, default=12, help="random architectures of each run")
    parser.add_argument("--only", nargs="*", choices=list(CHOICES), help="names of the choices; all by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document = figures(options.runs, options.networks, options.only or list(CHOICES))
    if options.json:
        print(json.dumps(document, indent=2))
        return
    print(f"{document['networks']} networks, {document['accuracy']:.4f} with their runs' own training")
    for name, row in document["choices"].items():
        found, energy = row["difference"], row["energy_ratio"]
        spread = "" if found["low"] is None else f" ({found['low']:+.2f} to {found['high']:+.2f})"
        costs = "" if energy is None else f", energy x {energy:.2f}"
        print(f"{name}: {row['accuracy']:.4f}, {found['mean']:+.2f} points{spread}, {row['better']} better{costs}")


if __name__ == "__main__":
    main()
