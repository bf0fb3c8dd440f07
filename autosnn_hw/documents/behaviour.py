"""How a network behaves on its samples: how often its neurons fire, one sample spike by spike, and what it gets wrong most surely."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autosnn_hw.activity import Activity
from autosnn_hw.documents.layer_words import role_of
from autosnn_hw.network import ChipNetwork

RATE_EDGES = (0.01, 0.05, 0.2, 0.5, 1.0)  # upper ends, share of steps with a spike, of the classes above "never"
RASTER_NEURONS, LEAST_NEURONS = 48, 8  # of a layer that a raster shows, evenly drawn: at most, and at least
RASTER_CELLS = 8000  # neurons x steps of all layers of a raster, which long runs of deep networks share out
MOST_ERRORS = 8
PICTURE_SIDE, PICTURE_FRAMES = 64, 5  # a larger picture is reduced to this


def behaviour(
    network: ChipNetwork,
    activity: Activity,
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    raster: Mapping[str, Any] | None = None,
    classes: Sequence[str] = (),
) -> dict[str, Any]:
    """JSON-able: firing rates by layer, the raster of one sample, and the worst errors with their pictures.

    Args:
        activity: of the network on `inputs`, with spikes by neuron where they are known.
        inputs: images (N, C, H, W) or frames (N, T, C, H, W), as the dataset has them; labels: int64 (N,).
        raster: what `raster_of` made of one of them.
        classes: names, where the dataset has them.

    Returns:
        samples, steps, classes; layers: [{"name", "role", "neurons", "rates": neurons that never fire, then those of each class
        of `rate_edges`}], rates None where spikes by neuron are unknown; raster; errors, of `wrong` in all, those with the
        most votes for the wrong class ahead of the right one first: [{"sample", "label", "prediction", "votes" of both,
        "picture": `picture_of` it}].
    """
    votes = activity.votes(network.readout)
    predictions = activity.predictions(network.readout)
    wrong = np.flatnonzero(predictions != labels)
    ahead = votes[wrong, predictions[wrong]] - votes[wrong, np.minimum(labels[wrong], votes.shape[1] - 1)]
    worst = wrong[np.lexsort((wrong, -ahead))][:MOST_ERRORS]
    counted = {layer.name: layer for layer in activity.layers}
    steps = activity.samples * activity.timesteps
    return {
        "samples": activity.samples,
        "steps": activity.timesteps,
        "classes": list(classes),
        "rate_edges": list(RATE_EDGES),
        "layers": [
            {
                "name": layer.name,
                "role": role_of(layer, network),
                "neurons": int(np.prod(layer.shape)),
                "rates": None
                if (spikes := counted[layer.name].neuron_spikes) is None
                else rate_classes(spikes.ravel() / steps),
            }
            for layer in network.neuron_layers
        ],
        "raster": None if raster is None else dict(raster),
        "wrong": len(wrong),
        "errors": [
            {
                "sample": int(sample),
                "label": int(labels[sample]),
                "prediction": int(predictions[sample]),
                "votes": {
                    "prediction": int(votes[sample, predictions[sample]]),
                    "label": int(votes[sample, labels[sample]]) if labels[sample] < votes.shape[1] else None,
                },
                "picture": picture_of(inputs[sample]),
            }
            for sample in worst
        ],
    }


def rate_classes(rates: np.ndarray) -> list[int]:
    """How many neurons never fire, and how many do in up to each share of `RATE_EDGES` of the steps.

    Args:
        rates: float64 (neurons,), spikes a step.
    """
    firing = rates[rates > 0]
    classes = np.minimum(np.searchsorted(RATE_EDGES, firing), len(RATE_EDGES) - 1)
    return [int((rates <= 0).sum()), *np.bincount(classes, minlength=len(RATE_EDGES)).tolist()]


def raster_of(
    network: ChipNetwork, spikes: Mapping[str, np.ndarray], *, sample: int, label: int, prediction: int
) -> dict[str, Any]:
    """JSON-able raster of one sample.

    Args:
        spikes: by layer, uint8 (T, *shape).

    Returns:
        sample, label, prediction, steps; layers: [{"name", "role", "neurons", "shown", "spikes": [[step, row], ..]}]; rows are
        `shown` neurons, evenly drawn in the order (C, H, W).
    """
    layers, steps = [], max((len(fired) for fired in spikes.values()), default=0)
    most = min(RASTER_NEURONS, max(LEAST_NEURONS, RASTER_CELLS // max(1, steps * len(spikes))))
    for layer in network.neuron_layers:
        if layer.name not in spikes:
            continue
        fired = spikes[layer.name].reshape(len(spikes[layer.name]), -1)
        neurons = fired.shape[1]
        rows = np.unique(np.linspace(0, neurons - 1, min(neurons, most)).round().astype(int))
        found = np.argwhere(fired[:, rows] > 0)
        layers.append(
            {
                "name": layer.name,
                "role": role_of(layer, network),
                "neurons": neurons,
                "shown": len(rows),
                "spikes": found.tolist(),
            }
        )
    return {"sample": sample, "label": label, "prediction": prediction, "steps": steps, "layers": layers}


def picture_of(sample: np.ndarray) -> dict[str, Any] | None:
    """A sample small enough for a page: {"shape", "values": base64 of zlib of uint8}; None for what is no picture.

    Args:
        sample: image (C, H, W), reduced by means, or frames (T, C, H, W), several steps and places reduced to their largest.

    Returns:
        shape is (C, H, W) or (frames, C, H, W); floats are stretched over 0..255.
    """
    if sample.ndim not in (3, 4) or not sample.size:
        return None
    small = _reduced(np.asarray(sample))
    if not np.issubdtype(sample.dtype, np.integer):
        low, high = float(small.min()), float(small.max())
        small = (small - low) * (255.0 / (high - low) if high > low else 0.0)
    values = small.round().clip(0, 255).astype(np.uint8)
    packed = base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()
    return {"shape": list(values.shape), "values": packed}


def unpacked(picture: Mapping[str, Any]) -> np.ndarray:
    """uint8 array of a picture of `picture_of`.

    Raises:
        ValueError: its values are not of its shape.
    """
    size = int(np.prod(picture["shape"]))
    raw = zlib.decompressobj().decompress(base64.b64decode(picture["values"]), size)
    return np.frombuffer(raw, np.uint8).reshape(picture["shape"])


def _reduced(sample: np.ndarray) -> np.ndarray:
    height, width = sample.shape[-2:]
    if sample.ndim == 4:
        groups = np.array_split(sample, min(len(sample), PICTURE_FRAMES))
        sample = np.stack([group.max(axis=0) for group in groups])
    by = -(-max(height, width) // PICTURE_SIDE)
    if by > 1:
        around = [(0, 0)] * (sample.ndim - 2) + [(0, -size % by) for size in (height, width)]
        whole = np.pad(sample, around, "edge")  # nothing is cut off
        blocks = whole.reshape(*whole.shape[:-2], whole.shape[-2] // by, by, whole.shape[-1] // by, by)
        sample = blocks.max(axis=(-3, -1)) if sample.ndim == 4 else blocks.mean(axis=(-3, -1))
    return sample.astype(np.float64)
