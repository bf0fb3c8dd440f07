"""`TrainedNetwork`: what training one architecture gave, as networks/*.json holds it and the summary says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import read_json


@dataclass(frozen=True)
class Accuracies:
    """Shares of the test samples that are right: of the float network ("float" in JSON), quantised without tuning, and as
    the chip runs it."""

    float_view: Annotated[float, Field(validation_alias="float")]
    quantised: float
    exact_test: float

    def to_json(self) -> dict[str, float]:
        return {"float": self.float_view, "quantised": self.quantised, "exact_test": self.exact_test}


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

    def priced(self, document: dict[str, Any]) -> TrainedNetwork:
        """With what its `simulate --json` document says."""
        known = {name: document[name] for name in ("spikes", "synops", "energy", "latency", "edp")}
        return replace(self, **known, cores=document["cores"]["used"], document=document)

    def figures(self) -> dict[str, Any]:
        """What the summary says of any network, winner or baseline."""
        names = ("spikes", "energy", "latency", "cores", "parameters", "fits")
        return {**{name: getattr(self, name) for name in names}, "violations": list(self.violations)}

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dict; `from_json` gives the network back."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"accuracy": self.accuracy.to_json(), "violations": list(self.violations)}

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
                f"{where} is damaged: {key} is missing or of another kind; remove the file, and --resume trains that network again."
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
