"""Figures of other rules beside a chip's price: what SNN papers quote, a rule that counts memory, and the 8-bit ANN under it.

None of them describes a chip. They answer "how does this compare with that paper" and "is the SNN worth it".
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

import hw_profiles
from autosnn_hw.activity import Activity
from autosnn_hw.cost.events import LayerEvents
from autosnn_hw.kept import kept_with
from autosnn_hw.network import ChipNetwork, ConvLayer, InputLayer, Layer, Role
from autosnn_hw.network.connectivity import column_taps, row_taps

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REFERENCE = "reference_45nm.toml"


@dataclass(frozen=True)
class AnnOperations:
    """Work of the 8-bit ANN of the same architecture for one image: relays do not exist there, and a residual sum is an
    addition, counted as a multiply-accumulate like the paper rules do.

    Args:
        macs: multiply-accumulates, the stem's not included.
        comparisons: inputs that max pools look at.
        outputs: activations written.
    """

    macs: float
    comparisons: float
    outputs: float


@lru_cache(maxsize=1)
def reference() -> dict[str, Any]:
    """The constants of `reference_45nm.toml`: operation and memory energies in J, bit widths, source."""
    table = tomllib.loads((Path(hw_profiles.__file__).parent / REFERENCE).read_text(encoding="utf-8"))
    joules = {key: entry["value"] * 1e-12 for key, entry in {**table["operation"], **table["memory"]}.items()}
    return {**joules, "bits": table["bits"], "source": table["source"]}


@kept_with()
def ann_operations(network: ChipNetwork) -> AnnOperations:
    """Operations of the ANN that has the network's own channels and pools; kept with the network."""
    macs = comparisons = outputs = 0.0
    for source, layer in zip(network.layers, network.layers[1:]):
        roles = np.asarray(layer.roles)
        positions = prod(layer.shape[1:])
        outputs += float((roles != Role.RELAY).sum() * positions)
        macs += _taps(layer, source, roles == Role.OWN)
        comparisons += _taps(layer, source, roles == Role.POOL)
    outputs += float(prod(network.layers[0].shape))
    return AnnOperations(macs, comparisons, outputs)


def _taps(layer: Layer, source: Layer, chosen: np.ndarray) -> float:
    """Taps that fall on the inputs, of the chosen output channels: every one from own and pool channels, the non-zero ones
    from relays, which carry the shortcut."""
    assert not isinstance(layer, InputLayer)
    relay = np.asarray(source.roles) == Role.RELAY
    if not isinstance(layer, ConvLayer):
        per_channel = prod(source.shape[1:])
        counted = (layer.weight != 0) | ~np.repeat(relay, per_channel)
        return float(counted[chosen].sum())
    out, inputs, height, width = layer.weight.shape
    group = np.arange(out) // (out // layer.groups)
    reads_relay = relay[group[:, None] * inputs + np.arange(inputs)]
    counted = (layer.weight != 0) | ~reads_relay[:, :, None, None]
    taps = counted[chosen].sum(axis=(0, 1), dtype=np.int64)
    rows = row_taps(layer, source.shape, np.array([0, layer.shape[1]]))[0].sum(axis=1)
    columns = column_taps(layer, source.shape, np.array([0, layer.shape[2]]))[0].sum(axis=1)
    return float(rows @ taps.reshape(height, width) @ columns)


def estimates(network: ChipNetwork, activity: Activity, layers: tuple[LayerEvents, ...]) -> dict[str, Any]:
    """Labelled figures in J per inference.

    Args:
        layers: the events that the price is made of.

    Returns:
        synops_only_45nm, memory_inclusive_45nm, ann_int8_memory_inclusive_45nm: each {"value", "unit", "rule", "source"};
        snn_over_ann: ratio of the last two.
    """
    c = reference()
    bits = c["bits"]
    bit = c["read_64"] / 64
    synops = sum(entry.synops for entry in layers)
    updates = sum(entry.neuron_updates for entry in layers)
    spikes = sum(entry.spikes for entry in layers)
    macs = float(activity.host_macs or 0.0)
    ann = ann_operations(network)
    mac = bit * (bits["weight"] + bits["activation"]) + c["integer_multiply_8"] + c["integer_add_32"]
    only = synops * c["float_add"] + macs * (c["float_multiply"] + c["float_add"])
    synop = bit * (bits["weight"] + 2 * bits["potential"]) + c["integer_add_32"]
    update = bit * 2 * bits["potential"] + c["integer_multiply_32"] + 2 * c["integer_add_32"]
    snn = synops * synop + updates * update + spikes * bit * 2 * bits["spike_address"] + macs * mac
    other = (
        (ann.macs + macs) * mac
        + ann.comparisons * (bit * bits["activation"] + c["integer_add_8"])
        + ann.outputs * bit * bits["activation"]
    )
    return {
        "synops_only_45nm": _figure(
            only,
            "synaptic operations x 32-bit addition, the stem's MACs x 32-bit multiply and add; no memory, no neurons",
        ),
        "memory_inclusive_45nm": _figure(
            snn,
            "a synaptic operation reads a weight and reads and writes a potential; a neuron update reads, decays and writes "
            "a potential; a spike writes and reads an address; the stem's MACs as in the ANN",
        ),
        "ann_int8_memory_inclusive_45nm": _figure(
            other,
            f"8-bit ANN of the same architecture without relays, one pass: {ann.macs + macs:.4g} MACs, each reading a weight "
            "and an activation",
        ),
        "snn_over_ann": {
            "value": snn / other if other else None,
            "unit": "1",
            "rule": "the two memory-inclusive figures",
        },
    }


def _figure(value: float, rule: str) -> dict[str, Any]:
    return {"value": value, "unit": "J", "rule": rule, "source": reference()["source"]}
