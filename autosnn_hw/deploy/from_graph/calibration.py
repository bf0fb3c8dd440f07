"""Scales from data: a few weights much larger than all others need not set the step of a whole layer.

Each layer of a planned network hears the integer spikes of the layers before it on some samples, as `deploy.batch_norm` lets a
searched network hear them; of a few largest weights the one is taken whose integers give currents closest to the floats'.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from autosnn_hw.deploy.from_graph import float_run
from autosnn_hw.deploy.from_graph.euler_steps import OR
from autosnn_hw.deploy.from_graph.image_input import SeenImages, driven, image_input
from autosnn_hw.deploy.from_graph.layer_maps import Plan, PlannedLayer
from autosnn_hw.deploy.from_graph.rounded_layers import chip_layer
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons, rounded
from autosnn_hw.network import ChipNetwork, InputLayer, Layer, Role
from autosnn_hw.simulate import exact

SAMPLES = 64
SHARES = (1.0, 0.8, 0.6, 0.45, 0.3)
"""Of the largest weight: what the largest weight that is told apart may be."""


def calibrated(plan: Plan, samples: np.ndarray, images: SeenImages | None = None) -> tuple[Plan, dict[str, float]]:
    """The plan with the scale of every layer chosen on data, and by layer the share of its largest weight that is told apart.

    Args:
        samples: frames (N, T, ..), spikes where above 0, or images; the first `SAMPLES` are taken.
        images: what the network sees of images.
    """
    samples = samples[:SAMPLES]
    fired = {plan.start: float_run.entering(plan, samples, images)}
    chosen: dict[str, float] = {}
    layers: list[FloatNeurons] = []
    if images is not None:
        encoder, first = image_input(plan.layers[0], images, plan.how.fires_at)
        spikes = torch.from_numpy(driven(encoder, first, images, samples).astype(np.float32))
        fired[first.name] = spikes.reshape(*spikes.shape[:2], *plan.layers[0].layer.shape)
        layers.append(plan.layers[0].floats)
    for layer in plan.layers[len(layers) :]:
        floats = layer.floats
        if layer.layer.node.kind != OR:
            floats, chosen[layer.name] = _chosen(layer, float_run.heard(layer, fired), plan.how.fires_at)
        layers.append(floats)
        made = chip_layer(layer, rounded(floats, layer.name, fires_at=plan.how.fires_at))
        fired[layer.name] = _spikes(layer, made, float_run.arriving(layer, fired))
    return plan.with_floats(layers), chosen


def _spikes(layer: PlannedLayer, made: Layer, arriving: torch.Tensor) -> torch.Tensor:
    """What the integers of one layer do with what reaches them: float32 (N, T, *shape) of its own neurons."""
    alone = ChipNetwork((InputLayer("arriving", tuple(arriving.shape[2:])), made))
    found = exact.trace(alone, arriving.numpy().astype(np.uint8)).layers[-1].spikes
    own = torch.from_numpy(found[:, :, made.roles != Role.RELAY].astype(np.float32))
    return own.reshape(*own.shape[:2], *layer.layer.shape)


def _chosen(layer: PlannedLayer, entering: torch.Tensor, fires_at: bool) -> tuple[FloatNeurons, float]:
    """Floats whose integers give the currents closest to what the floats give."""
    floats = layer.floats
    if rounded(floats, layer.name, fires_at=fires_at).exact:
        return floats, 1.0
    largest = float(np.abs(floats.weight).max())
    best: tuple[float, float, FloatNeurons] | None = None
    for share in SHARES:
        tried = floats if share == 1 else replace(floats, peak=share * largest)
        own = rounded(tried, layer.name, fires_at=fires_at)
        off = torch.from_numpy((own.weight / own.scale - floats.weight).astype(np.float32))
        error = float(float_run.currents(layer, off, entering).double().square().mean())
        if best is None or error < best[0]:
            best = error, share, tried
    assert best is not None
    return best[2], best[1]
