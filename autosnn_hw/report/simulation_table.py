"""The `simulate --json` document on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autosnn_hw.documents.simulation import health_sentence
from autosnn_hw.quantities import at, count, number, percent, quantity, with_bounds
from autosnn_hw.report.elements import grid, listed, pairs, times

LAYER_COLUMNS = ("layer", "role", "shape", "neurons", "spikes", "relay", "synops", "messages", "energy", "cores")
WORST_HEALTH = 10  # findings listed before the rest is only counted


def simulation_table(document: Mapping[str, Any]) -> RenderableType:
    """The `simulate --json` document: totals, a row a layer, the doctor's findings, and what is not counted."""
    energy, spikes, cores = document["energy"], document["spikes"], document["cores"]
    backend = document["backend"]
    head = [
        ("network", f"{at(document, 'network', 'file') or 'in memory'}, {at(document, 'network', 'timesteps')} steps"),
        ("measured by", f"{backend.get('name')} ({backend.get('kind')} {backend.get('version') or ''})".replace(" )", ")")),
        ("samples", f"{at(document, 'dataset', 'samples')} of {at(document, 'dataset', 'name')} {at(document, 'dataset', 'split')}"),
        ("accuracy", _accuracy(document["accuracy"])),
        ("spikes", f"{count(spikes['chip'])} (own {count(spikes['own'])}, relay {count(spikes['relay'])}, pool {count(spikes['pool'])}); AutoSNN's counter {count(spikes['paper'])}"),
        ("synaptic operations", f"{count(document['synops'])} on non-zero weights, {count(document['synops_dense'])} with all taps"),
        ("neuron updates", f"{count(document['neuron_updates'])}, {count(document.get('neuron_active'))} of them active"),
        ("host", f"{count(document['host_macs'])} multiply-accumulates an image"),
        (f"energy on {at(document, 'target', 'name')}", with_bounds(energy["total"], "J")),
        ("  dynamic + static", f"{quantity(number(energy['dynamic']), 'J')} + {quantity(number(energy['static']), 'J')}"),
        ("  estimated constants", f"{percent(energy.get('assumed_share'), 0)} of it"),
        ("latency", with_bounds(document["latency"], "s")),
        ("throughput", f"{count(number(document['throughput']))} inferences/s"),
        ("energy-delay product", with_bounds(document["edp"], "J s")),
        ("cores", f"{count(cores['used'])} of {count(cores['available'])}, {count(cores['chips'])} chip(s)"),
    ]  # fmt: skip
    parts: list[RenderableType] = [pairs(head), Text(), layer_table(document["layers"])]
    health = document.get("health") or []
    if health:
        shown = [health_sentence(finding) for finding in health[:WORST_HEALTH]]
        more = [f"and {len(health) - WORST_HEALTH} more"] if len(health) > WORST_HEALTH else []
        parts += [Text(), listed("Health", shown + more)]
    parts += [Text(), listed("Not counted", list(document["not_counted"]))]
    return Group(*parts)


def layer_table(layers: Sequence[Mapping[str, Any]]) -> Table:
    """A row a layer of a `simulate --json` document."""
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
    return grid("Layers, means an inference", LAYER_COLUMNS, rows, left=3)


def _accuracy(accuracy: Mapping[str, Any]) -> str:
    if accuracy["value"] is None:
        return "unknown (no labels)"
    return f"{percent(accuracy['value'])} ({percent(accuracy['low'])} to {percent(accuracy['high'])})"
