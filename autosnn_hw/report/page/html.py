"""report.html: one file that works offline and says in words, figures and tables what a search found."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autosnn_hw import run_folder
from autosnn_hw.config.objectives import unit_of
from autosnn_hw.documents.accuracy import best_known, worst_errors
from autosnn_hw.documents.searches import verdict
from autosnn_hw.documents.searches.accuracy_chain import accuracy_chain
from autosnn_hw.documents.searches.several_seeds import by_seed
from autosnn_hw.documents.simulation import health_sentence
from autosnn_hw.documents.workload import ann_beside, neurobench, operations
from autosnn_hw.report.figures.of_run import figures
from autosnn_hw.report.figures.tornado import LARGEST, constant_name
from autosnn_hw.report.page.drawn_candidates import drawn
from autosnn_hw.report.page.page_template import division, rendered
from autosnn_hw.report.page.picker import choices, least_lambda, said_of_prices
from autosnn_hw.report.page.pictures import picture_uri
from autosnn_hw.report.run_documents import read_run
from autosnn_hw.words import quantities as units

MOST_COLUMNS = 30  # classes of a confusion matrix that a page has room for
LARGEST_MAP = 120_000  # characters of a core map that a page has room for: some 500 cores
SHOWN_ROWS = 25  # candidates shown before the rest is unfolded
COMMANDS = (
    ("Search again with the same choices", "autosnn-hw search --config {run}/config.toml"),
    ("Run the winner in Lava", "autosnn-hw simulate {run}/winner.net --dataset {dataset} --target {target} --backend lava"),
    ("The same with Lava alone, without this tool", "python {run}/winner_in_lava.py"),
    ("Cores, limits and what would break them", "autosnn-hw check {run}/winner.net --target {target}"),
    ("Another lambda, objective or limit from the same candidates", "autosnn-hw front {run} --lambda -0.16"),
)  # fmt: skip


def write_report(run: str | Path) -> Path:
    """Write RUN/report.html from the run's files, and return its path.

    Raises:
        InputError: the folder is no finished run.
        RunError: it could not be written.
    """
    found = read_run(run)
    page = render(
        found.summary,
        found.candidates,
        winner=found.winner,
        manifest=found.manifest,
        behaviour=found.behaviour,
        core_map=found.core_map,
        run=str(run),
    )
    return run_folder.write_text(found.folder / run_folder.REPORT, page)


def render(
    summary: Mapping[str, Any],
    candidates: Sequence[Mapping[str, Any]],
    *,
    winner: Mapping[str, Any] | None = None,
    health: Sequence[Mapping[str, Any] | str] | None = None,
    manifest: Mapping[str, Any] | None = None,
    behaviour: Mapping[str, Any] | None = None,
    core_map: str | None = None,
    run: str = "RUN",
) -> str:
    """The page.

    Args:
        summary: summary.json; beside its promised keys it may hold certificate, supernet and lava (`documents.searches.verdict`).
        candidates: rows of candidates.csv as mappings (`CandidateRecord.row`).
        winner: the winner's `simulate --json` document on test data.
        health: findings of the doctor for nets; by default those of `winner`.
        manifest: manifest.json.
        behaviour: winner.behaviour.json.
        core_map: SVG of `report.core_map`.
        run: path of the run folder, for the commands.
    """
    confirmed, confirmation = verdict.confirmation(summary)
    found = (winner or {}).get("health") or () if health is None else health
    offered, chosen = choices(candidates, summary, run), units.at(summary, "winner", "architecture")
    named = [summary.get("winner") or {}, *(summary.get("finalists") or ()), *(summary.get("baselines") or ())]
    judged, candidates = len(candidates), drawn(candidates, {one.get("architecture") for one in named})
    plots = figures(summary, candidates, winner, judged=judged, behaviour=behaviour)
    names = (behaviour or {}).get("classes") or ()
    return rendered(
        "page.html.j2",
        summary=summary,
        title=title(summary),
        sentences=verdict.sentences(summary),
        confirmed=confirmed,
        confirmation=confirmation,
        tiles=tiles(summary, winner),
        blocks=(drawn_as := str(chosen or "").partition("@"))[0].split(","),
        sizes=drawn_as[2],
        figures={figure.id: (figure, division(figure)) for figure in plots},
        candidates=[{**c, "best": best_known(c)} for c in sorted(candidates, key=_best_first)],
        choices=offered,
        repriced=said_of_prices(summary, candidates),
        least_lambda=least_lambda(summary, offered),
        picked=next((i for i, c in enumerate(offered) if c["architecture"] == chosen), 0),
        chain=accuracy_chain(summary),
        confusion=(matrix := (winner or {}).get("confusion") or ()),
        errors=worst_errors(matrix),
        class_name=lambda index: names[index] if index < len(names) else index,
        behaviour=behaviour,
        floats=units.at(behaviour, "floats", "spikes"),
        seeds=by_seed(summary),
        core_map=core_map if core_map is not None and len(core_map) <= LARGEST_MAP else None,
        operations=operations(winner) if winner else [],
        neurobench=neurobench(winner or {}),
        ann=ann_beside(winner or {}),
        constants=((winner or {}).get("constants") or ())[:LARGEST],
        constant_name=constant_name,
        mistakes=[(error, picture_uri(error["picture"])) for error in (behaviour or {}).get("errors") or ()],
        most_columns=MOST_COLUMNS,
        shown_rows=SHOWN_ROWS,
        judged=judged,
        cost_unit=unit_of(str(summary.get("objective"))),
        networks=[("winner", summary.get("winner") or {})] + [(b["name"], b) for b in summary.get("baselines") or ()],
        accuracy_of=verdict.accuracy_of,
        total_energy=verdict.total_energy,
        winner=winner,
        health=[health_sentence(finding) for finding in found],
        commands=[(text, _command(command, summary, manifest or {}, run)) for text, command in COMMANDS],
        facts=facts(manifest or {}),
    )


def title(summary: Mapping[str, Any]) -> str:
    """The page's heading: accuracy, data, target and energy."""
    entry = summary.get("winner") or {}
    accuracy = units.percent(verdict.accuracy_of(entry.get("accuracy")))
    energy = units.quantity(units.number(verdict.total_energy(entry.get("energy"))), "J")
    return f"{accuracy} right on {summary.get('dataset')}, {energy} an inference on {summary.get('target')}"


def _command(command: str, summary: Mapping[str, Any], manifest: Mapping[str, Any], run: str) -> str:
    """A command that can be pasted. A target is what the search was given, which may be a file, and not the name that stands in it."""
    target = units.at(manifest, "arguments", "target") or summary.get("target")
    words = {"run": run, "dataset": str(summary.get("dataset")), "target": str(target)}
    return shlex.join(word.format(**words) for word in shlex.split(command))


def _best_first(candidate: Mapping[str, Any]) -> tuple[bool, float, str]:
    return (not candidate.get("feasible"), -(candidate.get("fitness") or 0.0), str(candidate.get("genotype")))


def tiles(summary: Mapping[str, Any], winner: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """(name, value, what stands beneath it) of the winner's figures."""
    entry = summary.get("winner") or {}
    energy = verdict.total_energy(entry.get("energy"))
    spikes = entry.get("spikes")
    latency = units.at(winner, "latency")
    low, high = units.at(winner, "accuracy", "low"), units.at(winner, "accuracy", "high")
    shares = ", ".join(f"{role} {units.count(n)}" for role in ("own", "relay", "pool") if (n := units.at(spikes, role)) is not None)  # fmt: skip
    within = "" if low is None else f"95 %: {units.percent(low)} to {units.percent(high)}"
    result = [
        ("test accuracy", units.percent(verdict.accuracy_of(entry.get("accuracy"))), within),
        ("energy an inference", units.quantity(units.number(energy), "J"), f"estimate, {units.bounds(energy, 'J')}"),
        ("spikes an inference", units.count(units.number(spikes, "chip")), shares),
        ("cores", units.count(entry.get("cores")), _of_available(winner)),
    ]
    if latency:
        result.insert(2, ("latency", units.quantity(latency["value"], "s"), f"estimate, {units.bounds(latency, 's')}"))
    if entry.get("parameters") is not None:
        result.append(("parameters", units.count(entry["parameters"]), "weights and biases"))
    return result


def _of_available(winner: Mapping[str, Any] | None) -> str:
    available, chips = units.at(winner, "cores", "available"), units.at(winner, "cores", "chips")
    return (
        ""
        if available is None
        else f"of {units.count(available)}, {units.count(chips)} chip{'' if chips == 1 else 's'}"
    )


def facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The manifest's values as (name, text), nested names joined by dots."""
    rows: list[tuple[str, str]] = []
    for name, value in manifest.items():
        if isinstance(value, Mapping):
            rows += [(f"{name}.{inner}", text) for inner, text in facts(value)]
        elif isinstance(value, list | tuple):
            rows.append((name, " ".join(str(item) for item in value)))
        elif value is not None:
            rows.append((name, str(value)))
    return rows
