"""From inherited weights to the chip in one pass: batch norm re-estimated on the integer spikes of the path's own prefix.

Layer by layer: estimate, fold, round, run, next. Every sum is one of integers, so neither the order of summation nor the
number of threads changes a bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import torch

from autosnn_hw.deploy.encoder import build_encoder
from autosnn_hw.deploy.formats import Target, target_name, weight_format
from autosnn_hw.deploy.lowering import architecture_string, folded_conv, integers_of, layer_of, lower_unit
from autosnn_hw.deploy.quantise import WeightFormat
from autosnn_hw.deploy.spiking import fire, use_torch_threads
from autosnn_hw.deploy.units import Unit, network_units
from autosnn_hw.deploy.walk import convolve, unit_spikes
from autosnn_hw.errors import InputError
from autosnn_hw.folded import BatchNorm, FoldedConv, FoldedNetwork
from autosnn_hw.network import ChipNetwork, InputLayer, Layer, Readout
from autosnn_hw.simulate.stem import encode

LEVELS = 127  # weights are rounded to int8, channel by channel, for the estimate alone
ENOUGH = 1 << 15  # values a channel that an estimate needs; larger maps are sampled, every image and step in turn
MOST_SKIPPED = 4
ROWS = 4096  # positions summed at a time
QUIET = 1e-3  # variance below this part of the layer's median is raised to it: a channel that is silent on these images


def deploy_candidate(
    folded: FoldedNetwork,
    images: np.ndarray,
    target: Target = None,
    *,
    architecture: str | None = None,
    dataset: str | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> ChipNetwork:
    """The integer network of a candidate that inherits its weights.

    Args:
        folded: raw weights with batch norm; statistics that are None are estimated, others are kept.
        images: calibration images, uint8 or float32 (N, Cin, H, W); the same for every candidate of a search.
        target, architecture, dataset, provenance: as in `lower`.

    Raises:
        InputError: the images do not fit, or what `lower` raises.
    """
    if images.ndim != 4 or tuple(images.shape[1:]) != tuple(folded.image) or not len(images):
        raise InputError(
            f"calibration images have shape {images.shape}; (N, {', '.join(map(str, folded.image))}) is needed."
        )
    weights = weight_format(target)
    with torch.inference_mode():
        encoder, first, frames = _stem(folded, images, weights)
        layers: list[Layer] = [first]
        carried = frames
        for unit in network_units(folded):
            if unit.name.endswith(".a"):
                carried = frames
            estimated = _estimate(unit, frames, carried, folded.timesteps)
            integers = None
            if unit.kind in ("conv", "dense"):
                integers = integers_of(estimated, weights, classes=folded.classes, voters=folded.voters)
                layers.append(layer_of(estimated, integers, weights))
            else:
                layers.append(lower_unit(estimated, weights, classes=folded.classes, voters=folded.voters))
            if unit.kind != "dense":
                frames = unit_spikes(estimated, integers, frames, carried, folded.timesteps, weights)
    return ChipNetwork(
        layers=tuple(layers),
        timesteps=folded.timesteps,
        encoder=encoder,
        readout=Readout(folded.classes, folded.voters),
        architecture=architecture if architecture is not None else architecture_string(folded),
        target=target_name(target),
        dataset=dataset,
        provenance=provenance or {},
    )


def _stem(folded: FoldedNetwork, images: np.ndarray, weights: WeightFormat) -> tuple[Any, InputLayer, torch.Tensor]:
    block = folded.blocks[0]
    conv = block.convs[0]
    if conv.norm is not None and conv.norm.mean is None:
        # The encoder of the raw convolution gives its outputs as integers, in units of 1 / scale.
        raw, layer = build_encoder(replace(conv, norm=None), block.k[0], folded, weights)
        assert layer.scale is not None
        values = encode(raw, images)
        conv = _with_statistics(conv, *_moments(torch.as_tensor(values)), 1 / layer.scale)
    encoder, layer = build_encoder(folded_conv(conv, "stem"), block.k[0], folded, weights)
    assert layer.neuron is not None
    current = torch.as_tensor(encode(encoder, images)).float().contiguous(memory_format=torch.channels_last)
    nothing = np.zeros(layer.shape[0])
    neuron = layer.neuron
    spikes = fire(current, nothing, int(neuron.v_decay), int(neuron.vth_mant), folded.timesteps, constant=True)
    return encoder, layer, spikes


def _estimate(unit: Unit, frames: torch.Tensor, carried: torch.Tensor, steps: int) -> Unit:
    """The unit with the batch-norm statistics that it lacks."""
    if unit.conv is None:
        return unit
    shortcut = unit.shortcut
    if isinstance(shortcut, FoldedConv):
        shortcut = _normalised(shortcut, carried, steps)
    return replace(unit, conv=_normalised(unit.conv, frames, steps), shortcut=shortcut)


def _normalised(conv: FoldedConv, frames: torch.Tensor, steps: int) -> FoldedConv:
    if conv.norm is None or conv.norm.mean is not None:
        return conv
    if not np.isfinite(conv.weight).all():
        return replace(
            conv, norm=replace(conv.norm, mean=conv.norm.beta, var=np.ones(len(conv.bias)))
        )  # refused by name later
    peak = np.abs(conv.weight).reshape(len(conv.weight), -1).max(axis=1)
    unit = np.where(peak > 0, peak, 1.0) / LEVELS
    integer = np.rint(conv.weight / unit.reshape(-1, 1, 1, 1)).astype(np.int64)
    height, width = (-(-n // conv.stride) for n in frames.shape[2:])
    sample = sampled(frames, steps, height * width)
    sums = convolve(sample, integer, conv.stride, conv.padding, conv.groups)
    return _with_statistics(conv, *_moments(sums), unit)


def sampled(frames: torch.Tensor, steps: int, positions: int) -> torch.Tensor:
    """Every s-th (image, step) pair of spikes (T * N, C, H, W), shifted by one image from step to step, s at most 4 and as
    large as leaves `ENOUGH` values a channel."""
    images = len(frames) // steps
    skip = max(s for s in (1, 2, MOST_SKIPPED) if s == 1 or len(frames) * positions // s >= ENOUGH)
    if skip == 1:
        return frames
    chosen = [t * images + n for t in range(steps) for n in range(t % skip, images, skip)]
    return frames[torch.as_tensor(chosen)].contiguous(memory_format=torch.channels_last)


def _moments(values: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each channel of integers (M, C, H, W), float32 or int64, by exact integer sums."""
    channels = values.shape[1]
    array = values.permute(0, 2, 3, 1).contiguous().view(-1, channels).numpy()
    use_torch_threads()
    partial = np.zeros((-(-len(array) // ROWS), 2, channels))
    _sums(array, partial)
    first, second = partial.sum(axis=0)
    mean = first / len(array)
    return mean, np.maximum(second / len(array) - mean**2, 0.0)


@numba.njit(parallel=True, cache=True, nogil=True)
def _sums(array, partial):
    """Sums of the columns and of their squares, block by block; float64 holds them exactly up to 2^53."""
    channels = array.shape[1]
    for block in numba.prange(partial.shape[0]):
        for row in range(block * ROWS, min((block + 1) * ROWS, array.shape[0])):
            for c in range(channels):
                value = np.float64(array[row, c])
                partial[block, 0, c] += value
                partial[block, 1, c] += value * value


def _with_statistics(conv: FoldedConv, mean: np.ndarray, var: np.ndarray, unit: np.ndarray | float) -> FoldedConv:
    assert conv.norm is not None
    mean, var = mean * unit + conv.bias, var * np.square(unit)
    return replace(conv, norm=BatchNorm(conv.norm.gamma, conv.norm.beta, mean, raised(var), conv.norm.eps))


def raised(var: np.ndarray) -> np.ndarray:
    """Variances of a layer with those of silent channels raised to a small part of the median, which otherwise would give
    them weights that leave no resolution to the others."""
    alive = var[var > 0]
    return np.maximum(var, QUIET * float(np.median(alive))) if alive.size else np.ones_like(var)
