"""Limits that nothing can keep, refused before anything is trained: what the lightest networks of a space take without one spike."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.pool_list import Placement
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import check, price
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.network import ChipNetwork, Role
from autosnn_hw.search.candidate import CandidateRecord, priced_record, unpriced_record
from autosnn_hw.search.genes import Gene
from autosnn_hw.search.ranking.fitness import Constraints, in_words
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import untrained

Value = Callable[[CandidateRecord], float | None]
VALUES: dict[str, Value] = {
    "max_energy": lambda record: None if record.energy is None else record.energy.value,
    "max_latency": lambda record: None if record.latency is None else record.latency.value,
    "max_cores": lambda record: record.cores,
}

LEFT = 0.9  # of what the lightest network takes that was found


def require_achievable(config: SearchConfig, prepared: Prepared) -> None:
    """Refuse a limit below what the lightest networks take before any of them has fired: every candidate takes more.

    Slot by slot the lightest block is looked for, in the narrowest network of the fewest steps, for each placement of its pools.
    What a network takes is nearly a sum over its slots, so that little can be lighter; a tenth is left for that.

    Raises:
        DoesNotFitError: names the limit, the network, what it takes, and what would work.
    """
    limits = Constraints(config.max_energy, config.max_latency, config.max_cores)
    for name, value in VALUES.items():
        limit = getattr(limits, name)
        if limit is None:
            continue
        lightest, least = _lightest(prepared, value)
        if least is not None and LEFT * least > limit:
            option = f"--{name.replace('_', '-')}"
            raise DoesNotFitError(
                f"{option} {in_words(name, limit)} cannot be kept on {prepared.profile.name}: before any neuron fires, the lightest "
                f"network of the space ({lightest}) takes {in_words(name, least)} already. A larger limit, a smaller --width, fewer "
                "--timesteps or another --target would work."
            )


def _lightest(prepared: Prepared, value: Value) -> tuple[Architecture, float | None]:
    """(architecture, value) of the lightest network that was found; None where none can be placed."""
    found = [_lightest_of(prepared, value, pools) for pools in prepared.space.placements or (None,)]
    return min(found, key=lambda pair: math.inf if pair[1] is None else pair[1])


def _lightest_of(prepared: Prepared, value: Value, pools: Placement | None) -> tuple[Architecture, float | None]:
    """Of one placement of pools, None for the space's own."""
    space = prepared.space
    genes = [slot[0] for slot in space.genes]
    best: float | None = None
    for slot, choices in enumerate(space.genes):
        found = [(_value(prepared, value, [*genes[:slot], gene, *genes[slot + 1 :]], pools), gene) for gene in choices]
        known = [(least, gene) for least, gene in found if least is not None]
        if known:
            best, genes[slot] = min(known, key=lambda pair: pair[0])
    return _smallest(space, genes, pools), best


def _smallest(space: SearchSpace, genes: list[Gene], pools: Placement | None) -> Architecture:
    return space.of_blocks(genes, (space.widths or (space.width,))[0], space.reads[0], pools)


def _value(prepared: Prepared, value: Value, genes: list[Gene], pools: Placement | None) -> float | None:
    architecture = _smallest(prepared.space, genes, pools)
    network, profile = untrained(architecture, prepared.data, prepared.profile), prepared.profile
    fit = check(network, profile, remedies=False)
    if fit.cores_used is None:
        return value(unpriced_record(str(architecture), fit))
    cost = price(network, silent(network), profile, per_core=False, estimates=False)
    return value(priced_record(str(architecture), 0.0, silent(network), cost, fit=fit))


def silent(network: ChipNetwork) -> Activity:
    """What a network does in a sample in which nothing fires, counts summed over the steps."""
    nothing = np.zeros((1, 1), np.int64)
    layers = [
        LayerActivity(
            layer.name,
            np.zeros((len(Role), 1, 1), np.int64),
            nothing,
            nothing,
            nothing,
            np.zeros(layer.shape, np.int64),
        )
        for layer in network.neuron_layers
    ]
    frames = network.input_layer
    return Activity(
        tuple(layers),
        samples=1,
        timesteps=network.timesteps or 1,
        outputs=np.zeros((1, int(np.prod(layers[-1].neuron_spikes.shape))), np.int64),  # type: ignore[union-attr]
        input_spikes=None if frames.neuron is not None else np.zeros(frames.shape, np.int64),
    )
