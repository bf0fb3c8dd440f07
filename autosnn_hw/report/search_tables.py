"""What a search found, on the terminal: its verdict with winner and baselines, and the answer of `front`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autosnn_hw.config.objectives import unit_of
from autosnn_hw.documents.searches import verdict
from autosnn_hw.report.elements import grid
from autosnn_hw.words.quantities import bounds, count, number, percent, quantity


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
    unit = unit_of(document["objective"])

    def rows(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
        return [
            (
                e["architecture"],
                percent(e["accuracy"]),
                _known_as(e),
                quantity(e["cost"], unit) + ("" if e["cost_source"] == "measured" else f", {e['cost_source']}"),
                f"{e['fitness']:.4f}",
                count(e["cores"]),
            )
            for e in entries
        ]

    columns = ("architecture", "accuracy", "which is (95 %)", document["objective"], "fitness", "cores")
    best = f"Best of {document['feasible']} feasible candidates, lambda {document['lambda']}"
    chosen = document["chosen"]
    return Group(
        grid(best, columns, rows(document["best"])),
        Text(),
        grid("Front", columns, rows(document["front"])),
        Text(),
        grid(f"Chosen: {chosen['because']}", columns, rows([chosen])),
        Text(),
        Text(f"{_accuracies_sentence(document['accuracies'])} {_costs_sentence(document['costs'])}"),
    )


def _known_as(entry: Mapping[str, Any]) -> str:
    """How an accuracy is known, with its interval: "corrected (95.1 to 98.3)"."""
    if entry["accuracy_low"] is None:
        return str(entry["accuracy_source"])
    low, high = (f"{100 * entry[name]:.1f}" for name in ("accuracy_low", "accuracy_high"))
    return f"{entry['accuracy_source']} ({low} to {high})"


def _accuracies_sentence(counts: Mapping[str, int]) -> str:
    """What the accuracies of an answer are, of validation samples."""
    if not counts["measured"]:
        return (
            "Every accuracy is inherited: of the validation samples with the super-network's weights as they are, before any training "
            "on."
        )
    rest = f", {count(counts['corrected'])} corrected (carried over from these, with the uncertainty of that)"
    left = f", {count(counts['inherited'])} inherited (with the super-network's weights as they are, and so lower)"
    return (
        f"Accuracy of the validation samples: {count(counts['measured'])} measured with their final weights"
        f"{rest if counts['corrected'] else ''}{left if counts['inherited'] else ''}."
    )


def _costs_sentence(counts: Mapping[str, Any]) -> str:
    """What the costs of an answer are; of those that no network was made of, too."""
    if counts["factor"] is None and not counts["measured"]:
        return (
            "Costs are those with the super-network's weights; a network that is delivered is priced anew with its own."
        )
    own = f"Costs: {count(counts['measured'])} measured with their final weights"
    if counts["factor"] is None:
        return f"{own}, the others with the super-network's weights, and so lower."
    factor = {name: f"{value:.2f}" for name, value in counts["factor"].items()}
    return (
        f"{own}, {count(counts['corrected'])} corrected: {factor['value']} times those with the super-network's weights, which is what "
        f"those of the measured networks became ({factor['low']} to {factor['high']})."
    )


def deployed_text(document: Mapping[str, Any]) -> RenderableType:
    """What `front --deploy` delivered: where, how good on the test samples, and who has confirmed it."""
    network, certificate = document["network"], document["certificate"]
    confirmed = document["lava"]["confirmed"]
    energy = quantity(number(verdict.total_energy(network["energy"])), "J")
    steps = ", ".join(f"{name} {percent(value)}" for name, value in network["steps"].items())
    lines = [
        f"{document['file']}: {document['architecture']} for {document['target']}, {percent(network['accuracy']['exact_test'])} "
        f"of the test samples right, {energy} an inference (estimate).",
        f"Weights {network['weights']}; validation accuracy {steps or 'unknown (they were trained on)'}; kept {network['kept']}.",
        f"Lava confirmed it: {count(certificate['samples'])} samples, {count(certificate['mismatches'])} spikes different."
        if confirmed
        else f"Lava did not confirm it ({document['lava']['reason']}): its figures are the exact simulator's alone.",
    ]
    return Group(Text(lines[0], style="bold"), *map(Text, lines[1:]))


def _matrix_table(document: Mapping[str, Any]) -> RenderableType:
    """Rows: the network chosen for a target; columns: its cost on each."""
    first = document["targets"][0]
    unit = unit_of(first["objective"])
    names = [entry["target"] for entry in document["targets"]]

    def cell(priced: Mapping[str, Any]) -> str:
        if priced["cost"] is None:
            return "does not fit"
        return quantity(priced["cost"], unit) + ("" if priced["fits"] else " (does not fit)")

    rows = [
        (
            row["chosen_for"],
            row["architecture"],
            percent(row["accuracy"]),
            _known_as(row),
            *(cell(row["priced_on"][n]) for n in names),
        )
        for row in document["matrix"]
    ]
    title = f"Chosen for one target, {first['objective']} on every one ({first['chosen']['because']})"
    return grid(
        title, ("chosen for", "architecture", "accuracy", "which is (95 %)", *(f"on {name}" for name in names)), rows
    )
