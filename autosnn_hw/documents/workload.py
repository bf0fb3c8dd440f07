"""What the numbers of a simulate document add up to: operations with their energy, NeuroBench's metrics, the ANN beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.words.quantities import at, number

# (what, key of the document that counts it, key of the energy by part)
OPERATIONS = (
    ("synaptic operations", "synops", "synops"),
    ("neuron updates", "neuron_updates", "neuron_updates"),
    ("spikes", ("spikes", "chip"), "spikes"),
    ("messages between cores", "messages", "messages"),
    ("mesh hops", None, "hops"),
    ("messages between chips", None, "chip_links"),
)


def operations(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{"what", "count", "energy": interval, "share" of the total's value}] an inference; static power last, the host's MACs
    beside the total. None is unknown; what the target charges nothing for and does not count is left out.

    Args:
        document: of `simulate --json`.
    """
    total = number(at(document, "energy", "total"))
    rows = []
    for what, key, part in OPERATIONS:
        keys = key if isinstance(key, tuple) else (key,)
        counted = None if key is None else number(at(document, *keys))
        energy = part_energy(document, part)
        if (energy is None and counted is None) or (key is None and not number(energy)):
            continue
        rows.append({"what": what, "count": counted, "energy": energy, "share": _share(energy, total)})
    static = at(document, "energy", "static")
    rows.append({"what": "static power over the run", "count": None, "energy": static, "share": _share(static, total)})
    if document.get("host_macs") is not None:
        host = at(document, "energy", "host")
        rows.append(
            {"what": "host: MACs of the stem, not in the total", "count": document["host_macs"], "energy": host, "share": None}
        )  # fmt: skip
    return rows


def part_energy(document: Mapping[str, Any], part: str) -> dict[str, float] | None:
    """Interval of one part of the energy over all layers, in J; None where no layer has it."""
    found = [energy for layer in document.get("layers") or () if (energy := at(layer, "energy_parts", part))]
    if not found:
        return None
    return {bound: sum(energy[bound] for energy in found) for bound in ("value", "low", "high")}


def _share(energy: Any, total: float | None) -> float | None:
    value = number(energy)
    return value / total if value is not None and total else None


def neurobench(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """NeuroBench's metrics under its names: [{"name", "value", "unit" B, share, count or accuracy, "means" in words}]; what the
    document lacks is left out."""
    found = document.get("neurobench") or {}
    if not found:
        return []
    operated = found.get("synaptic_operations") or {}
    rows = (
        ("Footprint", found.get("footprint"), "B", "8-bit weights, 16-bit biases, 24-bit u and v of every neuron"),
        ("Connection Sparsity", found.get("connection_sparsity"), "share", "zero weights of all stored weights"),
        ("Activation Sparsity", found.get("activation_sparsity"), "share", "neurons and steps without a spike"),
        ("Synaptic Operations, Effective_ACs", operated.get("effective_acs"), "count", "a spike meets a non-zero weight"),
        ("Synaptic Operations, Effective_MACs", operated.get("effective_macs"), "count", "of the stem on the host, once an image"),
        ("Synaptic Operations, Dense", operated.get("dense"), "count", "as if every neuron spiked in every step"),
        ("Classification Accuracy", at(document, "accuracy", "value"), "share", "of the samples of this document"),
    )  # fmt: skip
    return [
        {"name": name, "value": value, "unit": unit, "means": means}
        for name, value, unit, means in rows
        if value is not None
    ]


def ann_beside(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The 8-bit ANN of the same architecture and the SNN under one rule that counts memory, in J, and the rule of papers:
    {"snn", "ann", "ratio", "synops_only", "source"}; None where the document has no estimates."""
    snn, ann, only = (
        at(document, "estimates", key)
        for key in ("memory_inclusive_45nm", "ann_int8_memory_inclusive_45nm", "synops_only_45nm")
    )
    if not snn or not ann:
        return None
    return {
        "snn": snn,
        "ann": ann,
        "synops_only": only,
        "ratio": at(document, "estimates", "snn_over_ann", "value"),
        "source": ann.get("source"),
    }
