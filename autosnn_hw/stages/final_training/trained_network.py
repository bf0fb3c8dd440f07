"""`TrainedNetwork`: what training one architecture gave, as networks/*.json holds it and the summary says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import read_json


@dataclass(frozen=True)
class Accuracies:
    """Shares of samples that are right.

    Args:
        float_view: of the test samples by the float network ("float" in JSON); of inherited weights before any tuning.
        quantised, exact_test: of the test samples, without tuning and as the chip runs it.
        inherited: of the validation samples by the network that the search judged; None where nothing was inherited.
        validation: of the validation samples as the chip runs it; None where they were trained on.
        delivered_float, delivered_float_validation: of the test samples and of the validation samples by the delivered weights before
            rounding, run as floats; None where that was not measured, or they were trained on.
        supernet_float: of the validation samples that the search judged by, by the super-network's path as floats.
    """

    float_view: Annotated[float, Field(validation_alias="float")]
    quantised: float
    exact_test: float
    inherited: float | None = None
    validation: float | None = None
    delivered_float: float | None = None
    delivered_float_validation: float | None = None
    supernet_float: float | None = None

    def to_json(self) -> dict[str, float | None]:
        known = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "float_view"}
        return {"float": self.float_view, **known}


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """One architecture, trained, quantised and priced on the test samples. Means an inference, SI units; None is unknown.

    Args:
        architecture: its string.
        file: of its chip network.
        accuracy: on the test samples.
        float_spikes: AutoSNN's counter of the float network.
        parameters: weights and biases of the float network.
        fits: whether the target holds it as trained; violations: sentences of what it does not hold.
        samples: test samples.
        spikes: paper, chip, own, relay, pool; synops: on non-zero weights.
        energy, latency, edp: as in `document`, intervals.
        cores: used on the target; None where it cannot be placed, and so not be priced.
        document: its `simulate --json` document on the test samples.
        weights: where they are from: "inherited" (the super-network) or "scratch".
        steps: validation accuracy of the integer network after each step of its making; kept: the step that is delivered.
        as_candidate: its `CandidateRecord` on the validation samples, as JSON; None where they were trained on.
        curves: loss and accuracy by epoch (`stages.learnt.Learnt`); empty where they were not kept.
        float_firing_rate: of the float network, as AutoSNN has it: its spikes over as many as there could be; None is unknown.
        other: the network that was made the other way and not taken: {weights, validation, exact_test}.
        float_layers: spikes by layer of the delivered weights before rounding, run as floats, mean a test sample, without relays;
            None is unknown.
        space: macro-architecture; None is unknown. name: what the user called the architecture, where it was asked for by name.
        file_sha256: of `file`, as it was written; None of an earlier version.
    """

    architecture: str
    file: str
    accuracy: Accuracies
    float_spikes: float
    parameters: int
    fits: bool
    violations: tuple[str, ...]
    samples: int
    spikes: Mapping[str, float] | None = None
    synops: float | None = None
    energy: Mapping[str, Any] | None = None
    latency: Mapping[str, float] | None = None
    edp: Mapping[str, float] | None = None
    cores: int | None = None
    document: dict[str, Any] | None = None
    weights: str = "scratch"
    steps: Mapping[str, float] = field(default_factory=dict)
    kept: str | None = None
    as_candidate: dict[str, Any] | None = None
    other: Mapping[str, Any] | None = None
    float_firing_rate: float | None = None
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    float_layers: Mapping[str, float] | None = None
    space: str | None = None
    name: str | None = None
    file_sha256: str | None = None

    @property
    def sha256(self) -> str | None:
        """Of its .net file when it was judged; None of an earlier version's that was not priced."""
        priced = (self.document or {}).get("network")
        return self.file_sha256 or (priced.get("sha256") if isinstance(priced, Mapping) else None)

    def priced(self, document: dict[str, Any]) -> TrainedNetwork:
        """With what its `simulate --json` document says."""
        known = {name: document[name] for name in ("spikes", "synops", "energy", "latency", "edp")}
        return replace(self, **known, cores=document["cores"]["used"], document=document)

    def figures(self) -> dict[str, Any]:
        """What the summary says of any network, winner or baseline."""
        names = ("spikes", "energy", "latency", "cores", "parameters", "fits", "weights", "kept", "other")
        return {
            **{name: getattr(self, name) for name in names},
            "steps": dict(self.steps),
            "violations": list(self.violations),
        }

    def in_brief(self) -> dict[str, Any]:
        """{"architecture", "accuracy" (test samples), "validation", "curves"}: what the run's log says of it."""
        known = {"accuracy": self.accuracy.exact_test, "validation": self.accuracy.validation}
        return {"architecture": self.architecture, **known, "curves": dict(self.curves)}

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dict; `from_json` gives the network back."""
        values = {known.name: getattr(self, known.name) for known in fields(self)}
        plain = {"steps": dict(self.steps), "curves": dict(self.curves), "violations": list(self.violations)}
        return values | {"accuracy": self.accuracy.to_json(), **plain}

    @classmethod
    def from_json(cls, document: Any, where: str | Path) -> TrainedNetwork:
        """The network that `to_json` wrote; keys of a newer version are left out.

        Raises:
            InputError: a key is missing or of another kind; names the file `where` and the key.
        """
        try:
            return _adapter().validate_python(document)
        except ValidationError as error:
            key = ".".join(str(part) for part in error.errors()[0]["loc"]) or "all of it"
            raise InputError(
                f"{where} is damaged: {key} is missing or of another kind; `autosnn-hw search --resume` trains that network again."
            ) from None

    @classmethod
    def read(cls, path: Path, file: Path) -> TrainedNetwork:
        """The network in a file of `to_json`; `file` is its chip network, whose folder may have been moved since.

        Raises:
            InputError: the file is missing or damaged.
        """
        return replace(cls.from_json(read_json(path), path), file=str(file))


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[TrainedNetwork]:
    return TypeAdapter(TrainedNetwork)
