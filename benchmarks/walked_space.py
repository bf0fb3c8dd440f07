"""What a walked space says without training anything more: does evolution find its optimum, and what do proxies of energy cost?

    python benchmarks/walked_space.py RUN --seeds 20 --json
    python benchmarks/walked_space.py RUN --float-samples 100 --json

RUN is the folder of a search that walked its whole space: accuracy with inherited weights and modelled energy of every architecture
are known, so that any other search of the space is a table to look up. Nothing here says how networks are after final training.

    optimum              the best fitness of the space, accuracy x (energy / mean energy)^lambda, and its architecture
    evolution, random    each with the default generations and population, once a seed, on the run's mean energy: `found` (how often
                         the optimum itself), `regret` (mean of optimum - found, in fitness), `worst` and `rank` (mean place in the space)
    proxies              the architecture that is best where the cost is another figure (each over its own mean, same lambda),
                         and its regret in the fitness of energy; tau of the two orders of the whole space. With --float-samples also
                         the spikes of the float super-network on the first so many validation samples (`float_spikes`; about 20 ms
                         an architecture of the digits)
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.architecture import Architecture
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.run_folder import CONFIG, SUPERNET, RunFolder, read_json
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database.study import CandidateStudy, read_records
from autosnn_hw.search.ranking.feedback import kendall_tau
from autosnn_hw.search.ranking.fitness import fitness, modelled_cost
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.words.progress import progress

FLOAT_SPIKES = "float_spikes"
PROXIES = ("spikes", "synops", "dynamic", "latency", "edp")
SEARCHES = ("evolution", "random")


@dataclass(frozen=True)
class WalkedSpace:
    """A space of which every architecture is known.

    Args:
        records: by genotype.
        mean_cost: J, of the run's random architectures.
    """

    space: SearchSpace
    config: SearchConfig
    records: Mapping[str, CandidateRecord]
    mean_cost: float

    @classmethod
    def of(cls, folder: Path) -> WalkedSpace:
        """What a run folder holds.

        Raises:
            SystemExit: the run did not walk its whole space.
        """
        config = read_config(folder / CONFIG)
        space = search_space(config.space, width=config.width, timesteps=config.timesteps)
        records = {record.genotype: record for record in read_records(**RunFolder(folder).study())}
        if len(records) != space.size:
            raise SystemExit(
                f"{folder} knows {len(records):,} of {space.size:,} architectures; a walk of all is needed."
            )
        return cls(space, config, records, read_json(folder / "summary.json")["mean_cost"])

    def __call__(self, architecture: Architecture) -> CandidateRecord:
        """What a search is told of an architecture: the table's entry."""
        return self.records[str(architecture)]

    def value(self, record: CandidateRecord, objective: str = "energy", mean: float | None = None) -> float:
        """Fitness under an objective; 0 where the target cannot run it."""
        cost = cost_of(record, objective)
        if record.accuracy is None or cost is None or record.violations:
            return 0.0
        return fitness(record.accuracy, cost, self.mean_cost if mean is None else mean, self.config.lam)


def cost_of(record: CandidateRecord, objective: str) -> float | None:
    """What an architecture costs by an objective or by the float super-network's spikes a sample; None where that is unknown."""
    return record.supernet_spikes if objective == FLOAT_SPIKES else modelled_cost(record, objective)


def with_float_spikes(walked: WalkedSpace, folder: Path, samples: int) -> WalkedSpace:
    """The space with the spikes that each architecture fires as floats with inherited weights, on the first validation samples."""
    config = walked.config
    evaluate = CandidateEvaluator(
        str(folder / SUPERNET),
        config.dataset,
        config.data_dir,
        config.target,
        samples,
        config.seed,
        graded=config.graded,
    )
    records = {}
    with progress(False) as reporter:
        reporter.stage("float spikes", walked.space.size)
        for done, architecture in enumerate(walked.space, 1):
            record = walked(architecture)
            records[record.genotype] = replace(record, **evaluate.view(architecture))
            reporter.advance(done)
    return replace(walked, records=records)


def searched(walked: WalkedSpace, strategy: str, seed: int) -> str:
    """Genotype of the winner of a search of the default budget."""
    config = walked.config
    settings = SearchSettings(
        exponent=config.lam,
        strategy=strategy,
        population=config.pool,
        generations=config.generations,
        reference=config.mean_cost_samples,
        measure=0,
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        study = CandidateStudy(Path(folder) / "study.db", walked.space, settings.identity(walked.space))
        return run_search(walked.space, walked, study, settings).winner.genotype


def against_optimum(walked: WalkedSpace, strategy: str, seeds: int) -> dict[str, Any]:
    """How often and how nearly a strategy finds the best of the space."""
    values = {genotype: walked.value(record) for genotype, record in walked.records.items()}
    order = sorted(values, key=lambda genotype: -values[genotype])
    winners = [searched(walked, strategy, seed) for seed in range(seeds)]
    regret = [values[order[0]] - values[winner] for winner in winners]
    return {
        "seeds": seeds,
        "found": sum(loss == 0 for loss in regret),
        "regret": float(np.mean(regret)),
        "worst": max(regret),
        "rank": float(np.mean([1 + order.index(winner) for winner in winners])),
    }


def proxy(walked: WalkedSpace, objective: str) -> dict[str, Any]:
    """What choosing by another cost loses in the fitness of energy."""
    records = list(walked.records.values())
    costs = [cost for record in records if (cost := cost_of(record, objective)) is not None]
    by_proxy = [walked.value(record, objective, float(np.mean(costs))) for record in records]
    by_energy = [walked.value(record) for record in records]
    chosen = int(np.argmax(by_proxy))
    return {
        "architecture": records[chosen].genotype,
        "regret": max(by_energy) - by_energy[chosen],
        "tau": kendall_tau(by_proxy, by_energy),
        "cost_tau": kendall_tau(costs, [record.energy.value for record in records if record.energy is not None]),
    }


def figures(walked: WalkedSpace, seeds: int) -> dict[str, Any]:
    """All of it."""
    best = max(walked.records.values(), key=walked.value)
    known = all(record.supernet_spikes is not None for record in walked.records.values())
    return {
        "architectures": len(walked.records),
        "optimum": {"architecture": best.genotype, "fitness": walked.value(best), "accuracy": best.accuracy},
        **{name: against_optimum(walked, name, seeds) for name in SEARCHES},
        "proxies": {name: proxy(walked, name) for name in (*PROXIES, *([FLOAT_SPIKES] if known else []))},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a search that walked its space")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--float-samples", type=int, help="ask the float super-network, too, on so many samples")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    walked = WalkedSpace.of(options.run)
    if options.float_samples is not None:
        walked = with_float_spikes(walked, options.run, options.float_samples)
    document = figures(walked, options.seeds)
    if options.json:
        print(json.dumps(document, indent=2))
    else:
        for key, value in document.items():
            print(f"{key}: {value}")


if __name__ == "__main__":
    main()
