"""Which choices in training a super-network make it rank better: its order of architectures against that of networks trained alone.

    python benchmarks/supernet_choices.py --dataset events --runs FOLDER --json
    python benchmarks/supernet_choices.py --dataset digits --runs FOLDER --only defaults "mean of the last quarter"

Architectures of the default space are drawn with none to all of their slots filled in turn, so that they differ in accuracy (up to
--architectures: without a block there is one); each is trained from scratch, --trainings times, as the default search of the data set trains networks. Then a super-network a
choice and seed is trained as that search would, and asked for the integer accuracy of each with inherited weights on the
validation samples, which is what a search ranks by.

    tau          Kendall's tau of that with the mean test accuracy of the trained networks, mean over seeds; 95 % of a bootstrap over
                 the architectures
    gain         tau less that of the defaults, of the same seeds and architectures; the interval is of the differences
    accuracy     mean inherited accuracy; seconds: of the super-network's training, one thread
    ceiling      tau of the test accuracies of two trainings of the same networks

Choices that `search` has are options of it; the others live here until they are shown to pay: the mean of the weights of the last
epochs; paths with the heaviest and the lightest in every update (sandwich rule, Yu and Huang 2019); the heaviest path of an update
teaching the others (in-place distillation, the same). Finished trainings are taken from --runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager as Context
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from final_networks import deployed
from search_quality import RESAMPLED

from autosnn_hw import pipeline
from autosnn_hw.architecture import SKIP, Architecture
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import read_json, write_json
from autosnn_hw.search.ranking.feedback import kendall_tau
from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.seeds import generator
from autosnn_hw.simulate import exact
from autosnn_hw.stages import supernet
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.stages.manifest import prepare
from autosnn_hw.training.averaging import WeightAverage
from autosnn_hw.training.loop import TrainingRun
from autosnn_hw.training.weight_sharing import supernet_trainer
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork
from autosnn_hw.words.progress import progress

DEFAULT = "defaults"


@dataclass(frozen=True)
class TrainingChoice:
    """How a super-network is trained: what differs from the defaults of `search`, and what stands in for a part of its training."""

    changes: dict[str, Any] = field(default_factory=dict)
    instead: Callable[[SearchConfig], Context[Any]] = lambda config: nullcontext()


def averaging(share: float) -> Callable[[SearchConfig], Context[Any]]:
    """Super-networks whose weights are the mean of those after the last epochs."""

    class MeanOfEpochs(TrainingRun):
        def _average(self, epoch: int, finished: bool) -> None:
            self.mean = self.mean or WeightAverage(self.adam.values)
            if epoch >= self.schedule.epochs - max(2, round(share * self.schedule.epochs)):
                self.mean.add()
            if finished:
                self.mean.apply()

    return lambda config: mock.patch.object(supernet_trainer, "TrainingRun", MeanOfEpochs)


@contextmanager
def sandwiched(config: SearchConfig) -> Iterator[None]:
    """The heaviest and the lightest path in every update, and as many others at random as strict fairness leaves room for."""

    def paths(network: SuperNetwork, random: np.random.Generator, spread: float = 1.0) -> list[Architecture]:
        others = [network.uniform_path(random, spread) for _ in range(3)]
        return [filled(network, "SRB_k5"), filled(network, SKIP), *others]

    with mock.patch.object(SuperNetwork, "fair_paths", paths):
        yield


@contextmanager
def taught(config: SearchConfig) -> Iterator[None]:
    """Half of what each path is trained towards are the votes of the path with the most filled slots of the update."""
    own = supernet_trainer.path_loss
    share, told = 0.5, {}

    def step(network, x, target, paths, lambda_reg=0.0, loss_name="votes", part=1.0):
        teacher = max(paths, key=lambda path: sum(block != SKIP for block in path.blocks))
        with torch.no_grad():
            told["votes"] = network.by_step(network.stem(x, None, teacher), teacher).mean(0)
        told["teacher"] = teacher
        return fair(network, x, target, paths, lambda_reg, loss_name, part)

    def loss(network, spikes, target, path, count=None, loss_name="votes"):
        if "votes" in told and path != told["teacher"]:
            target = (1 - share) * target + share * told["votes"]
        return own(network, spikes, target, path, count, loss_name)

    fair = supernet_trainer.fair_step
    with mock.patch.object(supernet_trainer, "fair_step", step), mock.patch.object(supernet_trainer, "path_loss", loss):
        yield


def filled(network: SuperNetwork, block: str) -> Architecture:
    """The path that one block makes."""
    genes = [next(gene for gene in slot if gene[0] == block) for slot in network.genes]
    return network.path(genes)


CHOICES = {
    DEFAULT: TrainingChoice(),
    "mean of the last quarter": TrainingChoice(instead=averaging(0.25)),
    "sandwich": TrainingChoice(instead=sandwiched),
    "in-place distillation": TrainingChoice(instead=taught),
    "separate weights": TrainingChoice({"sharing": "separate"}),
    "loss of each step": TrainingChoice({"loss": "steps"}),
    "weight decay .01": TrainingChoice({"weight_decay": 0.01}),
    "no warm-up": TrainingChoice({"warm_up": 0}),
    "half as many epochs": TrainingChoice({"epochs": 0.5}),
    "twice as many epochs": TrainingChoice({"epochs": 2.0}),
}


def spread(space: SearchSpace, config: SearchConfig, count: int, seed: int) -> list[Architecture]:
    """Different architectures, with none to all slots filled in turn as far as there are such."""
    random, chosen = generator(seed, "spread"), []
    slots = len(space.genes)
    blocks = [gene[0] for gene in space.genes[0] if gene[0] != SKIP]
    for index in range(count):
        for _ in range(100):
            full = set(random.permutation(slots)[: index % (slots + 1)].tolist())
            names = [str(random.choice(blocks)) if slot in full else SKIP for slot in range(slots)]
            one = Architecture.parse(
                ",".join(names), space=config.space, width=config.width, timesteps=config.timesteps
            )
            if one not in chosen:
                chosen.append(one)
                break
    return chosen


def trained_alone(config: SearchConfig, chosen: Sequence[Architecture], trainings: int, runs: Path) -> np.ndarray:
    """(trainings, architectures): test accuracy of each, from scratch."""
    found = []
    for repeat in range(trainings):
        alone = config.with_changes(seed=1_000 + repeat, retrain="scratch")
        found.append([one.accuracy.exact_test for one in deployed(alone, runs, f"alone-{repeat}", chosen)])
    return np.array(found)


def inherited(
    config: SearchConfig, choice: TrainingChoice, chosen: Sequence[Architecture], file: Path
) -> dict[str, Any]:
    """Accuracy of each with the weights of a super-network that is trained now, on the validation samples."""
    changes = dict(choice.changes)
    if "epochs" in changes:
        changes["epochs"] = round(config.epochs * changes["epochs"])
    config = config.with_changes(**changes)
    began = time.process_time()
    with choice.instead(config):
        supernet.fit(config, prepare(config), file)
    seconds = time.process_time() - began
    judge = CandidateEvaluator(str(file), config.dataset, config.data_dir, config.target, seed=config.seed)
    x, y = judge.inputs()
    right = []
    for architecture in chosen:
        network = judge.deploy(architecture)
        right.append(float((exact.run(network, x).predictions(network.readout) == y).mean()))
    return {"accuracies": right, "seconds": seconds}


def ranked(found: np.ndarray, defaults: np.ndarray, alone: np.ndarray, seed: int) -> dict[str, Any]:
    """Tau and its gain over the defaults, means over the seeds (first axis), with the 95 % of a bootstrap over architectures."""
    final, random = alone.mean(0), generator(seed, "supernet choices")

    def taus(index: np.ndarray) -> tuple[float, float]:
        mine, theirs = (
            np.mean([kendall_tau(list(row[index]), list(final[index])) or 0.0 for row in rows])
            for rows in (found, defaults)
        )
        return float(mine), float(mine - theirs)

    tau, gain = taus(np.arange(len(final)))
    draws = np.array([taus(random.integers(0, len(final), len(final))) for _ in range(RESAMPLED)])
    (low, least), (high, most) = np.percentile(draws, (2.5, 97.5), axis=0)
    return {
        "seeds": len(found),
        "tau": {"value": tau, "low": float(low), "high": float(high)},
        "gain": {"value": gain, "low": float(least), "high": float(most)},
        "accuracy": float(found.mean()),
    }


def figures(options: argparse.Namespace) -> dict[str, Any]:
    """All of it."""
    config = pipeline.config_for({"dataset": options.dataset, "workers": 1})
    space = search_space(config.space, width=config.width, timesteps=config.timesteps)
    chosen = spread(space, config, options.architectures, options.seed)
    runs: Path = options.runs
    runs.mkdir(parents=True, exist_ok=True)
    alone = trained_alone(config, chosen, options.trainings, runs)
    names = options.only or list(CHOICES)
    known: dict[str, list[dict[str, Any]]] = {name: [] for name in dict.fromkeys((DEFAULT, *names))}
    with progress(False) as reporter:
        reporter.stage("super-networks", len(known) * options.seeds)
        for seed in range(options.seeds):
            for number, name in enumerate(known):
                place = f"{name.replace(' ', '-')}-{seed}"  # a name may hold a point
                document = runs / f"{place}.json"
                if not document.is_file():
                    own = config.with_changes(seed=seed)
                    write_json(document, inherited(own, CHOICES[name], chosen, runs / f"{place}.safetensors"))
                known[name].append(read_json(document))
                reporter.advance(seed * len(known) + number + 1, name)
    rows = {name: np.array([one["accuracies"] for one in found]) for name, found in known.items()}
    return {
        "dataset": options.dataset,
        "architectures": [str(one) for one in chosen],
        "alone": {"mean": float(alone.mean()), "deviation": float(alone.mean(0).std(ddof=1)), "each": alone.tolist()},
        "ceiling": kendall_tau(list(alone[0]), list(alone[1])) if len(alone) > 1 else None,
        "choices": {
            name: {
                **ranked(rows[name], rows[DEFAULT], alone, options.seed),
                "seconds": float(np.mean([one["seconds"] for one in known[name]])),
            }
            for name in known
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="events", help="name of the data set, by default events")
    parser.add_argument("--runs", type=Path, required=True, help="folder of what is trained; kept and gone on with")
    parser.add_argument("--architectures", type=int, default=24)
    parser.add_argument("--trainings", type=int, default=2, help="from scratch, of each architecture")
    parser.add_argument("--seeds", type=int, default=3, help="super-networks a choice")
    parser.add_argument("--seed", type=int, default=0, help="draws the architectures")
    parser.add_argument("--only", nargs="*", choices=list(CHOICES), help="names of the choices; all by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document = figures(options)
    if options.json:
        print(json.dumps(document, indent=2))
        return
    for name, row in document["choices"].items():
        tau, gain = row["tau"], row["gain"]
        print(
            f"{name}: tau {tau['value']:.2f} ({tau['low']:.2f} to {tau['high']:.2f}), gain {gain['value']:+.2f} "
            f"({gain['low']:+.2f} to {gain['high']:+.2f}); accuracy {row['accuracy']:.3f}; {row['seconds']:.0f} s"
        )


if __name__ == "__main__":
    main()
