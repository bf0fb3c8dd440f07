"""Limits of a search once networks have their final weights, with which they fire, and so take, more than they did in the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking import fitness
from autosnn_hw.search.ranking.final_cost import final_costs
from autosnn_hw.search.ranking.fitness import Constraints
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.simulate import exact
from autosnn_hw.stages.final_training.trained_network import TrainedNetwork
from autosnn_hw.stages.judging.evaluator import judged
from autosnn_hw.stages.manifest import Prepared
from exporters import netx


def expected_excesses(
    found: SearchResult, made: Mapping[str, CandidateRecord], constraints: Constraints
) -> dict[str, float] | None:
    """By how much candidates of the ranking are expected to pass the limit that they pass most, as a part of it, by the best that
    is known of their costs with final weights: training on makes networks fire more than they did in the search. None without limits.

    Args:
        made: by genotype, networks as they were judged with their final weights.
    """
    if constraints == Constraints():
        return None
    costs = final_costs(found.records, made, enough=1)  # one says more than none of what training on does
    return {record.genotype: excess(costs.of(record)[0], constraints) for record in found.ranking}


def excess(record: CandidateRecord, constraints: Constraints) -> float:
    """Of the limit that is passed most, as a part of it; at most 0 where all are kept."""
    return max(constraints.excesses(record).values())


def next_within(
    found: SearchResult, made: Mapping[str, CandidateRecord], constraints: Constraints
) -> CandidateRecord | None:
    """The best of the ranking that is not made yet and expected to keep all limits, else the one that passes them by the least."""
    excesses = expected_excesses(found, made, constraints) or {}
    left = [record for record in found.ranking if record.genotype not in made]
    return min(left, key=lambda record: max(0.0, excesses[record.genotype]), default=None)


def nothing_keeps(made: Sequence[CandidateRecord], constraints: Constraints, more: str) -> DoesNotFitError:
    """What is said where limits are kept in the search and by no network with its final weights.

    Args:
        made: as they were judged with their final weights, at least one.
        more: what may work beside a looser limit.
    """
    nearest = min(made, key=lambda record: (excess(record, constraints), record.genotype))
    passed = max(constraints.excesses(nearest).items(), key=lambda item: item[1])
    over = f"{100 * passed[1]:.1f} % over --{passed[0].replace('_', '-')}"
    return DoesNotFitError(
        f"none of the {len(made)} networks that were trained on keeps every limit with its final weights, with which networks fire more; "
        f"nearest is {nearest.genotype}, {nearest.violation() or over}; "
        f"{fitness.reach(made, constraints)}. A looser limit would work, or {more}."
    )


def on_validation(network: TrainedNetwork, prepared: Prepared) -> CandidateRecord:
    """What a network takes on the validation samples, also where it was trained on them: its accuracy there judges nothing."""
    chip, data, architecture = netx.read(network.file), prepared.data, prepared.space.parse(network.architecture)
    known = {"parameters": network.parameters}
    return judged(architecture, chip, lambda: exact.run(chip, data.x_val), data.y_val, prepared.profile, known)
