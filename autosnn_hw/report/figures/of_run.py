"""The figures of a search's page, each with its title and what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from autosnn_hw.documents.searches.ranking import ranking_sentence
from autosnn_hw.documents.searches.verdict import alike
from autosnn_hw.report.figures import behaviour as of_behaviour
from autosnn_hw.report.figures import of_layers, of_search
from autosnn_hw.report.figures import training as of_training
from autosnn_hw.report.figures.several_seeds import seeds
from autosnn_hw.report.figures.tornado import tornado
from autosnn_hw.words.quantities import at, count, number


@dataclass(frozen=True)
class Figure:
    """One drawn plot: its id, title, what it shows, and the plotly figure."""

    id: str
    title: str
    caption: str
    plot: go.Figure


def figures(
    summary: Mapping[str, Any],
    candidates: Sequence[Mapping[str, Any]],
    winner: Mapping[str, Any] | None,
    *,
    judged: int,
    behaviour: Mapping[str, Any] | None = None,
) -> list[Figure]:
    """All figures that have something to show.

    Args:
        candidates: those that are drawn, of `judged` in all.
        behaviour: winner.behaviour.json.
    """
    thinned = (
        ""
        if len(candidates) >= judged
        else f" Drawn: {len(candidates):,} of {judged:,}, the front, the fittest and a sample of the rest."
    )
    layers = (winner or {}).get("layers") or ()
    chosen = at(summary, "winner", "architecture")
    drawn = (
        ("search", "Accuracy against cost", f"Each point is one architecture, judged as the integer network that the chip runs; up and to the left is better. Accuracies, and costs with them, are of three kinds: with inherited weights, as searched; corrected, what regression on the finalists expects of final weights; measured with final weights, with a 95 % interval. The front goes by the best that is known of each. The winner's whisker across is the interval of the target's constants, which moves all points together. A name in the legend hides its points; a double click zooms out to all of them.{thinned}", of_search.search_scatter(candidates, chosen, str(summary.get("objective")), summary.get("finalists") or (), alike(summary))),
        ("fitness", "Fitness by generation", f"Fitness = accuracy x (cost / mean cost)^lambda, lambda = {summary.get('lambda')}. The search learns where the dotted mean rises.", of_search.fitness_by_generation(candidates)),
        ("ranking", "How well the search ranked", f"Each point is a network that was trained on, the star the winner. {ranking_sentence(summary) or ''}", of_training.ranking(summary)),
        ("training", "Training", "Loss by epoch: of the super-network, mean over the paths that were drawn (it begins with one path alone: the loss jumps where the others join), and of the winner, first as floats, then as the integers that the chip runs.", of_training.losses(summary)),
        ("tuning", "Tuning of the integers", "Epoch 0 is the trained network, plainly quantised; the best epoch is delivered, and judged by images that none was trained on.", of_training.tuning(summary)),
        ("layer-energy", "Energy by layer", "Dynamic energy of an inference; the whisker spans the interval of the target's constants.", of_layers.layer_energy(layers)),
        ("layer-spikes", "Spikes by layer", "Own spikes carry the computation; relay spikes carry a residual block's shortcut past its first convolution; pool spikes are those of the max-pooling (OR) layers." + _of_float(summary, behaviour), of_layers.layer_spikes(layers, at(behaviour, "floats", "spikes"))),
        ("parts", "Energy by part", "Where the energy of an inference goes, static power included, each with its interval.", of_layers.energy_parts(winner or {})),
        ("tornado", "What the interval is made of", "How far the energy moves when one constant of the target alone goes to its low or its high; the largest first. Times move it through static power.", tornado(winner or {})),
        ("cores", "Cores by layer", "How the placement splits the layers over cores; a core that two layers share counts for each.", of_layers.core_use(layers)),
        ("firing-rates", "How often neurons fire", f"Share of the {(behaviour or {}).get('steps')} steps of {(behaviour or {}).get('samples')} test samples in which a neuron spikes. What never fires does nothing; what always fires says nothing.", of_behaviour.firing_rates(behaviour or {})),
        ("raster", "One sample, spike by spike", _of_raster(behaviour or {}), of_behaviour.raster(behaviour or {})),
        ("seeds", "Accuracy by seed", "Each point is one training of a network from the same super-network, with other images first and other augmentation; the whisker is the 95 % interval of the mean by Student's t, which does not hold the luck of the test samples. The star is the network that was delivered, and that all else on this page is of.", seeds(summary)),
        ("baselines", "Against the baselines", "Trained, quantised and priced alike. Up and to the left is better.", of_search.baselines(summary)),
        ("feedback", "Modelled against measured", "Each point is a candidate measured on the board during the search, on the same samples.", of_search.feedback(candidates) if at(summary, "feedback", "informative") else None),
    )  # fmt: skip
    return [Figure(id, title, caption, plot) for id, title, caption, plot in drawn if plot is not None]


def _of_raster(behaviour: Mapping[str, Any]) -> str:
    found = behaviour.get("raster") or {}
    names = behaviour.get("classes") or ()
    label, taken = (
        names[n] if isinstance(n, int) and n < len(names) else n for n in (found.get("label"), found.get("prediction"))
    )
    return (
        f"Test sample {found.get('sample')}, of class {label}, taken for {taken}. A panel a layer, a column a step, a mark a spike; of "
        "large layers evenly drawn neurons."
    )


def _of_float(summary: Mapping[str, Any], behaviour: Mapping[str, Any] | None) -> str:
    """How many spikes the floats have beside the integers, without relays: by layer where that is known, else in all."""
    if at(behaviour, "floats", "spikes"):
        return " A diamond is the same layer of the delivered weights before rounding, run as floats, which need no relays."
    floats, integers = number(at(summary, "winner", "float_spikes")), number(at(summary, "winner", "spikes", "paper"))
    if floats is None or integers is None:
        return ""
    return f" In all, without relays: {count(integers)} as integers, {count(floats)} as the float network before them."
