"""Limits set beside what a space can take, before anything is trained: its lightest and heaviest networks, silent and firing always."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.pool_list import Placement
from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import check, price
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.network import ChipNetwork, Role
from autosnn_hw.search.candidate import CandidateRecord, priced_record, unpriced_record
from autosnn_hw.search.ranking.fitness import Constraints, in_words
from autosnn_hw.simulate.counting import fans, neuron_roles
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import untrained

Value = Callable[[CandidateRecord], float | None]
VALUES: dict[str, Value] = {
    "max_energy": lambda record: None if record.energy is None else record.energy.value,
    "max_latency": lambda record: None if record.latency is None else record.latency.value,
    "max_cores": lambda record: record.cores,
}

LEFT = 0.9  # of what the lightest network takes that was found
ROUNDED = 1.01  # so that three digits are no less


Ran = Callable[[ChipNetwork], Activity]


@dataclass(frozen=True)
class Reach:
    """What networks of a space take of one quantity, by those that were found.

    Args:
        lightest, heaviest: in a sample in which nothing fires.
        least, most: what they take then.
        least_bound, most_bound: what the lightest takes, and what any takes at most, where every neuron fires in every step.
    """

    lightest: Architecture
    heaviest: Architecture
    least: float
    most: float
    least_bound: float
    most_bound: float

    def words(self, name: str, already: str = "") -> str:
        """Of the quantity of a limit."""
        least, most, least_bound, most_bound = (
            in_words(name, value) for value in (self.least, self.most, self.least_bound, self.most_bound)
        )
        said = f"the lightest network of the space ({self.lightest}) takes {least}{already} and the heaviest ({self.heaviest}) {most}"
        if not self.counts_spikes:
            return said
        return (
            f"before any neuron fires, {said}; spikes come on top, up to about {least_bound} and {most_bound} where every neuron fires "
            "in every step"
        )

    @property
    def counts_spikes(self) -> bool:
        """False of what is the same whether anything fires or not: cores, and times on a chip of fixed ticks."""
        return (self.least, self.most) != (self.least_bound, self.most_bound)

    def verdict(self, limit: float) -> str:
        """What a limit that is not refused leaves."""
        if limit >= self.most_bound:
            return "no network that was found takes so much"
        if limit >= self.least_bound:
            return f"the lightest keeps it{', however much it fires' if self.counts_spikes else ''}"
        return "whether any keeps it depends on how little it fires, which the search will show"


def require_achievable(config: SearchConfig, prepared: Prepared) -> list[str]:
    """Refuse a limit below what the lightest networks take before any of them has fired: every candidate takes more.

    Slot by slot the lightest block is looked for, in the narrowest network of the fewest steps, for each placement of its pools.
    What a network takes is nearly a sum over its slots, so that little can be lighter; a tenth is left for that. The heaviest is
    looked for likewise, for orientation.

    Returns:
        for each limit a sentence that says where it lies in what the space can take.

    Raises:
        DoesNotFitError: names the limit, the networks, what they take, and what would work.
    """
    limits, said = Constraints(config.max_energy, config.max_latency, config.max_cores), []
    priced = _Priced(prepared)
    for name, value in VALUES.items():
        limit = getattr(limits, name)
        if limit is None:
            continue
        reach = _reach(_Taken(priced, value))
        if reach is None:
            continue
        option = f"--{name.replace('_', '-')}"
        if LEFT * reach.least > limit:
            enough = f"{option} {_as_option(name, reach.least_bound)}"
            if reach.counts_spikes:
                enough += ", or less where it fires little"
            raise DoesNotFitError(
                f"{option} {in_words(name, limit)} cannot be kept on {prepared.profile.name}: {reach.words(name, ' already')}. "
                f"The lightest keeps about {enough}; a smaller --width, fewer --timesteps or another --target may lower all of this."
            )
        said.append(f"{option} {in_words(name, limit)}: {reach.words(name)}; {reach.verdict(limit)}.")
    return said


def _as_option(name: str, value: float) -> str:
    """No less than the value, as the command line takes it."""
    return f"{value:g}" if name == "max_cores" else in_words(name, ROUNDED * value).replace(" ", "")


def _reach(taken: _Taken) -> Reach | None:
    """What networks of the space take of one quantity; None where none can be placed."""
    lightest, heaviest = taken.extreme(silent, least=True), taken.extreme(silent, least=False)
    loudest = taken.extreme(firing, least=False)
    if lightest is None or heaviest is None or loudest is None:
        return None
    pairs = ((lightest, silent), (heaviest, silent), (lightest, firing), (loudest, firing))
    return Reach(lightest, heaviest, *(taken.of(one, ran) or 0.0 for one, ran in pairs))


class _Priced:
    """Networks of a space before any training, each placed once, and priced silent and firing always."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._known: dict[Architecture, dict[Ran, CandidateRecord]] = {}

    def of(self, architecture: Architecture, ran: Ran) -> CandidateRecord:
        """What one takes, as of a candidate; of what has no price the cores are known all the same."""
        if architecture not in self._known:
            self._known[architecture] = self._records(architecture)
        return self._known[architecture][ran]

    def _records(self, architecture: Architecture) -> dict[Ran, CandidateRecord]:
        profile = self.prepared.profile
        network = untrained(architecture, self.prepared.data, profile)
        fit = check(network, profile, remedies=False)
        if fit.cores_used is None:
            return dict.fromkeys((silent, firing), unpriced_record(str(architecture), fit))
        records: dict[Ran, CandidateRecord] = {}
        for ran in (silent, firing):
            activity = ran(network)
            cost = price(network, activity, profile, per_core=False, estimates=False)
            records[ran] = priced_record(str(architecture), 0.0, activity, cost, fit=fit)
        return records


@dataclass(frozen=True, eq=False)
class _Taken:
    """What networks of a space take of one quantity."""

    priced: _Priced
    value: Value

    def of(self, architecture: Architecture, ran: Ran) -> float | None:
        """None where it cannot be placed."""
        return self.value(self.priced.of(architecture, ran))

    def extreme(self, ran: Ran, *, least: bool) -> Architecture | None:
        """That which takes least or most, looked for slot by slot and over all placements of pools; None where none can be placed."""
        placements = self.priced.prepared.space.placements or (None,)
        return self._best([self._extreme_of(pools, ran, least) for pools in placements], ran, least)

    def _best(self, found: Sequence[Architecture], ran: Ran, least: bool) -> Architecture | None:
        known = [(taken, one) for one in found if (taken := self.of(one, ran)) is not None]
        return (min if least else max)(known, key=lambda pair: pair[0])[1] if known else None

    def _extreme_of(self, pools: Placement | None, ran: Ran, least: bool) -> Architecture:
        """Of one placement of pools, None for the space's own."""
        space, end = self.priced.prepared.space, 0 if least else -1
        width, steps = (space.widths or (space.width,))[end], space.reads[end]
        genes = [slot[0] for slot in space.genes]
        for slot, choices in enumerate(space.genes):
            ways = [[*genes[:slot], gene, *genes[slot + 1 :]] for gene in choices]
            made = {space.of_blocks(way, width, steps, pools): way for way in ways}
            best = self._best(list(made), ran, least)
            genes = genes if best is None else made[best]
        return space.of_blocks(genes, width, steps, pools)


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


def firing(network: ChipNetwork) -> Activity:
    """What a network does in a sample in which every neuron fires in every step, counts summed over the steps; every
    synapse counts, whether its weight is 0 before training or not."""
    steps, layers = network.timesteps or 1, []
    # What a layer receives is what all neurons of the one before send; a first layer with neurons receives nothing.
    heard = [0.0, *(fan[:, 1].sum() for fan in fans(network))][-len(network.neuron_layers) - 1 : -1]
    for layer, received in zip(network.neuron_layers, heard):
        roles, neurons = neuron_roles(layer), int(np.prod(layer.shape))
        every_tap = np.full((1, 1), round(steps * received), np.int64)
        layers.append(
            LayerActivity(
                layer.name,
                steps * np.bincount(roles, minlength=len(Role)).reshape(len(Role), 1, 1),
                every_tap,
                every_tap,
                np.full((1, 1), steps * neurons, np.int64),
                np.full(layer.shape, steps, np.int64),
            )
        )
    frames = network.input_layer
    return Activity(
        tuple(layers),
        samples=1,
        timesteps=steps,
        outputs=np.full((1, int(np.prod(layers[-1].neuron_spikes.shape))), steps, np.int64),  # type: ignore[union-attr]
        input_spikes=None if frames.neuron is not None else np.full(frames.shape, steps, np.int64),
    )
