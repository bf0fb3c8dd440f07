"""Does a search find? Winner against baselines and random architectures, all deployed alike; how well the search ranked them.

    python benchmarks/search_quality.py --digits --seeds 5 --json
    python benchmarks/search_quality.py --data FOLDER --seeds 3 --json
    python benchmarks/search_quality.py --digits --seeds 5 --runs FOLDER

--digits runs the default search, `autosnn-hw search --target loihi2`, once a seed, and sets each winner beside its four baselines:
accuracy on the test images and modelled energy. It is on or above their front where no baseline is as accurate or better at no more
energy (`on_or_above`, strictly); `within_noise` asks whether one is better in accuracy by more than noise at no more energy.
`fitness_margin` is the winner's fitness minus the best baseline's, with test accuracy.

--data names the folder of the CIFAR-10 .npz files of JPEG images: they are shrunk to 16 x 16 pixels by 2 x 2 means, of the training
images the first 12,500 (the last 20 % of them judge), of the test images the first 5,000. A seed is one search (walk, finalists, baselines)
and so many random architectures that get their weights as the finalists do.

    tau, tau_low, tau_high   Kendall's tau of the accuracy that the search ranked by with the test accuracy of the random
                             architectures; bootstrap over them, 95 %; mean over seeds
    ceiling                  the same between two draws of the trainings of the first --again of them, mean over seeds
    winner_fitness           accuracy on test images x (energy / mean energy)^lambda, mean over seeds
    best_random_fitness      of the best of the random architectures on test images, so one that nobody could have chosen
    evolution_fitness        of evolution's winner of the default budget on the same super-network, deployed alike
    from_scratch             all SRB_k3 trained from scratch on the epochs of super-network and final training together
    at_least_best_random_within_noise, at_least_evolution_within_noise, at_least_baselines_within_noise
                             seeds in which the winner's fitness is at least that, or below it by no more than noise; the best of random
                             search, by the super-network, is one of the four baselines
    noise                    1.96 standard deviations of the difference of two such fitnesses that the test images alone make

With --runs finished seeds are taken from there, and unfinished ones gone on with.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from final_networks import deployed_together, job_of
from shrunken_cifar import shrunken_cifar
from walked_space import WalkedSpace, searched

from autosnn_hw import pipeline
from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.documents.accuracy import Z_95
from autosnn_hw.run_folder import CONFIG, RunFolder, read_json
from autosnn_hw.search.database.study import read_records
from autosnn_hw.search.ranking.feedback import kendall_tau
from autosnn_hw.search.ranking.fitness import fitness
from autosnn_hw.search.space import search_space
from autosnn_hw.search.workers.processes import worker_count
from autosnn_hw.seeds import generator
from autosnn_hw.words.progress import progress

JUDGED_ON = 1_000
RESAMPLED = 1_000


def finished(config: SearchConfig, folder: Path) -> dict[str, Any]:
    """The summary of a run that is made, gone on with, or taken as it is."""
    with progress(False) as reporter:
        if (folder / "summary.json").is_file():
            return read_json(folder / "summary.json")
        if (folder / CONFIG).is_file():
            return pipeline.resume(folder, reporter)
        return pipeline.search(config, folder, reporter)


def point(network: Mapping[str, Any], accuracy: float) -> dict[str, Any]:
    """What is compared of a network: test accuracy and modelled energy in J."""
    return {
        "architecture": network["architecture"],
        "accuracy": accuracy,
        "energy": network["energy"]["total"]["value"],
    }


def against_front(winner: Mapping[str, Any], others: Sequence[Mapping[str, Any]], samples: int) -> dict[str, bool]:
    """Whether a winner is on or above the front of others (accuracy up, energy down), strictly and within noise.

    Returns:
        on_or_above: none is at least as good in both and better in one.
        within_noise: none at no more energy is more accurate by more than two binomial samples' 95 %.
        as_accurate: none at all is more accurate by more than that.
    """

    def more(other: Mapping[str, Any]) -> bool:
        pooled = (other["accuracy"] + winner["accuracy"]) / 2
        return other["accuracy"] - winner["accuracy"] > Z_95 * (2 * pooled * (1 - pooled) / samples) ** 0.5

    cheaper = [other for other in others if other["energy"] <= winner["energy"]]
    dominating = [
        other
        for other in cheaper
        if other["accuracy"] >= winner["accuracy"]
        and (other["accuracy"] > winner["accuracy"] or other["energy"] < winner["energy"])
    ]
    return {
        "on_or_above": not dominating,
        "within_noise": not any(map(more, cheaper)),
        "as_accurate": not any(map(more, others)),
    }


def digits_seed(seed: int, folder: Path) -> dict[str, Any]:
    """One run of the default search and its winner against the four baselines."""
    summary = finished(pipeline.config_for({"seed": seed}), folder)
    found = summary["winner"]
    winner = point(found, found["accuracy"]["exact_test"])
    baselines = {entry["name"]: point(entry, entry["accuracy"]) for entry in summary["baselines"]}

    def value(network: Mapping[str, Any]) -> float:
        return fitness(network["accuracy"], network["energy"], summary["mean_cost"], summary["lambda"])

    return {
        "seed": seed,
        "winner": winner,
        "baselines": baselines,
        **against_front(winner, list(baselines.values()), summary["test_samples"]),
        "winner_fitness": value(winner),
        "fitness_margin": value(winner) - max(map(value, baselines.values())),
        "winner_is_a_baseline": winner["architecture"] in {one["architecture"] for one in baselines.values()},
        "ranking": summary["ranking"],
        "finalists": len(summary["finalists"]),
        "wall_time": summary["wall_time"],
    }


def digits(seeds: Sequence[int], runs: Path) -> dict[str, Any]:
    """All seeds of the default search."""
    rows = [digits_seed(seed, runs / f"seed-{seed}") for seed in seeds]
    counted = ("on_or_above", "within_noise", "as_accurate", "winner_is_a_baseline")
    return {
        "seeds": len(rows),
        **{name: sum(row[name] for row in rows) for name in counted},
        "fitness_at_least_the_best": sum(row["fitness_margin"] >= 0 for row in rows),
        "mean_accuracy": float(np.mean([row["winner"]["accuracy"] for row in rows])),
        "mean_energy": float(np.mean([row["winner"]["energy"] for row in rows])),
        "longest_wall_time": max(row["wall_time"] for row in rows),
        "per_seed": rows,
    }


def cifar_seed(config: SearchConfig, randoms: int, again: int, folder: Path) -> dict[str, Any]:
    """One search on images; random architectures and evolution's winner deployed as its finalists are."""
    summary = finished(config, folder)
    config = read_config(folder / CONFIG)
    chosen = drawn(config, randoms)
    evolved = Architecture.parse(
        searched(WalkedSpace.of(folder), "evolution", config.seed),
        space=config.space,
        width=config.width,
        timesteps=config.timesteps,
    )
    long = config.with_changes(retrain="scratch", retrain_epochs=config.epochs + config.retrain_epochs)
    (scratch,), (by_evolution, *first), second = deployed_together(
        worker_count(config.workers),
        (job_of(long, folder, "from-scratch"), [all_srb(config)]),  # the longest first
        (job_of(config, folder, "random"), [evolved, *chosen]),
        (job_of(config.with_changes(seed=config.seed + 1_000), folder, "random-again"), chosen[:again]),
    )
    inherited = {record.genotype: record.accuracy or 0.0 for record in read_records(**RunFolder(folder).study())}

    def value(accuracy: float, energy: Mapping[str, Any]) -> float:
        return fitness(accuracy, energy["total"]["value"], summary["mean_cost"], summary["lambda"])

    ranked_by = [inherited[str(architecture)] for architecture in chosen]
    final = [network.accuracy.exact_test for network in first]
    winner = summary["winner"]
    own = value(winner["accuracy"]["exact_test"], winner["energy"])
    random_fitness = [value(network.accuracy.exact_test, network.energy) for network in first if network.energy]
    low, high = interval(ranked_by, final, config.seed)
    p = winner["accuracy"]["exact_test"]
    return {
        "seed": config.seed,
        "tau": kendall_tau(ranked_by, final),
        "tau_low": low,
        "tau_high": high,
        "ceiling": kendall_tau(final[:again], [network.accuracy.exact_test for network in second]),
        "winner": {"architecture": winner["architecture"], "accuracy": p, "energy": winner["energy"]["total"]["value"]},
        "winner_fitness": own,
        "best_random_fitness": max(random_fitness),
        "mean_random_fitness": float(np.mean(random_fitness)),
        "evolution": {
            "architecture": str(evolved),
            "fitness": value(by_evolution.accuracy.exact_test, by_evolution.energy),
        },
        "from_scratch": {"accuracy": scratch.accuracy.exact_test, "energy": scratch.energy["total"]["value"]},
        "noise": own / p * Z_95 * (2 * p * (1 - p) / summary["test_samples"]) ** 0.5,
        "baseline_fitness": {one["name"]: value(one["accuracy"], one["energy"]) for one in summary["baselines"]},
        "random": [
            {"architecture": str(a), "searched": s, "test": t, "validation": network.accuracy.validation}
            for a, s, t, network in zip(chosen, ranked_by, final, first)
        ],
        "wall_time": summary["wall_time"],
    }


def drawn(config: SearchConfig, count: int) -> list[Architecture]:
    """Random architectures of a run's space, the same for the same seed."""
    space = search_space(config.space, width=config.width, timesteps=config.timesteps)
    random = generator(config.seed, "search quality")
    return [space.at(int(i)) for i in random.choice(space.size, count, replace=False)]


def all_srb(config: SearchConfig) -> Architecture:
    """The architecture that residual blocks alone make."""
    return Architecture.parse(
        ",".join(["SRB_k3"] * 5), space=config.space, width=config.width, timesteps=config.timesteps
    )


def interval(first: Sequence[float], second: Sequence[float], seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap of tau over the networks."""
    random, a, b = generator(seed, "tau"), np.array(first), np.array(second)
    drawn = [random.integers(0, len(a), len(a)) for _ in range(RESAMPLED)]
    taus = [tau for index in drawn if (tau := kendall_tau(list(a[index]), list(b[index]))) is not None]
    low, high = np.percentile(taus, (2.5, 97.5))
    return float(low), float(high)


def cifar(seeds: Sequence[int], runs: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All seeds on 16 x 16 CIFAR-10."""
    file = (runs / "cifar16.npz").resolve()
    name = f"npz:{file}" if file.is_file() else shrunken_cifar(options.data, file)
    rows = []
    for seed in seeds:
        config = SearchConfig(
            dataset=name,
            epochs=options.epochs,
            retrain_epochs=options.retrain_epochs,
            finetune_epochs=options.finetune_epochs,
            finalists=options.finalists,
            evaluate=JUDGED_ON,
            strategy="walk",
            seed=seed,
            workers=options.workers,
        )
        rows.append(cifar_seed(config, options.random, options.again, runs / f"cifar-seed-{seed}"))
    keys = ("tau", "tau_low", "tau_high", "ceiling", "winner_fitness", "best_random_fitness", "noise")
    means = {key: float(np.mean([row[key] for row in rows])) for key in keys}
    means["evolution_fitness"] = float(np.mean([row["evolution"]["fitness"] for row in rows]))
    return {"seeds": len(rows), **means, **seeds_reached(rows), "per_seed": rows}


def seeds_reached(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """In how many seeds the winner's fitness is at least the others', or within the noise of the test images below."""
    others = {
        "best_random": lambda row: row["best_random_fitness"],
        "evolution": lambda row: row["evolution"]["fitness"],
        "baselines": lambda row: max(row["baseline_fitness"].values()),
    }
    return {
        f"at_least_{name}_within_noise": sum(row["winner_fitness"] >= of(row) - row["noise"] for row in rows)
        for name, of in others.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", action="store_true", help="the default search against its baselines")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the CIFAR-10 .npz files")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 on")
    parser.add_argument("--runs", type=Path, help="folder of the runs, kept; by default a temporary one")
    parser.add_argument("--epochs", type=int, default=20, help="of the CIFAR-10 super-network")
    parser.add_argument("--retrain-epochs", type=int, default=4, help="of CIFAR-10 networks, from inherited weights on")
    parser.add_argument("--finetune-epochs", type=int, default=1)
    parser.add_argument("--finalists", type=int, default=8)
    parser.add_argument("--random", type=int, default=24, help="random architectures")
    parser.add_argument("--again", type=int, default=12, help="of them, trained with a second seed, too")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        runs = options.runs or Path(temporary)
        runs.mkdir(parents=True, exist_ok=True)
        seeds = range(options.seeds)
        document = digits(seeds, runs) if options.digits else cifar(seeds, runs, options)
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        for key, value in document.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
