"""Does the way to the chip cost accuracy? Float network, its integers, and its integers after fine-tuning, over seeds.

    python benchmarks/lossless.py --dataset digits --seeds 5 --json
    python benchmarks/lossless.py --dataset npz:TRAIN,TEST --architecture all_SRB_k3 --width 16 --timesteps 8 --epochs 30

All accuracies are of the whole test split; the integer ones are the exact simulator's on the lowered network, and so Lava's
(`--lava N` runs the first N images there, too, and stops where a spike differs). `lost_..` and `won_..` are the test images that
the float network alone, or the integers alone, classify rightly: the interval of the loss comes from them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.simulate.exact import run
from autosnn_hw.training.data.datasets import Dataset, load
from autosnn_hw.training.evaluation import evaluate
from autosnn_hw.training.finetuning.finetune import fit
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.trainer import Schedule, train_network

INTEGERS = ("integer", "finetuned")


def one_seed(architecture: Architecture, dataset: Dataset, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Train, quantise, fine-tune; accuracies in 0..1, seconds."""
    schedule = Schedule(options.epochs, options.learning_rate, seed=seed, precision=options.precision)
    started = time.perf_counter()
    network = train_network(architecture, dataset, schedule=schedule, fabric=Fabric(options.neuron)).network
    trained = time.perf_counter()
    folded = network.to_folded(dataset)
    before = lower(folded, options.target)
    tuned = fit(folded, dataset, epochs=options.finetune_epochs, seed=seed, target=options.target, full_train=True)
    finished = time.perf_counter()
    after = lower(tuned.folded, options.target)
    view = evaluate(lambda x, count: network(x), dataset, dataset.x_test, dataset.y_test)
    right = {
        "float": view.predictions == dataset.y_test,
        "integer": integer_right(before, dataset),
        "finetuned": integer_right(after, dataset),
    }
    result = {
        "seed": seed,
        **{name: float(which.mean()) for name, which in right.items()},
        **{f"lost_{name}": int((right["float"] & ~right[name]).sum()) for name in INTEGERS},
        **{f"won_{name}": int((~right["float"] & right[name]).sum()) for name in INTEGERS},
        "train_seconds": trained - started,
        "finetune_seconds": finished - trained,
    }
    if options.lava:
        result["lava_images"], result["lava_equal"] = options.lava, lava_equal(after, dataset.x_test[: options.lava])
    return result


def integer_right(network: Any, dataset: Dataset) -> np.ndarray:
    """bool (N,): which test images the exact simulator classifies rightly."""
    return run(network, dataset.x_test).predictions(network.readout) == dataset.y_test


def lava_equal(network: Any, images: np.ndarray) -> bool:
    """Votes of the exact simulator and of Lava's fixed-point model."""
    from autosnn_hw.simulate import lava

    exact, measured = run(network, images), lava.run(network, images)
    spikes = all((a.spikes.sum(-1) == b.spikes.sum(-1)).all() for a, b in zip(exact.layers, measured.layers))
    return bool(spikes and (exact.outputs == measured.outputs).all())


def interval(rows: list[dict[str, Any]], name: str, images: int) -> list[float]:
    """95 % interval of the mean loss in points, paired image by image: what images won and lost alone can say."""
    lost, won, n = sum(r[f"lost_{name}"] for r in rows), sum(r[f"won_{name}"] for r in rows), len(rows) * images
    mean = (lost - won) / n
    error = 1.96 * ((lost + won) / n - mean**2) ** 0.5 / n**0.5
    return [100 * (mean - error), 100 * (mean + error)]


def summary(rows: list[dict[str, Any]], images: int) -> dict[str, Any]:
    """Means over seeds, and the losses in points of accuracy (positive: the integers are worse)."""
    means = {name: statistics.mean(row[name] for row in rows) for name in ("float", "integer", "finetuned")}
    return {
        "mean": means,
        "loss_points": 100 * (means["float"] - means["integer"]),
        "loss_points_interval": interval(rows, "integer", images),
        "loss_points_finetuned": 100 * (means["float"] - means["finetuned"]),
        "loss_points_finetuned_interval": interval(rows, "finetuned", images),
        "largest_loss_points": 100 * max(row["float"] - row["integer"] for row in rows),
        "largest_loss_points_finetuned": 100 * max(row["float"] - row["finetuned"] for row in rows),
    }


def limited(dataset: Dataset, train: int | None, test: int | None) -> Dataset:
    """The first images of each part, for machines where the whole would take hours; the result says so."""
    share = None if train is None else max(1, train // 4)
    return replace(
        dataset,
        x_train=dataset.x_train[:train],
        y_train=dataset.y_train[:train],
        x_val=dataset.x_val[:share],
        y_val=dataset.y_val[:share],
        x_test=dataset.x_test[:test],
        y_test=dataset.y_test[:test],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--data-dir")
    parser.add_argument("--architecture", default="AutoSNN")
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--timesteps", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--finetune-epochs", type=int, default=8)
    parser.add_argument("--target", default="loihi2")
    parser.add_argument("--neuron", default="plif", choices=("plif", "memoryless"))
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"), help="of the float training")
    parser.add_argument("--train-images", type=int, help="only the first so many; a quarter as many for validation")
    parser.add_argument("--test-images", type=int, help="only the first so many")
    parser.add_argument("--lava", type=int, default=0, metavar="N", help="compare N test images with Lava")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dataset = limited(load(options.dataset, data_dir=options.data_dir), options.train_images, options.test_images)
    architecture = Architecture.parse(options.architecture, width=options.width, timesteps=options.timesteps)
    rows = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        rows.append(one_seed(architecture, dataset, seed, options))
        if not options.json:
            print(", ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()))
            sys.stdout.flush()
    totals = summary(rows, len(dataset.x_test))
    document = {
        "dataset": dataset.name,
        "train_images": len(dataset.full_train()[0]),
        "test_images": len(dataset.x_test),
        "architecture": str(architecture),
        "width": options.width,
        "timesteps": options.timesteps,
        "epochs": options.epochs,
        "finetune_epochs": options.finetune_epochs,
        "target": options.target,
        "precision": options.precision,
        "seeds": rows,
        **totals,
    }
    print(json.dumps(document, indent=1) if options.json else json.dumps(totals))


if __name__ == "__main__":
    main()
