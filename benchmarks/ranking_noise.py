"""How much of a search's order is noise: the same networks ranked by more images, and after a shorter training.

    python benchmarks/ranking_noise.py RUN --data FOLDER --json

RUN is a seed's folder that `benchmarks/search_quality.py --data FOLDER --runs RUNS` made: its random architectures have their final
weights there already. --data names the folder of the CIFAR-10 .npz files of JPEG images; all their test images are used, the run's own first.

    tau          Kendall's tau of inherited accuracy on so many validation images with final accuracy on so many test images, each
                 with the 95 % of a bootstrap over the networks; the first row is what search_quality.py prints
    corrected    tau of the accuracy that the search estimates of them after its finalists (a regression on these), on all test images
    split_half   tau of the orders that the first and the second half of the test images give the same final networks: what no
                 ranking can pass by much, however it was made
    short        the same after --short-epochs epochs as floats and one with the integers in the loop, in place of the run's own
    spread       standard deviation of the final accuracies, and what the test images alone make of one
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from final_networks import deployed, job_of
from search_quality import drawn, interval
from shrunken_cifar import TEST_IMAGES, halved, whole_cifar

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.run_folder import CONFIG, SUPERNET, RunFolder
from autosnn_hw.search.database.stored_accuracy import read_accuracies
from autosnn_hw.search.ranking.feedback import kendall_tau
from autosnn_hw.simulate import exact
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.words.progress import progress
from exporters import netx

Right = np.ndarray  # bool (networks, images): which are classified correctly


def inherited_right(config: SearchConfig, run: Path, chosen: Sequence[Architecture]) -> Right:
    """All validation images, by the integer networks that the search judged."""
    judge = CandidateEvaluator(str(run / SUPERNET), config.dataset, config.data_dir, config.target, seed=config.seed)
    x, y = judge.inputs()
    found = []
    with progress(False) as reporter:
        reporter.stage("inherited", len(chosen))
        for done, architecture in enumerate(chosen, 1):
            network = judge.deploy(architecture)
            found.append(exact.run(network, x).predictions(network.readout) == y)
            reporter.advance(done)
    return np.array(found)


def final_right(files: Sequence[Path], x: np.ndarray, y: np.ndarray) -> Right:
    """Test images, by networks with their final weights."""
    networks = [netx.read(file) for file in files]
    return np.array([exact.run(network, x).predictions(network.readout) == y for network in networks])


def order(searched: Right, final: Right, judged: int, tested: int, seed: int) -> dict[str, Any]:
    """Tau of the two accuracies on the first images of each kind."""
    first, last = list(searched[:, :judged].mean(1)), list(final[:, :tested].mean(1))
    low, high = interval(first, last, seed)
    return {"validation": judged, "test": tested, "tau": kendall_tau(first, last), "low": low, "high": high}


def corrected(run: Path, chosen: Sequence[Architecture], final: Right, seed: int) -> dict[str, Any]:
    """Tau of what the search said of them in the end; those that its own finalists and baselines are count too."""
    known = read_accuracies(**RunFolder(run).study())
    said = [known[str(architecture)].accuracy for architecture in chosen]
    last = list(final.mean(1))
    low, high = interval(said, last, seed)
    return {"tau": kendall_tau(said, last), "low": low, "high": high}


def spread(final: Right) -> dict[str, float]:
    """Standard deviation of the networks' accuracies, and of one of them over draws of the images."""
    accuracies = final.mean(1)
    of_one = float(np.sqrt(np.mean(accuracies * (1 - accuracies) / final.shape[1])))
    return {"networks": float(accuracies.std(ddof=1)), "images_alone": of_one}


def figures(run: Path, data: Path, count: int, short: int | None) -> dict[str, Any]:
    """All of it."""
    config = read_config(run / CONFIG)
    chosen = drawn(config, count)
    whole = whole_cifar(data)
    x, y = halved(whole.x_test), whole.y_test
    searched = inherited_right(config, run, chosen)
    judged = config.evaluate or searched.shape[1]
    sizes = dict.fromkeys([(judged, TEST_IMAGES), (searched.shape[1], TEST_IMAGES), (searched.shape[1], len(x))])

    def final(changed: SearchConfig, name: str) -> Right:
        deployed(changed, run, name, chosen)  # those that are there are not made again
        job = job_of(changed, run, name)
        return final_right([job.file(architecture) for architecture in chosen], x, y)

    def ranked(right: Right) -> dict[str, Any]:
        halves = np.array_split(right, 2, axis=1)
        return {
            "tau": [order(searched, right, *size, config.seed) for size in sizes],
            "split_half": kendall_tau(*(list(half.mean(1)) for half in halves)),
            "mean": float(right.mean()),
            "spread": spread(right),
        }

    own = final(config, "random")
    found = {"networks": count, **ranked(own), "corrected": corrected(run, chosen, own, config.seed)}
    if short is not None:
        shorter = config.with_changes(retrain_epochs=short, finetune_epochs=1)
        found["short"] = ranked(final(shorter, f"random-short-{short}"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a seed of search_quality.py")
    parser.add_argument("--data", type=Path, default=Path("."), help="folder of the CIFAR-10 .npz files")
    parser.add_argument("--random", type=int, default=24, help="random architectures, as many as the run has")
    parser.add_argument("--short-epochs", type=int, help="train them once more, for so many epochs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document = figures(options.run, options.data, options.random, options.short_epochs)
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        for key, value in document.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
