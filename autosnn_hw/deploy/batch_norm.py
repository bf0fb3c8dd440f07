"""From inherited weights to the chip in one pass: batch norm re-estimated on the integer spikes of the path's own prefix.

Layer by layer: estimate, fold, round, run, next. Every sum is one of integers, so neither the order of summation nor the
number of threads changes a bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from autosnn_hw.deploy.encoder import build_encoder
from autosnn_hw.deploy.integer_neuron import fire
from autosnn_hw.deploy.lowering import chip_network, folded_conv, folded_unit, integers_of, layer_of, lower_unit
from autosnn_hw.deploy.planned_layers import Unit, network_units, with_units
from autosnn_hw.deploy.quantise import IntegerMap, WeightFormat, ternarise
from autosnn_hw.deploy.statistics import moments, normalised, with_statistics, without_statistics
from autosnn_hw.deploy.unit_simulation import unit_spikes
from autosnn_hw.deploy.weight_format import Target, weight_format
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv, FoldedNetwork
from autosnn_hw.network import ChipNetwork, Encoder, InputLayer, Layer
from autosnn_hw.network.chip_layers import cuba
from autosnn_hw.simulate.stem import encode

BATCH = 8  # images at a time, so that their activations stay in cache


def deploy_candidate(
    folded: FoldedNetwork,
    images: np.ndarray,
    target: Target = None,
    *,
    architecture: str | None = None,
    dataset: str | None = None,
) -> ChipNetwork:
    """The integer network of a candidate that inherits its weights.

    Args:
        folded: raw weights with batch norm; statistics that are None are estimated, others are kept.
        images: calibration images, uint8 or float32 (N, Cin, H, W), or event frames (N, T, Cin, H, W) where the
            network takes those; the same for every candidate of a search.
        target, architecture, dataset: as in `lower`.

    Raises:
        InputError: the images do not fit, or what `lower` raises.
    """
    weights = weight_format(target)
    encoder, layers, _ = _layer_by_layer(folded, images, weights)
    return chip_network(folded, encoder, layers, target, architecture, dataset)


def calibrated(folded: FoldedNetwork, images: np.ndarray, target: Target = None) -> FoldedNetwork:
    """The network with all batch norm re-estimated on integer spikes and folded: `lower` of it is `deploy_candidate`.

    A network trained with float weights needs this before it becomes ternary; for even weights its running statistics are
    better (docs/deployment.md).
    """
    bare = replace(folded, blocks=tuple(without_statistics(block) for block in folded.blocks))
    _, _, (stem, units) = _layer_by_layer(bare, images, weight_format(target))
    return with_units(replace(bare, blocks=(replace(bare.blocks[0], convs=(stem,)), *bare.blocks[1:])), units)


def _layer_by_layer(
    folded: FoldedNetwork, images: np.ndarray, weights: WeightFormat
) -> tuple[Encoder | None, list[Layer], tuple[FoldedConv, list[Unit]]]:
    """(encoder, chip layers, (folded stem, folded units)), layer by layer."""
    wanted = (folded.timesteps, *folded.image) if folded.frames else tuple(folded.image)
    if tuple(images.shape[1:]) != wanted or not len(images):
        raise InputError(f"calibration images have shape {images.shape}; (N, {', '.join(map(str, wanted))}) is needed.")
    units, stem, done = network_units(folded), folded.blocks[0].convs[0], []
    with torch.inference_mode():
        if folded.frames:
            encoder: Encoder | None = None
            first, frames = (
                InputLayer("input", folded.image, payload=folded.payload),
                event_batches(images, folded.payload),
            )
        else:
            stem, encoder, first, frames = calibrated_stem(folded, images, weights)
            stem = folded_conv(stem, "stem")
        layers: list[Layer] = [first]
        carried = frames
        for unit in units:
            if unit.first:
                carried = frames
            estimated = estimate(unit, frames, carried, folded.timesteps, weights)
            made = deploy_unit(estimated, weights, classes=folded.classes, voters=folded.voters)
            done.append(folded_unit(estimated))
            layers.append(made.layer)
            if unit is not units[-1]:
                frames = unit_spikes(estimated, made.integers, frames, carried, folded.timesteps, weights)
    return encoder, layers, (stem, done)


@dataclass(frozen=True, eq=False)
class DeployedUnit:
    """A unit whose statistics are known, its integers (None for pools) and its chip layer."""

    unit: Unit
    integers: IntegerMap | None
    layer: Layer


def deploy_unit(unit: Unit, weights: WeightFormat, *, classes: int, voters: int) -> DeployedUnit:
    """Integers and chip layer of a unit whose batch norm is folded or carries its statistics."""
    if unit.kind not in ("conv", "dense"):
        return DeployedUnit(unit, None, lower_unit(unit, weights, classes=classes, voters=voters))
    integers = integers_of(unit, weights, classes=classes, voters=voters)
    return DeployedUnit(unit, integers, layer_of(unit, integers, weights))


def calibrated_stem(
    folded: FoldedNetwork, images: np.ndarray, weights: WeightFormat
) -> tuple[FoldedConv, Encoder, InputLayer, list[torch.Tensor]]:
    """(stem with its statistics, encoder, input layer, its spikes in batches) of images; statistics that it lacks are estimated."""
    block = folded.blocks[0]
    conv = block.convs[0]
    if conv.norm is not None and conv.norm.mean is None:
        # The encoder of the raw convolution gives its outputs as integers, in units of 1 / scale.
        raw, layer = build_encoder(replace(conv, norm=None), block.k[0], folded, weights)
        assert layer.scale is not None
        values = encode(raw, images)
        conv = with_statistics(conv, *moments([torch.as_tensor(values)]), 1 / layer.scale)
    encoder, layer = build_encoder(folded_conv(conv, "stem"), block.k[0], folded, weights)
    values = encode(encoder, images)
    return conv, encoder, layer, [stem_spikes(layer, part, folded.timesteps) for part in _batches(values)]


def stem_spikes(layer: InputLayer, values: np.ndarray, steps: int) -> torch.Tensor:
    """uint8 (T * N, C, H, W): what the stem's neurons fire, driven by values int64 (N, C, H, W) in every step."""
    neuron = cuba(layer)
    current = torch.as_tensor(values).float().contiguous(memory_format=torch.channels_last)
    nothing, v_decay, vth = np.zeros(layer.shape[0]), int(neuron.v_decay), int(neuron.vth_mant)
    return fire(current, nothing, v_decay, vth, steps, constant=True)


def _batches(values: np.ndarray) -> list[np.ndarray]:
    return [values[first : first + BATCH] for first in range(0, len(values), BATCH)]


def event_batches(frames: np.ndarray, payload: int = 1) -> list[torch.Tensor]:
    """Event frames (N, T, C, H, W) as batches of spikes, or of counts up to `payload`, uint8 (T * n, C, H, W)."""
    spikes = torch.from_numpy(frames.clip(0, payload).astype(np.uint8)).transpose(0, 1)
    return [x.flatten(0, 1).contiguous(memory_format=torch.channels_last) for x in spikes.split(BATCH, dim=1)]


def estimate(
    unit: Unit, frames: list[torch.Tensor], carried: list[torch.Tensor], steps: int, weights: WeightFormat
) -> Unit:
    """The unit with the batch-norm statistics that it lacks."""
    if unit.conv is None or unit.kind == "dense":
        return unit
    shortcut = unit.shortcut
    if isinstance(shortcut, FoldedConv):
        shortcut = _normalised(shortcut, carried, steps, weights, unit.payload)
    return replace(unit, conv=_normalised(unit.conv, frames, steps, weights, unit.payload), shortcut=shortcut)


def _normalised(
    conv: FoldedConv, frames: list[torch.Tensor], steps: int, weights: WeightFormat, payload: int
) -> FoldedConv:
    if weights.kind != "ternary" or conv.norm is None or not np.isfinite(conv.weight).all():
        return normalised(conv, frames, steps, payload)
    # What is normalised is what is deployed: batch norm then makes good what ternary weights change. The floats stay, for
    # fine-tuning to go on from; ternarise takes them to the same signs whatever the channel's gain.
    signs, gain = ternarise(conv.weight)
    ternary = replace(conv, weight=signs * gain.reshape(-1, 1, 1, 1))
    return replace(conv, norm=normalised(ternary, frames, steps, payload).norm)
