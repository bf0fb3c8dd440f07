"""What a report uses of summary.json, certificate, manifest and supernet.json, each key with its kind.

Keys that are not named here are kept and not looked at; those with a default may be missing, as in runs of older versions.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from autosnn_hw.documents.document_reading import Estimate, Named, Part

Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(ge=0)]


class Energy(Part):
    """A network's energy by part, or one interval alone."""

    total: Estimate | None = None
    dynamic: Estimate | None = None
    static: Estimate | None = None
    fitness: Estimate | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


class MeanInterval(Part):
    mean: float
    low: float
    high: float


class OneSeed(Part):
    seed: Size
    accuracy: Share
    validation: Share | None
    energy: Positive | None
    spikes: Positive | None
    cores: Size | None
    delivered: bool


class Spread(MeanInterval):
    accuracies: Annotated[list[Share], Field(min_length=1)]
    validation: list[Share | None] | None = None
    energy: MeanInterval | None = None
    networks: list[OneSeed] | None = None


class Curves(Part):
    loss: list[float | None] | None = None
    integer_accuracy: list[Share | None] | None = None


class Delivered(Part):
    """A network as it was trained on and measured: the winner, a baseline."""

    architecture: str | None = None
    accuracy: dict[str, Share | None] | Share | None = None
    spikes: dict[str, Positive | None] | Positive | None = None
    energy: Energy | None = None
    latency: Estimate | None = None
    cores: Size | None = None
    parameters: Size | None = None
    fits: bool | None = None
    weights: str | None = None
    kept: str | None = None
    fitness: float | None = None
    curves: Curves | None = None
    seeds: Spread | None = None
    float_spikes: Positive | None = None


class Baseline(Delivered):
    name: str
    target: str | None = None
    accuracy_float: Share | None = None


class Finalist(Part):
    architecture: str
    accuracy: Share | None = None
    energy: Energy | None = None
    fitness: float | None = None


class Pair(Part):
    architecture: str
    searched: float
    delivered: float


class Ranking(Part):
    tau: float | None = None
    low: float | None = None
    high: float | None = None
    ceiling: float | None = None
    ceiling_networks: Size | None = None
    networks: Size | None = None
    pairs: list[Pair] | None = None


class Feedback(Part):
    kendall_tau_before: float | None = None
    kendall_tau_after: float | None = None
    relative_error_before: float | None = None
    relative_error_after: float | None = None
    relative_error_corrected: float | None = None
    measured: Size | None = None
    informative: bool | None = None


class SuperNetwork(Part):
    accuracy: Share | None = None
    chance: Share | None = None
    learnt: bool | None = None
    sentence: str | None = None
    epochs: Size | None = None
    losses: list[float | None] | None = None


class Certificate(Part):
    network_sha256: str | None = None
    backends: list[str] | None = None
    samples: Size | None = None
    steps: Size | None = None
    layers: Size | None = None
    neuron_steps: Size | None = None
    mismatches: Size | None = None
    accuracy_equal: bool | None = None
    accuracy: dict[str, Share | None] | None = None
    reason: str | None = None


class SuperNetworkVerdict(SuperNetwork):
    """supernet.json: without it nothing is known of the super-network."""

    learnt: bool


class Confirmed(Part):
    confirmed: bool | None = None
    reason: str | None = None


class Stage(Part):
    name: str
    seconds: Positive


class SearchCost(Part):
    images: Positive | None = None
    block_passes: Positive | None = None
    cpu_seconds: Positive | None = None
    kwh: Positive | None
    kwh_low: Positive | None = None
    kwh_high: Positive | None = None
    core_watts: Positive | None = None
    how: str | None = None


class Winner(Delivered):
    architecture: str


class Limits(Part):
    max_energy: Positive | None = None
    max_latency: Positive | None = None
    max_cores: Positive | None = None


class Summary(Part):
    """summary.json."""

    target: str
    dataset: str
    objective: str
    exponent: Annotated[float, Field(alias="lambda")]
    limits: Limits | None = None
    winner: Winner
    ranking: Ranking | None = None
    evaluated: Size | None
    measured: Size | None
    infeasible: Size | None
    finalists: list[Finalist] | Size | None = None
    feedback: Feedback | None = None
    best_by_generation: list[list[float]] | None = None
    mean_cost: float | None = None
    baselines: list[Baseline] | None = None
    against_loihi2: Baseline | Delivered | None = None
    supernet: SuperNetwork | None = None
    certificate: Certificate | None = None
    lava: Confirmed | None = None
    test_samples: Size | None = None
    held_out_samples: Size | None = None
    validation_samples: Size | None = None
    stages: list[Stage] | None = None
    wall_time: Positive | None = None
    cost_of_search: SearchCost | None = None


class Study(Part):
    storage: str
    name: str


class Manifest(Part):
    """manifest.json."""

    tool: dict[str, Any] | None = None
    arguments: Any = None
    dataset: Named = Named()
    target: Named = Named()
    study: Study | None = None
