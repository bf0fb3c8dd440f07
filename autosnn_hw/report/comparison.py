"""Two `simulate --json` documents side by side: totals, layers matched by name, and the ratio of each pair."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosnn_hw.errors import InputError

TOTALS = (
    ("accuracy", ("accuracy", "value")),
    ("spikes.chip", ("spikes", "chip")),
    ("spikes.paper", ("spikes", "paper")),
    ("synops", ("synops",)),
    ("neuron_updates", ("neuron_updates",)),
    ("messages", ("messages",)),
    ("energy.total", ("energy", "total", "value")),
    ("energy.dynamic", ("energy", "dynamic", "value")),
    ("energy.static", ("energy", "static", "value")),
    ("latency", ("latency", "value")),
    ("time_per_step", ("time_per_step", "value")),
    ("throughput", ("throughput", "value")),
    ("edp", ("edp", "value")),
    ("cores", ("cores", "used")),
)
LAYER_VALUES = ("spikes", "synops", "neuron_updates", "messages", "cores")


def read_document(path: str | Path) -> dict[str, Any]:
    """A document written by `simulate --json`.

    Raises:
        InputError: the file is missing, is no JSON, or is another document.
    """
    try:
        document = json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(
            f"{path} was not found; give two files written by `autosnn-hw simulate FILE --json`."
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable JSON document ({error}).") from None
    if not isinstance(document, dict) or not {"backend", "target", "network", "energy", "layers"} <= document.keys():
        raise InputError(f"{path} is not a document of `autosnn-hw simulate FILE --json`.")
    return document


def _at(document: Mapping[str, Any], keys: tuple[str, ...]) -> float | None:
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _pair(a: float | None, b: float | None) -> dict[str, float | None]:
    ratio = None if a is None or b is None or a == 0 else b / a
    return {"a": a, "b": b, "ratio": ratio}


def _side(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "backend": document["backend"].get("name"),
        "kind": document["backend"].get("kind"),
        "target": document["target"].get("name"),
        "network": document["network"].get("file"),
        "sha256": document["network"].get("sha256"),
    }


def _layer(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: _pair(_at(a, (name,)), _at(b, (name,))) for name in LAYER_VALUES}
    values["energy"] = _pair(_at(a, ("energy", "value")), _at(b, ("energy", "value")))
    return values


def compare_documents(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-able comparison of two documents; a ratio is b / a, null where either side is unknown or a is 0."""
    layers_a = {layer["name"]: layer for layer in a["layers"]}
    layers_b = {layer["name"]: layer for layer in b["layers"]}
    names = [*layers_a, *(name for name in layers_b if name not in layers_a)]
    return {
        "a": _side(a),
        "b": _side(b),
        "same_network": a["network"].get("sha256") is not None
        and a["network"].get("sha256") == b["network"].get("sha256"),
        "totals": {name: _pair(_at(a, keys), _at(b, keys)) for name, keys in TOTALS},
        "layers": [{"name": name, **_layer(layers_a.get(name, {}), layers_b.get(name, {}))} for name in names],
    }
