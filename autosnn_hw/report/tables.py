"""Tables on the terminal: documents of the commands in, rich renderables out; `print_*` shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from autosnn_hw.documents import verdict
from autosnn_hw.quantities import at, bounds, count, number, percent, quantity, with_bounds

LAYER_COLUMNS = ("layer", "role", "shape", "neurons", "spikes", "relay", "synops", "messages", "energy", "cores")
RANGES = {"i_decay", "v_decay", "threshold", "bias", "leak", "weight", "kernel_size", "synaptic_delay"}
BUSIEST = 10  # cores that a comparison shows
WORST_HEALTH = 10  # findings listed before the rest is only counted


def grid(title: str | None, columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> Table:
    """A plain table; the first `left` columns are text, the others numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for index, name in enumerate(columns):
        table.add_column(name, justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def pairs(rows: Sequence[tuple[str, str]]) -> Table:
    """Names and values beneath each other."""
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(Text(name, style="dim"), escape(value))
    return table


def listed(title: str, sentences: Sequence[str]) -> Group:
    """A heading with one sentence a line."""
    return Group(Text(title, style="bold"), *(Text(f"- {sentence}") for sentence in sentences))


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
            "x".join(str(n) for n in layer["shape"]),
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


def health_sentence(finding: Mapping[str, Any] | str) -> str:
    """A finding of the doctor for nets as one sentence."""
    if isinstance(finding, str):
        return finding
    text = finding.get("sentence") or finding.get("message")
    if text:
        return str(text)
    return ", ".join(f"{name} {value}" for name, value in finding.items())


def fit_table(document: Mapping[str, Any]) -> RenderableType:
    """The `check --json` document: does it fit, the fullest limit of each layer, and what would fix a violation."""
    cores = document["cores"]
    head = Text(f"{'fits' if document['fits'] else 'does not fit'} {document['target']}", style="bold")
    where = "" if cores["used"] is None else f": {count(cores['used'])} of {count(cores['available'])} cores"
    where += "" if cores["chips"] is None else f", {count(cores['chips'])} chip{'' if cores['chips'] == 1 else 's'}"
    rows = []
    for layer in document["layers"]:
        tight = fullest_limit(layer["limits"])
        rows.append((layer["name"], count(layer["cores"]), count(layer["neurons_per_core"]), tight))
    parts: list[RenderableType] = [
        head + where,
        Text(),
        grid(None, ("layer", "cores", "neurons a core", "fullest limit"), rows),
    ]
    if document["violations"]:
        parts += [Text(), Text("Violations", style="bold")]
    for violation in document["violations"]:
        parts.append(
            Text(
                f"- {violation['layer']}: {violation['resource']} {count(violation['needed'])}, allowed {count(violation['limit'])} [{violation['source']}]"
            )
        )
        parts += [Text(f"    {remedy}") for remedy in violation["remedies"]]
    if document.get("notes"):
        parts += [Text(), listed("Notes", document["notes"])]
    return Group(*parts)


def fullest_limit(limits: Sequence[Mapping[str, Any]]) -> str:
    """The limit that is used up most, in words; a range that a parameter keeps is no resource that fills up."""
    real = [
        limit
        for limit in limits
        if limit["limit"] and (limit["resource"] not in RANGES or limit["used"] > limit["limit"])
    ]
    if not real:
        return ""
    fullest = max(real, key=lambda limit: limit["used"] / limit["limit"])
    beside = "" if fullest["verified"] else " (unverified)"
    return f"{fullest['resource']} {count(fullest['used'])} of {count(fullest['limit'])}{beside}"


def verdict_text(summary: Mapping[str, Any]) -> RenderableType:
    """A search's verdict: sentences, then winner and baselines in a table."""
    headline, *rest = verdict.sentences(summary)
    return Group(Text(headline, style="bold"), *(Text(sentence) for sentence in rest), Text(), baseline_table(summary))


def baseline_table(summary: Mapping[str, Any]) -> Table:
    """Winner and baselines, a row each."""
    winner = summary["winner"]
    named = [("winner", winner), *((baseline["name"], baseline) for baseline in summary.get("baselines") or ())]
    rows = [
        (
            name,
            percent(verdict.accuracy_of(entry.get("accuracy"))),
            count(number(entry.get("spikes"), "chip")),
            quantity(number(verdict.total_energy(entry.get("energy"))), "J"),
            bounds(verdict.total_energy(entry.get("energy")), "J"),
        )
        for name, entry in named
    ]
    return grid(None, ("network", "accuracy", "spikes", "energy", "low to high"), rows)


def front_table(document: Mapping[str, Any]) -> RenderableType:
    """The answer of `front`: the best by fitness, the accuracy-cost front and what was chosen of it; or, of several targets,
    what was chosen for each, priced on all."""
    if "matrix" in document:
        return _matrix_table(document)
    unit = verdict.OBJECTIVE_UNITS.get(document["objective"], "")

    def rows(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
        return [
            (
                e["architecture"],
                percent(e["accuracy"]),
                quantity(e["cost"], unit),
                f"{e['fitness']:.4f}",
                count(e["cores"]),
            )
            for e in entries
        ]

    columns = ("architecture", "accuracy", document["objective"], "fitness", "cores")
    best = f"Best of {document['feasible']} feasible candidates, lambda {document['lambda']}"
    chosen = document["chosen"]
    return Group(
        grid(best, columns, rows(document["best"])),
        Text(),
        grid("Front", columns, rows(document["front"])),
        Text(),
        grid(f"Chosen: {chosen['because']}", columns, rows([chosen])),
    )


def _matrix_table(document: Mapping[str, Any]) -> RenderableType:
    """Rows: the network chosen for a target; columns: its cost on each."""
    unit = verdict.OBJECTIVE_UNITS.get(document["targets"][0]["objective"], "")
    names = [entry["target"] for entry in document["targets"]]

    def cell(priced: Mapping[str, Any]) -> str:
        if priced["cost"] is None:
            return "does not fit"
        return quantity(priced["cost"], unit) + ("" if priced["fits"] else " (does not fit)")

    rows = [
        (row["chosen_for"], row["architecture"], percent(row["accuracy"]), *(cell(row["priced_on"][n]) for n in names))
        for row in document["matrix"]
    ]
    objective = document["targets"][0]["objective"]
    title = f"Chosen for one target, {objective} on every one ({document['targets'][0]['chosen']['because']})"
    return grid(title, ("chosen for", "architecture", "accuracy", *(f"on {name}" for name in names)), rows)


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


def _accuracy(accuracy: Mapping[str, Any]) -> str:
    if accuracy["value"] is None:
        return "unknown (no labels)"
    return f"{percent(accuracy['value'])} ({percent(accuracy['low'])} to {percent(accuracy['high'])})"


def show(renderable: RenderableType) -> None:
    """Print to stdout, wide enough for the tables where it is not a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    console.print(renderable, soft_wrap=False)


def print_simulation(document: Mapping[str, Any]) -> None:
    show(simulation_table(document))


def print_fit(document: Mapping[str, Any]) -> None:
    show(fit_table(document))


def print_verdict(summary: Mapping[str, Any]) -> None:
    show(verdict_text(summary))


def print_front(document: Mapping[str, Any]) -> None:
    show(front_table(document))


def print_comparison(document: Mapping[str, Any]) -> None:
    show(comparison_table(document))


def print_network(document: Mapping[str, Any]) -> None:
    from autosnn_hw.report.network_table import network_table

    show(network_table(document))


def print_outline(document: Mapping[str, Any]) -> None:
    from autosnn_hw.report.outline import outline

    show(outline(document))


def print_targets(document: Mapping[str, Any]) -> None:
    print_outline(document)


def print_profile(document: Mapping[str, Any]) -> None:
    print_outline(document)


def print_calibration(document: Mapping[str, Any]) -> None:
    print_outline(document)
