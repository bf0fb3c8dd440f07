"""Winner, baselines and finalists made again with other seeds of their final training: how much of an accuracy is luck."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np

from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.ranking.feedback import kendall_tau
from autosnn_hw.stages.final_training.retrained_networks import Networks, network_job
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.run_log import RunLog
from autosnn_hw.words.progress import Reporter
from autosnn_hw.words.quantities import percent

LEAST_RANKED = 3  # architectures that have an order worth a number
Repeated = dict[str, list[TrainedNetwork]]  # by architecture, the network of the run's own seed first


def repeated(
    config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter, networks: Networks
) -> Repeated:
    """Winner and baselines with `config.seeds` seeds each, all alike, and the other finalists with two, which the ceiling of the ranking
    takes; empty with one. What is in the folder is not made again.

    The super-network is the same for all: what differs is the order of the images, their augmentation and, from scratch, the
    initial weights.
    """
    if config.seeds == 1:
        return {}
    beside = {network.architecture: network for network in (networks.winner, *networks.baselines.values())}
    every = beside | {one.network.architecture: one.network for one in networks.finalists}
    found = {name: [network] for name, network in every.items()}
    reporter.stage("other seeds", len(every) + len(beside) * (config.seeds - 2))
    done, log = 0, RunLog(folder)
    for repeat in range(1, config.seeds):
        job, names = network_job(config, folder, repeat=repeat), list(every if repeat == 1 else beside)
        architectures = [prepared.space.parse(name) for name in names]
        fresh = [not job.finished(architecture) for architecture in architectures]
        with prepared.crew.open(job, most=len(names)) as pool:
            for text, here, result in zip(names, fresh, pool.map(architectures)):
                found[text].append(result)
                done += 1
                said = f"{text}, seed {repeat}: {percent(result.accuracy.exact_test)}" if here else ""
                reporter.advance(done, said)
                log.network(result.in_brief(), here=here, seed=repeat)
    return found


def with_seeds(summary: dict[str, Any], networks: Networks, found: Repeated) -> dict[str, Any]:
    """The summary with `seeds` (how many), of winner and each baseline `seeds` as `spread` says it, or null, and the ceiling of its
    `ranking`."""
    counts = {len(made) for made in found.values()}
    winner = networks.winner.architecture
    known = {text: spread(made, delivered=text == winner) for text, made in found.items()}
    own = {name: known.get(network.architecture) for name, network in networks.baselines.items()}
    if summary.get("ranking"):
        summary = {**summary, "ranking": {**summary["ranking"], **ceiling(found)}}
    return {
        **summary,
        "seeds": max(counts, default=1),
        "winner": {**summary["winner"], "seeds": known.get(winner)},
        "baselines": [{**baseline, "seeds": own.get(baseline["name"])} for baseline in summary["baselines"]],
    }


def ceiling(found: Repeated) -> dict[str, Any]:
    """{"ceiling", "ceiling_networks"}: how well other seeds of the same training rank the same architectures, which no search can
    beat: Kendall's tau between the validation accuracies of two seeds, over the architectures that have both (`ceiling_networks` at
    most), mean over all pairs of seeds. None for fewer than `LEAST_RANKED` architectures, and where validation images were trained on.
    """
    judged = [[network.accuracy.validation for network in made] for made in found.values()]
    known = [values for values in judged if len(values) > 1 and None not in values]
    taus = []
    for i, j in combinations(range(max(map(len, known), default=0)), 2):
        both = [(values[i], values[j]) for values in known if len(values) > j]
        tau = kendall_tau(*map(list, zip(*both))) if len(both) >= LEAST_RANKED else None
        taus += [] if tau is None else [tau]
    return {"ceiling": sum(taus) / len(taus) if taus else None, "ceiling_networks": len(known)}


def spread(networks: Sequence[TrainedNetwork], *, delivered: bool = False) -> dict[str, Any] | None:
    """How networks of one architecture differ by seed; None for fewer than two. It holds the luck of training, not that of the test
    samples.

    Args:
        networks: by seed, the run's own first.
        delivered: that one is the run's winner.net.

    Returns:
        {"accuracies" (test samples, by seed), "validation", "mean", "low", "high": of the test accuracy; "energy": {"mean", "low",
        "high"} of the modelled energies in J, None where one is unknown; "networks": [{"seed" (0 is the run's own, others are in its
        folder networks/seed-N), "accuracy", "validation", "energy" in J, "spikes", "cores", "delivered"}]}; low and high are 95 %
        intervals of the mean by Student's t.
    """
    if len(networks) < 2:
        return None
    accuracies = [network.accuracy.exact_test for network in networks]
    energies = [None if network.energy is None else network.energy["total"]["value"] for network in networks]
    accuracy, energy = mean_interval(accuracies), None
    if None not in energies:
        energy = mean_interval(energies)
        energy = energy | {"low": max(0.0, energy["low"])}
    return {
        "accuracies": accuracies,
        "validation": [network.accuracy.validation for network in networks],
        "mean": accuracy["mean"],
        "low": max(0.0, accuracy["low"]),
        "high": min(1.0, accuracy["high"]),
        "energy": energy,
        "networks": [
            {
                "seed": seed,
                "accuracy": network.accuracy.exact_test,
                "validation": network.accuracy.validation,
                "energy": spent,
                "spikes": None if network.spikes is None else network.spikes["chip"],
                "cores": network.cores,
                "delivered": delivered and seed == 0,
            }
            for seed, (network, spent) in enumerate(zip(networks, energies))
        ],
    }


def mean_interval(values: Sequence[Any]) -> dict[str, float]:
    """{"mean", "low", "high"}: 95 % of the mean by Student's t, of two values or more."""
    from scipy.stats import t

    known = np.array(values, np.float64)
    mean, reach = float(known.mean()), float(t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / sqrt(len(known)))
    return {"mean": mean, "low": mean - reach, "high": mean + reach}
