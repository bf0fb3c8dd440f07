"""The `simulate --json` document on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autosnn_hw.documents.fit import violation_sentence
from autosnn_hw.documents.simulation import health_sentence
from autosnn_hw.report.elements import grid, listed, pairs, times
from autosnn_hw.words.quantities import at, count, number, numbered, percent, quantity, with_bounds

LAYER_COLUMNS = ("layer", "role", "shape", "neurons", "spikes", "relay", "synops", "messages", "energy", "cores")
OUTPUTS = 4  # steps, and values of each, that are shown
WORST_HEALTH = 10  # findings listed before the rest is only counted


def simulation_table(document: Mapping[str, Any]) -> RenderableType:
    """The `simulate --json` document: what the target cannot hold, totals, a row a layer, the doctor's findings, and what is
    not counted."""
    energy, spikes, cores = document["energy"], document["spikes"], document["cores"]
    backend, target = document["backend"], at(document, "target", "name")
    beside = "" if document["fits"] else f" [does not fit {target}]"
    macs = document["host_macs"]  # none where nothing is encoded on the host
    head = [
        ("network", f"{at(document, 'network', 'file') or 'in memory'}, {numbered(at(document, 'network', 'timesteps'), 'step')}"),
        ("measured by", f"{backend.get('name')} ({backend.get('kind')} {backend.get('version') or ''})".replace(" )", ")")),
        ("samples", f"{at(document, 'dataset', 'samples')} of {at(document, 'dataset', 'name')} {at(document, 'dataset', 'split')}"),
        ("accuracy", _accuracy(document["accuracy"], bool(document["network"].get("part")))),
        *([] if document.get("outputs") is None else [("outputs", _outputs(document["outputs"]["values"]))]),
        ("spikes", f"{count(spikes['chip'])} (own {count(spikes['own'])}, relay {count(spikes['relay'])}, pool {count(spikes['pool'])}); AutoSNN's counter {count(spikes['paper'])}"),
        ("synaptic operations", f"{count(document['synops'])} on non-zero weights, {count(document['synops_dense'])} with all taps"),
        ("neuron updates", f"{count(document['neuron_updates'])}, {count(document.get('neuron_active'))} of them active"),
        *([] if macs is None else [("host", f"{count(macs)} multiply-accumulates an image")]),
        (f"energy on {target}", with_bounds(energy["total"], "J") + beside),
        ("  dynamic + static", f"{quantity(number(energy['dynamic']), 'J')} + {quantity(number(energy['static']), 'J')}{beside}"),
        ("  estimated constants", f"{percent(energy.get('assumed_share'), 0)} of it"),
        ("latency", with_bounds(document["latency"], "s") + beside),
        ("throughput", f"{count(number(document['throughput']))} inferences/s{beside}"),
        ("energy-delay product", with_bounds(document["edp"], "J s") + beside),
        ("cores", f"{count(cores['used'])} of {count(cores['available'])}, {count(cores['chips'])} chip(s){beside}"),
    ]  # fmt: skip
    parts: list[RenderableType] = []
    if not document["fits"]:
        title = f"Does not fit {target}: the energy, time and cores below are of a network that it cannot run"
        parts += [listed(title, [violation_sentence(violation) for violation in document["violations"]]), Text()]
    parts += [pairs(head), Text(), layer_table(document["layers"], beside)]
    health = document.get("health") or []
    if health:
        shown = [health_sentence(finding) for finding in health[:WORST_HEALTH]]
        more = [f"and {len(health) - WORST_HEALTH} more"] if len(health) > WORST_HEALTH else []
        parts += [Text(), listed("Health", shown + more)]
    parts += [Text(), listed("Not counted", list(document["not_counted"]))]
    return Group(*parts)


def layer_table(layers: Sequence[Mapping[str, Any]], beside: str = "") -> Table:
    """A row a layer of a `simulate --json` document; `beside` is added to the title."""
    rows = [
        (
            layer["name"],
            layer["role"],
            times(layer["shape"]),
            count(layer["neurons"]),
            count(layer["spikes"]),
            count(layer.get("relay_spikes")),
            count(layer["synops"]),
            count(layer["messages"]),
            quantity(number(layer["energy"]), "J"),
            count(layer["cores"]),
        )
        for layer in layers
    ]
    return grid(f"Layers, means an inference{beside}", LAYER_COLUMNS, rows, left=3)


def _outputs(values: Sequence[Sequence[Sequence[float]]]) -> str:
    """The first few that a sigma-delta network computed, one step after the other."""
    rows = [step for sample in values for step in sample]
    shown = "; ".join(" ".join(f"{value:.4g}" for value in row[:OUTPUTS]) for row in rows[:OUTPUTS])
    more = len(rows) > OUTPUTS or len(rows[0]) > OUTPUTS
    return f"{shown}{' ..' if more else ''} (step after step; all in --json)"


def _accuracy(accuracy: Mapping[str, Any], part: bool) -> str:
    if accuracy["value"] is None:
        return "unknown (a part of the network gives no votes)" if part else "unknown (no labels)"
    return f"{percent(accuracy['value'])} ({percent(accuracy['low'])} to {percent(accuracy['high'])})"
