"""What quantising super-network candidates costs: accuracy against float over random candidates, and seconds a candidate.

    python benchmarks/quantisation_loss.py --candidates 200 --json
    python benchmarks/quantisation_loss.py --supernet RUN/supernet.safetensors --candidates 200
    python benchmarks/quantisation_loss.py --candidates 0 --json          # the time at C = 16 alone

Both accuracies are of the same inherited weights on the same validation images: float with batch norm re-estimated for the
path on 256 training images, integer as a search judges it, batch norm re-estimated on the path's own integer spikes (64
images) in the pass that quantises it. Seconds are of that pass: 32 x 32 images, T = 8, 64 images, the best of some passes.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autosnn_hw.architecture import SEARCH_BLOCKS, Architecture
from autosnn_hw.deploy.batch_norm import deploy_candidate
from autosnn_hw.seeds import generator
from autosnn_hw.simulate.exact import run
from autosnn_hw.training.data.datasets import Dataset, load
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet
from autosnn_hw.training.weight_sharing.supernet_verdict import evaluate_path

CALIBRATION_IMAGES = 64
TIMED = ("AutoSNN", "all_SRB_k3", "all_SCB_k3")


def candidates(count: int, width: int, timesteps: int) -> list[Architecture]:
    """Distinct random architectures of the search space."""
    random, found = generator(0, "quantisation loss"), {}
    while len(found) < count:
        blocks = tuple(str(block) for block in random.choice(SEARCH_BLOCKS, 5))
        found[blocks] = Architecture(blocks, width=width, timesteps=timesteps)
    return list(found.values())


def one_candidate(network: SuperNetwork, path: Architecture, dataset: Dataset, target: str) -> dict[str, Any]:
    """Accuracies in 0..1 and the share of validation images with the same predicted class."""
    view = evaluate_path(network, path, dataset)
    chip = deploy_candidate(network.to_folded(path, dataset), dataset.x_train[:CALIBRATION_IMAGES], target)
    predictions = run(chip, dataset.x_val).predictions(chip.readout)
    return {
        "architecture": str(path),
        "float": view.accuracy,
        "integer": float((predictions == dataset.y_val).mean()),
        "same_class": float((predictions == view.predictions).mean()),
    }


def losses(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and quantiles of float - integer in points of accuracy, and how both rank (Kendall tau)."""
    from scipy.stats import kendalltau

    real, whole = (np.array([row[name] for row in rows]) for name in ("float", "integer"))
    loss = 100 * (real - whole)
    return {
        "candidates": len(rows),
        "mean_float": real.mean(),
        "mean_integer": whole.mean(),
        "mean_loss_points": loss.mean(),
        "loss_points_quantiles": dict(zip(("0", "5", "50", "95", "100"), np.percentile(loss, (0, 5, 50, 95, 100)))),
        "same_class": float(np.mean([row["same_class"] for row in rows])),
        "kendall_tau": float(kendalltau(real, whole).statistic),
    }


def seconds(width: int, threads: int, passes: int) -> dict[str, Any]:
    """Best seconds of `passes` calibrating and quantising passes, for some architectures and ten random ones."""
    torch.set_num_threads(threads)
    network = SuperNetwork("SNN_1", width, 8, (3, 32, 32), 10)
    for name, parameter in network.named_parameters():
        if name.endswith("norm.bias"):
            parameter.data.fill_(0.3)  # spikes at the rates of a trained network
    images = generator(0, "timing").integers(0, 256, (CALIBRATION_IMAGES, 3, 32, 32)).astype(np.uint8)
    black = np.zeros((1, 3, 32, 32), np.uint8)
    nothing = np.zeros(1, np.int64)
    mean = np.full(3, 0.5)
    data = Dataset("noise", images, nothing, black, nothing, black, nothing, 10, (3, 32, 32), mean, mean / 2, 255.0, "")
    named = {name: Architecture.parse(name, width=width, timesteps=8) for name in TIMED}
    named |= {str(path): path for path in candidates(10, width, 8)}
    best = {}
    for name, path in named.items():
        folded, times = network.to_folded(path, data), []
        for _ in range(passes):
            started = time.perf_counter()
            deploy_candidate(folded, images)
            times.append(time.perf_counter() - started)
        best[name] = min(times)
    random = [value for name, value in best.items() if name not in TIMED]
    return {"width": width, "threads": threads, "mean_of_random": float(np.mean(random)), "best": best}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--data-dir")
    parser.add_argument("--supernet", help="a trained super-network; without one it is trained here")
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--timesteps", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--target", default="loihi2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    document: dict[str, Any] = {"dataset": options.dataset, "target": options.target}
    if options.candidates:
        dataset = load(options.dataset, data_dir=options.data_dir)
        if options.supernet:
            network = load_supernet(Path(options.supernet))
        else:
            schedule = Schedule(epochs=options.epochs, learning_rate=3e-3)
            sizes = {"width": options.width, "timesteps": options.timesteps}
            network = train_supernet(dataset, **sizes, schedule=schedule, must_learn=False).network
        paths = candidates(options.candidates, network.width, network.timesteps)
        document |= losses([one_candidate(network, path, dataset, options.target) for path in paths])
    document["seconds"] = seconds(16, options.threads, options.passes)
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
