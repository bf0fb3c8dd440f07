"""Seconds to judge whole spaces exactly: digits' default, and AutoSNN-16 for 32 x 32 images at T = 8 on 1,000 CIFAR-10 images.

    python benchmarks/walk.py --json
    python benchmarks/walk.py --supernet RUN/supernet.safetensors --skip autosnn16
    python benchmarks/walk.py --data FOLDER --skip digits

Timed is what a search does: starting the workers, batch norm, quantisation, integer simulation, check and price of all 3,125
architectures, what was walked into files, and every candidate into the study. Training the super-network is not. AutoSNN-16 has
random weights: batch norm, estimated for each architecture, makes its neurons fire about as often as those of a trained one.
`equal`: 50 random architectures judged one by one give the same records to the last digit. `peak_bytes`: largest resident memory
of this process and its workers together while walking.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from autosnn_hw.architecture import SEARCH_BLOCKS
from autosnn_hw.run_folder import write_table
from autosnn_hw.search.candidate import COLUMNS, CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.search.walking.walk import run_walk
from autosnn_hw.seeds import generator
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.stages.judging.subtree import SubtreeEvaluator
from autosnn_hw.training.checkpoint import write_checkpoint
from autosnn_hw.training.data.datasets import load
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

COMPARED = 50
CIFAR = ("cifar10-train-jpeg.npz", "cifar10-test-jpeg.npz")
CIFAR_IMAGES = 5000  # training images taken: 1,000 of them are the validation images that candidates are judged on


class Walked(NamedTuple):
    """A timed walk: seconds of the clock and of all processes, `equal` to candidates judged one by one."""

    seconds: float
    processor_seconds: float
    equal: bool
    candidates: int
    peak_bytes: int


def walk(space: SearchSpace, evaluator: CandidateEvaluator, folder: Path, workers: int) -> Walked:
    """Walk a space and compare."""
    settings = SearchSettings(strategy="walk")
    with Peak() as peak:
        began, busy = time.perf_counter(), _processor_seconds()
        study = CandidateStudy(folder / "study.db", space, settings.identity(space))
        result = run_walk(space, SubtreeEvaluator(evaluator, space, str(folder)), study, settings, workers=workers)
        write_table(folder / "candidates.csv", COLUMNS, [record.row() for record in result.records])
        seconds, busy = time.perf_counter() - began, _processor_seconds() - busy
    records = {record.genotype: record for record in study.records.values()}
    chosen = generator(0, "walk").choice(space.size, COMPARED, replace=False)
    alone = [evaluator(space.at(int(index))) for index in chosen]
    equal = all(_figures(record) == _figures(records[record.genotype]) for record in alone)
    return Walked(seconds, busy, equal, len(records), peak.bytes)


def _processor_seconds() -> float:
    """Of this process and of those children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _figures(record: CandidateRecord) -> dict[str, Any]:
    """What judging says of a candidate; how the search stood to it is left out."""
    left_out = ("generation", "cost", "source", "fitness", "feasible", "measured")
    return {name: value for name, value in record.to_json().items() if name not in left_out}


def digits(folder: Path, supernet: Path | None, workers: int) -> Walked:
    space = search_space("SNN_1", width=8, timesteps=4)
    if supernet is None:
        supernet = folder / "supernet.safetensors"
        train_supernet(load("digits"), genes=space.genes, schedule=Schedule(15, 1e-2, 32), checkpoint=supernet)
    evaluator = CandidateEvaluator(str(supernet), "digits", None, "loihi2", float_view=False)
    return walk(space, evaluator, folder, workers)


def autosnn16(folder: Path, data: Path, workers: int) -> Walked:
    space = search_space("SNN_1", width=16, timesteps=8)
    cifar = load(f"npz:{data / CIFAR[0]},{data / CIFAR[1]}")
    images = {
        "x_train": cifar.full_train()[0],
        "y_train": cifar.full_train()[1],
        "x_test": cifar.x_test,
        "y_test": cifar.y_test,
    }
    file = folder / "cifar10.npz"
    np.savez(file, **{name: array[:CIFAR_IMAGES] for name, array in images.items()})
    supernet = folder / "supernet.safetensors"
    random_supernet(space, supernet)
    evaluator = CandidateEvaluator(str(supernet), f"npz:{file}", None, "loihi2", samples=1000, float_view=False)
    return walk(space, evaluator, folder, workers)


def random_supernet(space: SearchSpace, path: Path) -> None:
    """A checkpoint of an untrained super-network for CIFAR-10."""
    torch.manual_seed(0)
    image, classes = (3, 32, 32), 10
    network = SuperNetwork(space.space, space.width, space.timesteps, image, classes)
    identity = {
        "kind": "supernet", "space": space.space, "width": space.width, "timesteps": space.timesteps, "image": image,
        "classes": classes, "genes": [[[block, 1] for block in SEARCH_BLOCKS]] * space.slots, "sharing": network.sharing,
        **network.fabric.identity(),
    }  # fmt: skip
    write_checkpoint(
        path, {f"model.{name}": value for name, value in network.state_dict().items()}, {"identity": identity}
    )


class Peak:
    """Largest resident memory of this process and its children together, looked at while it is open (Linux)."""

    def __init__(self) -> None:
        self.bytes, self._done = 0, threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.bytes = max(self.bytes, sum(map(_resident, [os.getpid(), *_children(os.getpid())])))


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_children(child)]
    return found


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # it has ended
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--supernet", type=Path, help="checkpoint of the digits super-network; by default one is trained"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the CIFAR-10 .npz files")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--skip", choices=["digits", "autosnn16"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document: dict[str, Any] = {"digits_seconds": None, "autosnn16_seconds": None}
    equal, peaks, notes = [], [], []
    with tempfile.TemporaryDirectory() as name:
        for part in ("digits", "autosnn16"):
            folder = Path(name) / part
            folder.mkdir()
            if part == options.skip:
                continue
            if part == "autosnn16" and not all((options.data / file).is_file() for file in CIFAR):
                notes.append(
                    f"AutoSNN-16 was left out: {options.data} does not hold {' and '.join(CIFAR)}; --data names the folder."
                )
                continue
            walked = (
                digits(folder, options.supernet, options.workers)
                if part == "digits"
                else autosnn16(folder, options.data, options.workers)
            )
            document[f"{part}_seconds"] = round(walked.seconds, 1)
            document[f"{part}_processor_seconds"] = round(walked.processor_seconds, 1)
            document[f"{part}_candidates"] = walked.candidates
            document[f"{part}_peak_bytes"] = walked.peak_bytes
            equal.append(walked.equal)
            peaks.append(walked.peak_bytes)
    document |= {"equal": all(equal) if equal else None, "peak_bytes": max(peaks, default=None)}
    document["workers"] = options.workers
    document["notes"] = notes
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        for key, value in document.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
