"""What `inspect` shows of a network: its head as pairs, and a row a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.report.elements import cell, grid, listed, pairs, times, words
from autosnn_hw.words.quantities import count, percent

COLUMNS = ("layer", "block", "kind", "role", "shape", "channels", "kernel", "neurons", "vth", "v decay", "i decay", "bias", "weights", "range", "non-zero")  # fmt: skip


def network_table(document: Mapping[str, Any]) -> RenderableType:
    """The document of `autosnn_hw.documents.network_summary.summarise`."""
    head = {name: value for name, value in document.items() if name not in ("layers", "notes")}
    rows = [(words(name), cell(value)) for name, value in head.items() if value not in (None, {}, [], "")]
    parts: list[RenderableType] = [
        pairs(rows),
        Text(),
        grid(None, COLUMNS, [_row(layer) for layer in document["layers"]], left=7),
    ]
    transformed = [layer for layer in document["layers"] if layer.get("foreign_transform")]
    notes = [f"{layer['name']}: {cell(layer['foreign_transform'])}" for layer in transformed] + list(
        document.get("notes") or ()
    )
    if notes:
        parts += [Text(), listed("Notes", notes)]
    return Group(*parts)


def _row(layer: Mapping[str, Any]) -> tuple[str, ...]:
    weights, neuron = layer.get("weights") or {}, layer.get("neuron") or {}
    stored = weights.get("stored")
    share = None if not stored else weights["non_zero"] / stored
    return (
        layer["name"],
        layer.get("block") or "",
        layer["kind"],
        layer["role"],
        times(layer["shape"]),
        " ".join(f"{n} {role}" for role, n in (layer.get("channels") or {}).items() if n),
        _kernel(layer),
        count(layer["neurons"]),
        *(_parameter(neuron.get(name)) for name in ("vth_mant", "v_decay", "i_decay")),
        _range(layer.get("bias")),
        "" if stored is None else count(stored),
        _range(weights.get("range")) + (" even" if weights.get("even") else ""),
        "" if share is None else percent(share),
    )


def _kernel(layer: Mapping[str, Any]) -> str:
    if layer["kind"] != "conv":
        return ""
    text = times(layer["weights"]["shape"][2:])
    for name, usual in (("stride", 1), ("dilation", 1)):
        if any(n != usual for n in layer[name]):
            text += f" {name[0]}{layer[name][0]}"
    return text + (f" g{layer['groups']}" if layer["groups"] > 1 else "")


def _parameter(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{_range(value['range'])} ({value['different']})"
    return "" if value is None else str(value)


def _range(values: Any) -> str:
    if not values:
        return ""
    return str(values[0]) if values[0] == values[1] else f"{values[0]}..{values[1]}"
