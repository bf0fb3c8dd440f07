"""Float layers with any neuron constants become integers: one scale a layer, and what rounding changed, in numbers.

A layer that was lowered here is rounded by `deploy.quantise`, whose PLIF neuron has one constant; here decays and thresholds may
differ from channel to channel, and a network whose weights are multiples of one step keeps them exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autosnn_hw.deploy.from_graph.euler_steps import refuse_below_zero
from autosnn_hw.deploy.quantise import EVEN, STEP, TIE_GUARD, WeightFormat
from autosnn_hw.errors import InputError
from autosnn_hw.network import CubaNeuron
from autosnn_hw.network.chip_layers import DECAY_ONE, THRESHOLD_LIMIT

SMALL = 127  # largest weight of a layer that also has odd ones
EXACT = 1e-5  # relative; weights this close to multiples of a step are taken for them (float32 keeps 1e-7)


@dataclass(frozen=True, eq=False)
class FloatNeurons:
    """What a layer is made of before rounding, all per step.

    Args:
        weight: float64, rows are output channels or neurons.
        bias: float64 (C,), (N,) or (C, H, W): added to the voltage in every step.
        v_decay, i_decay, threshold: float64 (C,) or (N,); threshold None where the layer never fires.
        peak: largest weight that is told apart, larger ones count as that (chosen by `calibration`); None: the largest there is.
    """

    weight: np.ndarray
    bias: np.ndarray
    v_decay: np.ndarray
    i_decay: np.ndarray
    threshold: np.ndarray | None
    peak: float | None = None


@dataclass(frozen=True, eq=False)
class RoundedNeurons:
    """Integers of a layer's own channels, and how far from the floats they are.

    Args:
        weight, bias: int64.
        neuron: one value each, or arrays (C,) or (N,).
        scale: integer = scale x float.
        exact: the weights are the floats times the scale, nothing rounded.
        changes: largest relative change of weights, biases and thresholds, and largest change of a decay of 4096.
    """

    weight: np.ndarray
    bias: np.ndarray
    neuron: CubaNeuron
    scale: float
    exact: bool
    changes: dict[str, float]


def rounded(
    layer: FloatNeurons, name: str, *, fires_at: bool = False, weights: WeightFormat = EVEN, scale: float | None = None
) -> RoundedNeurons:
    """Round one layer.

    Args:
        fires_at: the neuron fires at its threshold already; else above it, as NIR says and Lava does.
        scale: taken as it is; None: the largest that the bounds allow.

    Raises:
        InputError: all weights are zero, or a threshold is negative.
    """
    refuse_silent(layer.weight, name)
    refuse_below_zero(layer.threshold, name)
    peak = float(np.abs(layer.weight).max())
    scale, exact = _scale(layer, peak, weights) if scale is None else (scale, True)
    if exact:
        weight = np.rint(scale * layer.weight).astype(np.int64)
    else:
        half = weights.weight_max // STEP
        weight = STEP * np.clip(np.rint(scale * layer.weight / STEP), -half, half).astype(np.int64)
    bias = np.rint(scale * layer.bias).astype(np.int64)
    v_decay = np.minimum(np.rint(DECAY_ONE * layer.v_decay), weights.v_decay_max).astype(np.int64)
    i_decay = np.rint(DECAY_ONE * layer.i_decay).astype(np.int64)
    threshold = (
        np.full(len(v_decay), THRESHOLD_LIMIT)
        if layer.threshold is None
        else _threshold(layer, scale, fires_at, _grain(weight, bias))
    )
    neuron = CubaNeuron(_one(threshold), _one(v_decay), _one(i_decay))
    changes = {
        "weight": float(np.abs(weight / scale - layer.weight).max() / peak),
        "bias": _relative(bias / scale, layer.bias),
        "threshold": 0.0 if layer.threshold is None else _relative(threshold / scale, layer.threshold),
        "v_decay": float(np.abs(v_decay - DECAY_ONE * layer.v_decay).max()),
        "i_decay": float(np.abs(i_decay - DECAY_ONE * layer.i_decay).max()),
    }
    return RoundedNeurons(weight, bias, neuron, scale, exact, changes)


def refuse_silent(weight: np.ndarray, name: str) -> None:
    """Refuse weights that are all zero.

    Raises:
        InputError: they are; names the node.
    """
    if not np.any(weight):
        raise InputError(f"node {name!r}: all its weights are zero; nothing can make it fire.")


def _one(values: np.ndarray) -> int | np.ndarray:
    """One number where all are equal."""
    return int(values[0]) if (values == values[0]).all() else values


def _relative(found: np.ndarray, wanted: np.ndarray) -> float:
    largest = float(np.abs(wanted).max(initial=0.0))
    return float(np.abs(found - wanted).max(initial=0.0)) / largest if largest else 0.0


def _scale(layer: FloatNeurons, peak: float, weights: WeightFormat) -> tuple[float, bool]:
    """The largest scale that every bound allows; one that makes all weights whole numbers where there is such a one."""
    most = 1e12  # of weights that are all but nothing
    bias = float(np.abs(layer.bias).max(initial=0.0))
    if bias > 0:
        most = min(most, weights.bias_max / bias)
    if layer.threshold is not None and layer.threshold.max() > 0:
        most = min(most, weights.vth_max / float(layer.threshold.max()))
    step = _common_step(layer.weight, peak) if layer.peak is None else None
    if step is not None:
        whole = round(peak / step)
        odd, even = SMALL // whole, weights.weight_max // whole // 2 * 2
        for times in sorted({odd, even}, reverse=True):
            times = min(times, math.floor(most * step * (1 + TIE_GUARD)))
            times -= times % 2 if times * whole > SMALL else 0
            if times >= 1:
                return times / step, True
    return min(most, weights.weight_max / (peak if layer.peak is None else layer.peak)), False


def _common_step(weight: np.ndarray, peak: float) -> float | None:
    """A number that all weights are multiples of, the largest at most 254 times, or None."""
    sizes = np.unique(np.abs(weight[weight != 0]))
    for parts in range(1, EVEN.weight_max + 1):
        step = float(sizes[0]) / parts
        if peak / step > EVEN.weight_max + 0.5:
            return None
        ratios = sizes / step
        if (np.abs(ratios - np.rint(ratios)) <= EXACT * np.maximum(1, ratios)).all():
            return peak / round(peak / step)
    return None


def _grain(weight: np.ndarray, bias: np.ndarray) -> int:
    """What every voltage is a multiple of, where nothing is forgotten or all of it."""
    return max(1, int(np.gcd(np.gcd.reduce(weight, axis=None), np.gcd.reduce(bias, axis=None))))


def _threshold(layer: FloatNeurons, scale: float, fires_at: bool, grain: int) -> np.ndarray:
    """Mantissas: v > 64 vThMant where the float fires above (or at) its threshold.

    Where no voltage is forgotten all voltages are whole, and rounding down (for "at": up, less 1) is exact; else the nearest is
    taken, but for ties: the first step after a reset has a whole voltage. A neuron that forgets everything keeps 1/4096 of it on
    the chip: its threshold stands between two voltages that are possible.
    """
    assert layer.threshold is not None
    wanted = scale * layer.threshold
    nearest = np.rint(wanted)
    tie = np.abs(wanted - nearest) <= EXACT * np.maximum(1, wanted)
    whole = (layer.v_decay == 0) | (layer.v_decay == 1)
    found = np.where(whole, np.ceil(wanted) - 1 if fires_at else np.floor(wanted), nearest)
    found = np.where(tie, nearest - fires_at, found)
    between = np.floor(found / grain) * grain + grain // 2
    found = np.where((layer.v_decay == 1) & (layer.i_decay == 1), between, found)
    return np.clip(found, 0, THRESHOLD_LIMIT).astype(np.int64)
