"""What a report uses of winner.simulation.json and winner.behaviour.json, each key with its kind.

Keys that are not named here are kept and not looked at; those with a default may be missing, as in runs of older versions.
"""

from __future__ import annotations

from pydantic import model_validator

from autosnn_hw.documents.document_reading import Backend, Counts, Data, Document, Estimate, Part
from autosnn_hw.documents.run_models import Positive, Size


class Influence(Part):
    name: str
    value: float
    low: float
    high: float
    unit: str
    kind: str
    source: str
    energy: Estimate


class HealthFinding(Part):
    sentence: str | None = None
    message: str | None = None


class Operations(Part):
    effective_acs: float | None = None
    effective_macs: float | None = None
    dense: float | None = None


class NeuroBench(Part):
    footprint: float | None = None
    connection_sparsity: float | None = None
    activation_sparsity: float | None = None
    synaptic_operations: Operations | None = None


class Rule(Part):
    value: float
    rule: str
    source: str | None = None


class Ratio(Part):
    value: float | None = None


class Estimates(Part):
    """Figures of other rules than the target's."""

    synops_only_45nm: Rule | None = None
    memory_inclusive_45nm: Rule | None = None
    ann_int8_memory_inclusive_45nm: Rule | None = None
    snn_over_ann: Ratio | None = None


class DrawnLayer(Counts):
    name: str
    role: str | None
    shape: list[Size]
    neurons: Size
    spikes: float | None
    synops: float | None
    energy: Estimate | None
    cores: Size | None
    relay_spikes: float | None = None
    energy_parts: dict[str, Estimate] | None = None


class RunBy(Backend):
    name: str | None


class RunOn(Data):
    split: str | None
    samples: Size | None


class WinnerDocument(Document):
    """winner.simulation.json: what a report draws of it beyond what a comparison uses."""

    backend: RunBy
    dataset: RunOn

    confusion: list[list[Size]] | None = None
    layers: list[DrawnLayer]  # type: ignore[assignment]  # narrower: read, never written
    not_counted: list[str] | None = None
    estimates: Estimates | None = None
    host_macs: float | None = None
    notes: list[str] | None = None
    constants: list[Influence] | None = None
    neurobench: NeuroBench | None = None
    health: list[HealthFinding | str] | None = None


class LayerRates(Part):
    name: str
    role: str
    neurons: Size
    rates: list[Size] | None = None


class LayerRaster(Part):
    name: str
    role: str
    shown: Size
    spikes: list[list[Size]]


class Raster(Part):
    sample: int
    label: int
    prediction: int
    steps: Size
    layers: list[LayerRaster]


class Picture(Part):
    shape: list[Size]
    values: str


class Votes(Part):
    prediction: int
    label: int | None


class Mistake(Part):
    sample: int
    label: int
    prediction: int
    votes: Votes
    picture: Picture | None


class Floats(Part):
    samples: Size
    spikes: dict[str, Positive]


class Behaviour(Part):
    """winner.behaviour.json."""

    samples: Size
    steps: Size
    classes: list[str] | None = None
    rate_edges: list[float]
    layers: list[LayerRates]
    raster: Raster | None = None
    wrong: Size
    errors: list[Mistake]
    floats: Floats | None = None

    @model_validator(mode="after")
    def _a_rate_for_each_class(self) -> Behaviour:
        for layer in self.layers:
            if layer.rates is not None and (
                len(layer.rates) != len(self.rate_edges) + 1 or (layer.neurons and not sum(layer.rates))
            ):
                raise ValueError(
                    f"layer {layer.name!r} has rates {layer.rates}; neurons of {len(self.rate_edges) + 1} classes are needed"
                )
        return self
