"""Two documents side by side, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.report.elements import grid, pairs

BUSIEST = 10  # cores that a comparison shows


def comparison_table(document: Mapping[str, Any]) -> RenderableType:
    """Two reports side by side: totals, what boards measured, spikes, operations and energy of each layer, and the load of
    each core; ratios are b / a."""

    def row(name: str, pair: Mapping[str, Any]) -> tuple[str, ...]:
        ratio = "" if pair["ratio"] is None else f"{pair['ratio']:.3f}"
        return (name, *("" if pair[side] is None else f"{pair[side]:.6g}" for side in "ab"), ratio)

    sides = [(side, ", ".join(str(v) for k, v in document[side].items() if v and k != "sha256")) for side in "ab"]
    layers = [
        row(f"{layer['name']} {name}", layer[name])
        for layer in document["layers"]
        for name in ("spikes", "synops", "energy", "cores")
    ]
    columns = ("", "a", "b", "b / a")
    totals = grid("Totals (J, s, an inference)", columns, [row(n, pair) for n, pair in document["totals"].items()])
    shown: list[RenderableType] = [pairs(sides), Text(), totals, Text(), grid("Layers", columns, layers)]
    for side, measured in document["measured"].items():
        if measured:
            rows = [row(n, pair) for n, pair in measured.items() if isinstance(pair, Mapping)]
            title = f"{side}: model against board ({measured['boundary']})"
            shown += [Text(), grid(title, ("", "model", "board", "board / model"), rows)]
    if document["cores"]:
        busiest = sorted(document["cores"], key=lambda core: -max(core["time"]["a"] or 0.0, core["time"]["b"] or 0.0))
        cores = [
            row(f"{core['layer']} #{core['number']} {name}", core[name])
            for core in busiest[:BUSIEST]
            for name in ("synops", "messages_in", "time")
        ]
        shown += [Text(), grid(f"The {BUSIEST} busiest cores, a step (all of them: --json)", columns, cores)]
    return Group(*shown)
