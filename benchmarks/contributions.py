"""What architecture, width, timesteps, longer training and spike regularisation contribute to accuracy at a third of a network's energy.

    autosnn-hw search --dataset npz:FILE --widths 8,12 --timesteps 2,4 --strategy walk .. --out RUN
    python benchmarks/contributions.py RUN --json

RUN is the folder of a search over widths and numbers of timesteps that judged its whole space. What it is measured against is the
architecture that residual blocks alone make (all SRB_k3) at --width and the most timesteps, trained from scratch for the epochs of the
super-network and of a final network together. Of the run's candidates those that keep --share of its energy by the best that is known
of their costs, and are accurate by the best that is known of it, get their final weights as the run's finalists did: --best of each row.

    architecture       candidates of --width and the most timesteps
    timesteps, width   any number of timesteps, any width, too; `both`: either
    longer             all networks of these rows and the run's winner, with inherited weights trained on for as many epochs as the
                       reference had in all, which makes them fire more: more training than the reference's
    regularised L      the same with spike regularisation L, which makes them fire less

    from scratch       the network of `longer` with nothing inherited, and the reference's epochs: the same budget
    longer reference   the reference for as many epochs as super-network and `longer` have together; `deviation` of both is from the reference
    again              with --seeds N: `from scratch` and the reference, each trained N times, and the mean difference of their accuracies with
                       the 95 % of Student's t over the trainings; the data, the search and the split are the run's

Of a row's networks that keep the limit on the validation samples the most accurate there is told (with --json all of them): accuracy on
the test samples with its 95 %, and energy on them. `deviation`: how many standard deviations of the test samples' noise it is from the reference.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from final_networks import deployed, deployed_together, job_of
from scipy import stats

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.documents.accuracy import Z_95
from autosnn_hw.run_folder import CONFIG, RunFolder, read_json
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.stored_accuracy import read_accuracies
from autosnn_hw.search.database.study import read_records
from autosnn_hw.search.ranking.final_accuracy import MEASURED, AccuracyEstimate
from autosnn_hw.search.ranking.final_cost import final_costs
from autosnn_hw.search.workers.processes import worker_count
from autosnn_hw.stages.final_training.made_records import made_records
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.manifest import prepare

REFERENCE = "SRB_k3"


@dataclass(frozen=True)
class Point:
    """A candidate with the best that is known of it: energy in J, accuracy 0..1."""

    architecture: Architecture
    energy: float
    accuracy: float


def points(run: Path, parse: Callable[[str], Architecture]) -> list[Point]:
    """All candidates of a run that were priced."""
    folder = RunFolder(run)
    records: Sequence[CandidateRecord] = read_records(**folder.study())
    known: dict[str, AccuracyEstimate] = read_accuracies(**folder.study())
    made = made_records(folder, {genotype for genotype, estimate in known.items() if estimate.source == MEASURED})
    costs = final_costs(records, made)
    found = []
    for record in records:
        priced, _ = costs.of(record)
        if priced.energy is not None and not priced.violations and record.genotype in known:
            found.append(Point(parse(record.genotype), priced.energy.value, known[record.genotype].accuracy))
    return found


def best(chosen: Sequence[Point], limit: float, count: int) -> list[Architecture]:
    """The most accurate that keep a limit in J."""
    fitting = [point for point in chosen if point.energy <= limit]
    return [point.architecture for point in sorted(fitting, key=lambda one: -one.accuracy)[:count]]


def told(networks: Sequence[TrainedNetwork], limit: float, reference: TrainedNetwork) -> dict[str, Any]:
    """The network of a row, and how many were made and kept the limit."""
    kept = [one for one in networks if validation_energy(one) <= limit]
    row = {"made": len(networks), "within": len(kept), "networks": [figures_of(one, reference) for one in networks]}
    if not kept:
        return row
    return row | figures_of(max(kept, key=lambda one: one.accuracy.validation or 0.0), reference)


def figures_of(network: TrainedNetwork, reference: TrainedNetwork) -> dict[str, Any]:
    """On the test samples, beside the reference."""
    p, q, samples = network.accuracy.exact_test, reference.accuracy.exact_test, network.samples
    deviation = ((p * (1 - p) + q * (1 - q)) / samples) ** 0.5
    energy, own = network.energy["total"]["value"], reference.energy["total"]["value"]
    return {
        "architecture": network.architecture,
        "accuracy": p,
        "interval": Z_95 * (p * (1 - p) / samples) ** 0.5,
        "energy": energy,
        "share": energy / own,
        "deviation": (p - q) / deviation if deviation else 0.0,
    }


def of_seed(config: SearchConfig, number: int) -> SearchConfig:
    """The same, with trainings drawn anew but for number 0."""
    return config.with_changes(seed=config.seed + 1_000 * number)


def of_number(folder: str, number: int) -> str:
    return f"{folder}-again-{number}" if number else folder


def over_seeds(pairs: Sequence[tuple[TrainedNetwork, TrainedNetwork]]) -> dict[str, Any]:
    """Of (network, reference) of each training: accuracies on the test samples, their mean difference with Student's t, share of energy."""
    differences = [mine.accuracy.exact_test - theirs.accuracy.exact_test for mine, theirs in pairs]
    spread = stats.sem(differences) * stats.t.ppf(0.975, len(differences) - 1)
    return {
        "architecture": pairs[0][0].architecture,
        "accuracies": [mine.accuracy.exact_test for mine, _ in pairs],
        "reference accuracies": [theirs.accuracy.exact_test for _, theirs in pairs],
        "difference": sum(differences) / len(differences),
        "interval": float(spread),
        "shares": [mine.energy["total"]["value"] / theirs.energy["total"]["value"] for mine, theirs in pairs],
    }


def validation_energy(network: TrainedNetwork) -> float:
    """J an inference on the validation samples."""
    record = CandidateRecord.from_json(network.as_candidate or {})
    return float("inf") if record.energy is None else record.energy.value


def figures(options: argparse.Namespace) -> dict[str, Any]:
    """All rows."""
    run: Path = options.run
    config = read_config(run / CONFIG).with_changes(workers=options.workers)
    space = prepare(config).space
    most = max(space.steps or (space.timesteps,))
    long = config.epochs + config.retrain_epochs
    alone = space.of_blocks([(REFERENCE, 1)] * space.slots, options.width, most, space.pools)
    scratch = config.with_changes(retrain="scratch", retrain_epochs=long)
    (reference,) = deployed(scratch, run, "reference", [alone])
    limit = options.share * reference.energy["total"]["value"]
    every = points(run, space.parse)

    def among(width: bool, steps: bool) -> list[Point]:
        return [
            one
            for one in every
            if (width or one.architecture.width == options.width) and (steps or one.architecture.timesteps == most)
        ]

    def made(changed: SearchConfig, name: str, chosen: Sequence[Architecture]) -> list[TrainedNetwork]:
        return deployed(changed, run, name, chosen) if chosen else []

    rows, every_one = {}, [space.parse(read_json(run / "summary.json")["winner"]["architecture"])]
    for name, free in {"architecture": (0, 0), "timesteps": (0, 1), "width": (1, 0), "both": (1, 1)}.items():
        chosen = best(among(*map(bool, free)), limit, options.best)
        rows[name] = told(made(config, "rows", chosen), limit, reference)
        every_one += [one for one in chosen if one not in every_one]
    longer = config.with_changes(retrain_epochs=long)
    rows["longer"] = told(made(longer, "longer", every_one), limit, reference)
    if (found := rows["longer"].get("architecture")) is not None:
        small = space.parse(found)
        rows["from scratch"] = figures_of(*made(scratch, "reference", [small]), reference)
        if options.seeds > 1:
            jobs = [
                job_of(of_seed(scratch, number), run, of_number("reference", number)) for number in range(options.seeds)
            ]
            again = deployed_together(worker_count(options.workers), *((job, [alone, small]) for job in jobs))
            rows["again"] = over_seeds([(mine, theirs) for theirs, mine in again])
    longest = scratch.with_changes(retrain_epochs=config.epochs + long)
    rows["longer reference"] = figures_of(*made(longest, "reference-longer", [alone]), reference)
    for strength in options.spike_regularisation:
        regularised = longer.with_changes(spike_regularisation=strength)
        rows[f"regularised {strength:g}"] = told(
            made(regularised, f"regularised-{strength:g}", every_one), limit, reference
        )
    return {"limit": limit, "candidates": len(every), "reference": figures_of(reference, reference), "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a search over widths and timesteps")
    parser.add_argument("--width", type=int, default=8, help="of the reference and of the row `architecture`")
    parser.add_argument("--share", type=float, default=1 / 3, help="of the reference's energy that may be taken")
    parser.add_argument("--best", type=int, default=3, help="networks of a row that are made")
    parser.add_argument("--spike-regularisation", type=float, nargs="*", default=[0.01, 0.1])
    parser.add_argument(
        "--seeds", type=int, default=1, help="trainings of the network from scratch and of the reference"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    document = figures(options)
    if options.json:
        print(json.dumps(document, indent=2))
        return
    for name, row in {"reference": document["reference"], **document["rows"]}.items():
        if name == "again":
            print(
                f"again: {100 * row['difference']:+.1f} points +-{100 * row['interval']:.1f} over {len(row['shares'])} trainings, "
                f"share of energy {min(row['shares']):.2f} to {max(row['shares']):.2f}; {row['architecture']}"
            )
            continue
        if "accuracy" not in row:
            print(f"{name}: none of {row['made']} within {document['limit'] * 1e6:.1f} uJ")
            continue
        print(
            f"{name}: {100 * row['accuracy']:.1f} % +-{100 * row['interval']:.1f} at {row['energy'] * 1e6:.1f} uJ "
            f"({row['share']:.2f}), {row['deviation']:+.1f} deviations; {row['architecture']}"
        )


if __name__ == "__main__":
    main()
