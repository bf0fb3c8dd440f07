"""Simulation documents read back: of this tool, of another version, or by anybody's hand. What is used of them is checked."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from autosnn_hw.errors import InputError
from autosnn_hw.run_folder import WINNER_SIMULATION

LARGEST_FILE = 1 << 28
NETWORKS = (".net", ".onnx", ".nir")
SHOWN = 80  # characters of someone else's text that a message repeats


class Part(BaseModel):
    """Keys that are not named are kept and not looked at."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class Estimate(Part):
    value: float
    low: float
    high: float


class Accuracy(Part):
    value: float | None
    low: float | None
    high: float | None


class Tool(Part):
    version: str | None = None


class Cores(Part):
    used: int | None = None


class Backend(Part):
    name: str | None = None
    kind: str | None = None


class Named(Part):
    name: str | None = None
    sha256: str | None = None


class Network(Part):
    file: str | None = None
    sha256: str | None = None
    timesteps: int | None = None
    architecture: str | None = None


class Data(Part):
    name: str | None = None
    split: str | None = None
    samples: int | None = None


class Energy(Part):
    total: Estimate | None = None
    dynamic: Estimate | None = None
    static: Estimate | None = None


class Counts(Part):
    spikes: float | None = None
    synops: float | None = None
    neuron_updates: float | None = None
    neuron_active: float | None = None
    messages: float | None = None
    cores: int | None = None
    energy: Estimate | None = None


class Layer(Counts):
    name: str


class Core(Part):
    layer: str
    neurons: float | None = None
    synops: float | None = None
    spikes_out: float | None = None
    messages_in: float | None = None
    time: Estimate | None = None


class Counters(Part):
    syn_ops: list[float] = []


class Measured(Part):
    """What a board's profilers say."""

    energy_total: float | None = None
    energy_dynamic: float | None = None
    energy_static: float | None = None
    time_per_step: float | None = None
    core_counters: Counters | None = None


class Document(Part):
    """The keys of a `simulate --json` document that a comparison uses."""

    tool: Tool = Tool()
    backend: Backend
    target: Named
    fits: bool | None = None
    network: Network
    dataset: Data = Data()
    accuracy: Accuracy
    spikes: dict[str, float | None] = {}
    synops: float | None = None
    neuron_updates: float | None = None
    neuron_active: float | None = None
    messages: float | None = None
    energy: Energy
    latency: Estimate | None = None
    time_per_step: Estimate | None = None
    throughput: Estimate | None = None
    edp: Estimate | None = None
    cores: Cores = Cores()
    layers: list[Layer]
    per_core: list[Core] = []
    measured: Measured | None = None


def read_document(path: str | Path) -> dict[str, Any]:
    """A document written by `simulate --json`, or that of the winner in the folder of a finished search.

    Raises:
        InputError: the file is missing, is no regular file or no JSON, or is another document; names the first key that is wrong.
    """
    file = Path(path) / WINNER_SIMULATION if Path(path).is_dir() else Path(path)
    try:
        if not file.exists():
            raise InputError(
                f"{file} was not found; give files written by `autosnn-hw simulate FILE --json`, or folders of finished searches."
            )
        if not file.is_file() or file.stat().st_size > LARGEST_FILE:
            raise InputError(f"{file} is no regular file of at most {LARGEST_FILE >> 20} MB, and is not read.")
        if file.suffix in NETWORKS:
            raise InputError(
                f"{file} is a network; `autosnn-hw simulate {shlex.quote(str(file))} --json > {shlex.quote(file.stem + '.json')}` makes the document that is compared."
            )
        document = json.loads(file.read_text(encoding="utf-8"), parse_constant=_not_a_number)
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file} is not a readable JSON document ({str(error)[:SHOWN]!r}).") from None
    try:
        Document.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])[:SHOWN]
        problem = f"{key}: {first['msg']}" if key else first["msg"]
        raise InputError(f"{file} is not a document of `autosnn-hw simulate FILE --json` ({problem}).") from None
    return document


def _not_a_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
