"""What each choice of training is worth: one architecture, trained with and without it, from the same initial weights.

    python benchmarks/training_choices.py --data FOLDER --runs FILE.jsonl --json
    python benchmarks/training_choices.py --dataset digits --epochs 10 --seeds 5 --runs FILE.jsonl
    python benchmarks/training_choices.py --data FOLDER --images 10000 --side 32 --width 16 --epochs 60 --finetune-epochs 8 --runs FILE.jsonl

--data names the folder of the CIFAR-10 .npz files of JPEG images, --dataset another data set; --side 16 shrinks them by 2 x 2 means. Of the first --images training
images the last fifth chooses the epoch of fine-tuning; accuracies are of the first --test test images: of the float network, of its
integers as they are, and of the integers after fine-tuning with them in the loop. A choice is compared with the defaults seed by
seed, and the interval is that of Student's t over the seeds (95 %): the same initial weights make the difference, not the run, the sample. Each
line of --runs is one training; finished ones are not made again, so the program can be stopped and gone on with.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from shrunken_cifar import halved, whole_cifar

import hw_profiles
from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import lower
from autosnn_hw.simulate.exact import run
from autosnn_hw.training.data.datasets import Dataset, load
from autosnn_hw.training.finetuning.finetune import fit
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.regime import Regime
from autosnn_hw.training.teacher import train_teacher
from autosnn_hw.training.trainer import evaluate_network, train_network

DEFAULT = "defaults"
MEASURES = ("float", "integer", "tuned")


def regimes(options: argparse.Namespace) -> dict[str, Regime]:
    """The choices that are compared, by name; the first is what they are compared with."""
    quarter = max(2, options.epochs // 4)
    plain = Regime(augment="none")
    return {
        DEFAULT: plain,
        "loss of each step": replace(plain, loss="steps"),
        "weight decay .01": replace(plain, weight_decay=0.01),
        "weight decay .1": replace(plain, weight_decay=0.1),
        "distillation .5": replace(plain, distillation=0.5),
        "crop": replace(plain, augment="crop"),
        "crop, flip": replace(plain, augment="crop-flip"),
        "crop, flip, cutout": replace(plain, augment="crop-flip-cutout"),
        f"mean of the last {quarter} epochs": replace(plain, averaged=quarter),
        "constant rate": replace(plain, decay="constant"),
    }


def images(options: argparse.Namespace) -> Dataset:
    """CIFAR-10, the first images of each part, at the side that is asked for; or the data set that is named."""
    if options.dataset is not None:
        return load(options.dataset)
    path = options.runs.parent / f"cifar10-{options.images}-{options.test}-{options.side}.npz"
    if path.is_file():
        return load(f"npz:{path}")
    whole = whole_cifar(options.data)
    x, y = whole.full_train()
    x, y, x_test, y_test = (
        x[: options.images],
        y[: options.images],
        whole.x_test[: options.test],
        whole.y_test[: options.test],
    )
    sized = halved if options.side == 16 else np.ascontiguousarray
    np.savez(path, x_train=sized(x), y_train=y, x_test=sized(x_test), y_test=y_test)
    return load(f"npz:{path}")


def one(name: str, regime: Regime, seed: int, data: Dataset, options: argparse.Namespace) -> dict[str, Any]:
    """Train, quantise, fine-tune: accuracies in 0..1 on the test images, spikes an image, seconds."""
    architecture = Architecture.parse(options.architecture, width=options.width, timesteps=options.timesteps)
    profile = hw_profiles.load(options.target)
    schedule = Schedule(options.epochs, options.learning_rate, options.batch, seed, regime=regime)
    started = time.process_time()
    teacher = train_teacher(architecture, data, schedule, full_train=False)
    network = train_network(
        architecture, data, schedule=schedule, full_train=False, fabric=Fabric.of(profile), teacher=teacher
    ).network
    folded = network.to_folded(data)
    tuned = fit(
        folded, data, epochs=options.finetune_epochs, seed=seed, target=profile, regime=regime, teacher=teacher
    ).folded
    seconds = time.process_time() - started
    view = evaluate_network(network, data, data.x_test, data.y_test)
    found = {"float": view.accuracy, "spikes float": view.spikes}
    for step, floats in (("integer", folded), ("tuned", tuned)):
        chip = lower(floats, profile)
        activity = run(chip, data.x_test)
        found[step] = float((activity.predictions(chip.readout) == data.y_test).mean())
        found[f"spikes {step}"] = float(sum(layer.spikes.sum() for layer in activity.layers) / len(data.x_test))
    return {"choice": name, "seed": seed, **found, "seconds": seconds}


def table(rows: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """Means over the seeds, and differences from the defaults with their interval in points."""
    by_seed = {(row["choice"], row["seed"]): row for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    found = []
    for name in names:
        mine = [by_seed[name, seed] for seed in seeds if (name, seed) in by_seed]
        pairs = [(row, by_seed[DEFAULT, row["seed"]]) for row in mine if (DEFAULT, row["seed"]) in by_seed]
        if not mine:
            continue
        line: dict[str, Any] = {"choice": name, "seeds": len(mine)}
        line |= {key: float(np.mean([row[key] for row in mine])) for key in mine[0] if key not in ("choice", "seed")}
        line |= {
            f"{measure} difference": interval([100 * (ours[measure] - theirs[measure]) for ours, theirs in pairs])
            for measure in MEASURES
            if name != DEFAULT and pairs
        }
        found.append(line)
    return found


def interval(differences: list[float]) -> Mapping[str, float | None]:
    """Mean with the 95 % interval of Student's t; None for one difference."""
    mean, count = float(np.mean(differences)), len(differences)
    if count < 2:
        return {"mean": mean, "low": None, "high": None}
    half = float(stats.t.ppf(0.975, count - 1) * np.std(differences, ddof=1) / count**0.5)
    return {"mean": mean, "low": mean - half, "high": mean + half}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", help="another data set, by name: digits, npz:FILE, ..")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the CIFAR-10 .npz files")
    parser.add_argument(
        "--runs", type=Path, required=True, help="file of the trainings, one a line; kept and gone on with"
    )
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--side", type=int, choices=(16, 32), default=16)
    parser.add_argument("--architecture", default="all_SRB_k3")
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--timesteps", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--finetune-epochs", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=1e-2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--target", default="loihi2")
    parser.add_argument("--at-most", type=int, help="trainings that are made now; all by default")
    parser.add_argument("--only", nargs="*", help="names of the choices; all by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.runs.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in options.runs.read_text().splitlines()] if options.runs.is_file() else []
    known = {(row["choice"], row["seed"]) for row in rows}
    chosen = {
        name: one for name, one in regimes(options).items() if not options.only or name in (DEFAULT, *options.only)
    }
    data = images(options)
    wanted = [(name, seed) for seed in range(options.seeds) for name in chosen if (name, seed) not in known]
    for name, seed in wanted[: options.at_most]:
        rows.append(one(name, chosen[name], seed, data, options))
        with open(options.runs, "a") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    found = table(rows, list(chosen))
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for line in found:
        words = ", ".join(f"{measure} {line[measure]:.4f}" for measure in MEASURES)
        difference = line.get("tuned difference")
        if difference is not None and difference["low"] is not None:
            words += f"; tuned {difference['mean']:+.2f} ({difference['low']:.2f} to {difference['high']:.2f}) points"
        print(f"{line['choice']}: {words}; {line['seconds']:.0f} s")


if __name__ == "__main__":
    main()
