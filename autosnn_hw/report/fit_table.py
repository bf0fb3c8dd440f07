"""The `check --json` document on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from autosnn_hw.documents.fit import fit_words, violation_sentence
from autosnn_hw.report.elements import grid, listed
from autosnn_hw.words.quantities import apart, count

# Parameters that a neuron or synapse may take from a range: at its end they are not full.
RANGES = {"i_decay", "v_decay", "threshold", "bias", "leak", "weight", "kernel_size", "synaptic_delay"}


def fit_table(document: Mapping[str, Any]) -> RenderableType:
    """The `check --json` document: does it fit, the violations and what would fix them, the fullest limit of each layer."""
    head, where = fit_words(document)
    rows = []
    for layer in document["layers"]:
        tight = fullest_limit(layer["limits"])
        rows.append((layer["name"], count(layer["cores"]), count(layer["neurons_per_core"]), tight))
    parts: list[RenderableType] = [Text(head, style="bold") + where]
    for violation in document["violations"]:
        parts.append(Text(f"- {violation_sentence(violation)}"))
        parts += [Text(f"    {remedy}") for remedy in violation["remedies"]]
    parts += [Text(), grid(None, ("layer", "cores", "neurons a core", "fullest limit"), rows)]
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
    return f"{fullest['resource']} {' of '.join(apart(fullest['used'], fullest['limit']))}{beside}"
