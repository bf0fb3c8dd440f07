"""Documents side by side, on the terminal: what was not run alike, a row a network, and of two every pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.report.elements import grid, listed
from autosnn_hw.words.quantities import UNKNOWN, count, number, percent, quantity, with_bounds

BUSIEST = 10  # cores that a comparison shows
NETWORKS = ("", "file", "target", "backend", "accuracy (95 %)", "spikes", "energy (low to high)", "latency", "cores")
UNITS = {"energy": "J", "latency": "s", "time_per_step": "s", "time": "s", "edp": "J s"}  # by the first part of a name


def comparison_table(document: Mapping[str, Any]) -> RenderableType:
    """The document of `compare`."""
    shown: list[RenderableType] = []
    if document["settings_that_differ"]:
        sentences = [setting["sentence"] for setting in document["settings_that_differ"]]
        shown += [listed("Not run alike", sentences), Text()]
    shown += [grid(None, NETWORKS, [_network(entry) for entry in document["networks"]], left=4), Text()]
    shown.append(listed("Against a", [_against(entry) for entry in document["against_first"]]))
    if "totals" in document:
        shown += _pairs(document)
    return Group(*shown)


def _network(entry: Mapping[str, Any]) -> tuple[str, ...]:
    fits = " (does not fit)" if entry["fits"] is False else ""
    accuracy = entry["accuracy"] or {}
    within = "" if accuracy.get("low") is None else f" ({percent(accuracy['low'])} to {percent(accuracy['high'])})"
    if spread := entry["over_seeds"]:
        within += f"; {spread['seeds']} seeds: {percent(spread['mean'])} ({percent(spread['low'])} to {percent(spread['high'])})"
    return (
        entry["label"],
        entry["file"],
        f"{entry['target']}{fits}",
        str(entry["backend"]),
        percent(accuracy.get("value")) + within,
        count(entry["spikes"]),
        with_bounds(entry["energy"], "J"),
        quantity(number(entry["latency"]), "s"),
        count(entry["cores"]),
    )


def _against(entry: Mapping[str, Any]) -> str:
    """One network against the first, in a sentence."""
    ratios = (f"{what} {_times(entry[f'{what}_ratio'])}" for what in ("energy", "latency"))
    over_seeds = f" (delivered networks); {_points(entry['over_seeds'])} over seeds" if entry["over_seeds"] else ""
    return f"{entry['label']}: {_points(entry['accuracy'])}{over_seeds}; {', '.join(ratios)}."


def _points(accuracy: Mapping[str, Any]) -> str:
    difference, noise = accuracy["difference"], accuracy["noise"]
    if difference is None:
        return "accuracy unknown"
    if not difference and noise:
        return "the same accuracy"
    judged = {
        True: ", which is noise: the 95 % intervals overlap",
        False: ", more than noise: the 95 % intervals do not overlap",
        None: ", of other data",
    }[noise]
    return f"{abs(100 * difference):.1f} points {'more' if difference >= 0 else 'less'} accuracy{judged}"


def _times(ratio: Mapping[str, float] | None) -> str:
    if ratio is None:
        return UNKNOWN
    if ratio["low"] == ratio["high"]:
        return f"x {ratio['value']:.3g}"
    return f"x {ratio['value']:.3g} ({ratio['low']:.3g} to {ratio['high']:.3g})"


def _row(name: str, pair: Mapping[str, Any]) -> tuple[str, ...]:
    unit = next((unit for part, unit in UNITS.items() if name.split()[-1].startswith(part)), None)
    cells = ("" if v is None else f"{v:.6g}" if unit is None else quantity(v, unit) for v in (pair["a"], pair["b"]))
    return (name, *cells, "" if pair["ratio"] is None else f"{pair['ratio']:.3f}")


def _pairs(document: Mapping[str, Any]) -> list[RenderableType]:
    """Totals, layers, what boards measured, and the busiest cores of two documents; ratios are b / a."""
    columns = ("", "a", "b", "b / a")
    layers = [
        _row(f"{layer['name']} {name}", layer[name])
        for layer in document["layers"]
        for name in ("spikes", "synops", "energy", "cores")
    ]
    totals = [_row(name, pair) for name, pair in document["totals"].items()]
    shown: list[RenderableType] = [Text()]
    shown += [grid("Totals, means an inference", columns, totals), Text(), grid("Layers", columns, layers)]
    for side, measured in document["measured"].items():
        if measured:
            rows = [_row(name, pair) for name, pair in measured.items() if isinstance(pair, Mapping)]
            title = f"{side}: model against board ({measured['boundary']})"
            shown += [Text(), grid(title, ("", "model", "board", "board / model"), rows)]
    if document["cores"]:
        busiest = sorted(document["cores"], key=lambda core: -max(core["time"]["a"] or 0.0, core["time"]["b"] or 0.0))
        cores = [
            _row(f"{core['layer']} #{core['number']} {name}", core[name])
            for core in busiest[:BUSIEST]
            for name in ("synops", "messages_in", "time")
        ]
        shown += [Text(), grid(f"The {BUSIEST} busiest cores, a step (all of them: --json)", columns, cores)]
    return shown
