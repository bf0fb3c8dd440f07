"""Two `simulate --json` documents side by side: totals, layers matched by name, cores, and the ratio of each pair."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from typing import Any

TOTALS = (
    ("accuracy", ("accuracy", "value")),
    ("spikes.chip", ("spikes", "chip")),
    ("spikes.paper", ("spikes", "paper")),
    ("synops", ("synops",)),
    ("neuron_updates", ("neuron_updates",)),
    ("neuron_active", ("neuron_active",)),
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
LAYER_VALUES = ("spikes", "synops", "neuron_updates", "neuron_active", "messages", "cores")
CORE_VALUES = ("neurons", "synops", "spikes_out", "messages_in")  # and time; per step
# what a board's profilers measure, and the model's figure of the same document
MEASURED = (
    ("energy_total", ("energy", "total", "value")),
    ("energy_dynamic", ("energy", "dynamic", "value")),
    ("energy_static", ("energy", "static", "value")),
    ("time_per_step", ("time_per_step", "value")),
)


def _at(document: Mapping[str, Any], keys: tuple[str, ...]) -> float | None:
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _pair(a: float | None, b: float | None) -> dict[str, float | None]:
    ratio = inf if a is None or b is None or a == 0 else b / a
    return {"a": a, "b": b, "ratio": ratio if isfinite(ratio) else None}


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


def _cores(document: Mapping[str, Any]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Cores by layer and number within the layer: the same network may stand elsewhere on another target's mesh."""
    seen: dict[str, int] = {}
    found = {}
    for core in document.get("per_core") or []:
        number = seen.get(core["layer"], 0)
        seen[core["layer"]] = number + 1
        found[core["layer"], number] = core
    return found


def _core(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: _pair(_at(a, (name,)), _at(b, (name,))) for name in CORE_VALUES}
    values["time"] = _pair(_at(a, ("time", "value")), _at(b, ("time", "value")))
    return values


def _modelled_and_measured(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The model (a) beside the board's profilers (b) of one document; None where no board measured."""
    measured = document.get("measured")
    if not measured:
        return None
    rows = {name: _pair(_at(document, keys), _at(measured, (name,))) for name, keys in MEASURED}
    counted = (measured.get("core_counters") or {}).get("syn_ops") or []
    modelled = sorted((core["synops"] for core in document.get("per_core") or []), reverse=True)
    # Which core holds which layer is the compiler's secret: busiest beside busiest.
    counted = sorted(counted, reverse=True)
    longest = max(len(counted), len(modelled)) if counted else 0
    busiest = [_pair(_nth(modelled, i), _nth(counted, i)) for i in range(longest)]
    return {"boundary": measured.get("boundary"), **rows, "synops_of_cores_busiest_first": busiest}


def _nth(values: list[float], index: int) -> float | None:
    return values[index] if index < len(values) else None


def compare_documents(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-able comparison of two documents; a ratio is b / a, null where either side is unknown or a is 0."""
    layers_a = {layer["name"]: layer for layer in a["layers"]}
    layers_b = {layer["name"]: layer for layer in b["layers"]}
    names = [*layers_a, *(name for name in layers_b if name not in layers_a)]
    cores_a, cores_b = _cores(a), _cores(b)
    places = [*cores_a, *(place for place in cores_b if place not in cores_a)]
    return {
        "a": _side(a),
        "b": _side(b),
        "same_network": a["network"].get("sha256") is not None
        and a["network"].get("sha256") == b["network"].get("sha256"),
        "totals": {name: _pair(_at(a, keys), _at(b, keys)) for name, keys in TOTALS},
        "layers": [{"name": name, **_layer(layers_a.get(name, {}), layers_b.get(name, {}))} for name in names],
        "cores": [
            {
                "layer": layer,
                "number": number,
                **_core(cores_a.get((layer, number), {}), cores_b.get((layer, number), {})),
            }
            for layer, number in places
        ],
        "measured": {side: _modelled_and_measured(document) for side, document in (("a", a), ("b", b))},
    }
