"""The one place that rounds: float weights, biases and PLIF constants become the integers of one layer.

A PLIF neuron v += (x - v) k that fires at v >= 1 is Lava's CUBA neuron in the units V = v / k: the current is memoryless
(iDecay 4096), vDecay = round(4096 k), the weights are round(S w) and the neuron fires when V > 64 vThMant. With
vThMant = ceil(S / k) - 1 that is exact for ties right after a reset, which round(S / k) loses. All floats are float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from autosnn_hw.axes import along_first
from autosnn_hw.deploy.ternary_shortcuts import Crossing, whole_numbers
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv
from autosnn_hw.network import CubaNeuron
from autosnn_hw.network.chip_layers import BIAS_LIMIT, DECAY_ONE, THRESHOLD_LIMIT

TIE_GUARD = 1e-9  # relative; a threshold that is an integer but for float64's last digits is that integer
STEP = 2  # even-range weights are multiples of this
Shortcut = FoldedConv | Literal["identity"] | None


@dataclass(frozen=True)
class WeightFormat:
    """The integers that a kind of chip holds; the defaults are NetX's: 8-bit mantissas with one exponent, so even weights.

    Args:
        kind: "even" (PLIF neurons, even weights, one scale a layer) or "ternary" (memoryless neurons, weights -1, 0, 1 or
            four values a neuron beside a shortcut, see `ternary_shortcuts`).
        weight_max: largest magnitude of a weight.
        bias_max: largest magnitude of a bias mantissa (of a leak, where ternary).
        v_decay_max: largest voltage decay, of 4096.
        vth_max: largest threshold mantissa.
        readout_block: inputs that one voter may read, or None for all (ternary: the crossbar's axons, two an input).
        host_stem: True where the stem's neurons run on the host, because biases cannot be set for each image.
    """

    kind: Literal["even", "ternary"] = "even"
    weight_max: int = 254
    bias_max: int = BIAS_LIMIT
    v_decay_max: int = DECAY_ONE - 1
    vth_max: int = THRESHOLD_LIMIT
    readout_block: int | None = None
    host_stem: bool = False


EVEN = WeightFormat()
TERNARY = WeightFormat(
    "ternary", weight_max=255, bias_max=255, v_decay_max=DECAY_ONE, vth_max=0, readout_block=128, host_stem=True
)


@dataclass(frozen=True, eq=False)
class IntegerMap:
    """One layer's own channels in integers, and what its relays and shortcut need.

    Args:
        weight: int64, shape of the float weight.
        bias: int64 (C,), mantissa.
        neuron: one parameter set for the whole layer, relays included.
        relay: weight that makes a channel copy its one input: the smallest legal one above the threshold.
        shortcut: int64 (C, Cin / groups, 1, 1) of a projection, or None.
        identity: int64 (C,) weight of an identity skip, or None.
        scale: float64 (C,): integer = scale x float, the same for all channels where the kind is even.
        k: PLIF constant the layer was made with; 1 where memoryless.
    """

    weight: np.ndarray
    bias: np.ndarray
    neuron: CubaNeuron
    relay: int
    shortcut: np.ndarray | None
    identity: np.ndarray | None
    scale: np.ndarray
    k: float


def quantise(
    conv: FoldedConv,
    k: float,
    weights: WeightFormat = EVEN,
    *,
    relays: bool = False,
    shortcut: Shortcut = None,
    name: str = "layer",
) -> IntegerMap:
    """Round one layer.

    Args:
        conv: batch norm folded; (C, Cin / groups, k, k) or (N, Nin).
        k: PLIF constant in (0, 1]; not used where the kind is ternary.
        weights: what the target holds.
        relays: True where relay channels share the layer's neurons.
        shortcut: projection that is added before the neuron (its bias is added to the layer's), "identity", or None.
        name: of the layer, for messages.

    Raises:
        InputError: weights, biases or k are not finite or out of range, or no scale satisfies every bound.
    """
    projection = shortcut if isinstance(shortcut, FoldedConv) else None
    weight, bias = _finite(conv.weight, name, "weight"), _finite(conv.bias, name, "bias")
    if projection is not None:
        bias = bias + _finite(projection.bias, name, "shortcut bias")
    side = None if projection is None else _finite(projection.weight, name, "shortcut weight")
    if weights.kind == "ternary":
        return _ternary(weight, bias, side, shortcut == "identity", weights)
    return _even(weight, bias, side, shortcut == "identity", float(k), relays, weights, name)


def neuron_for(scale: float, k: float, weights: WeightFormat = EVEN) -> CubaNeuron:
    """PLIF neuron with constant k whose input 1.0 is the integer `scale`: vThMant = ceil(S / k) - 1, vDecay = round(4096 k)."""
    return CubaNeuron(vth_mant=threshold(scale, k), v_decay=min(weights.v_decay_max, round(DECAY_ONE * k)))


def threshold(scale: float, k: float) -> int:
    """vThMant = ceil(S / k) - 1, at least 0."""
    ratio = scale / k
    return max(0, math.ceil(ratio - TIE_GUARD * max(1.0, ratio)) - 1)


def copying_neuron(weights: WeightFormat = EVEN) -> tuple[int, CubaNeuron]:
    """(weight, neuron) of a channel that fires exactly when one of its inputs does: OR pooling, where v_decay is irrelevant."""
    if weights.kind == "ternary":
        return 1, CubaNeuron(vth_mant=0, v_decay=DECAY_ONE)
    return STEP, CubaNeuron(vth_mant=STEP - 1, v_decay=weights.v_decay_max)


def averaging_neuron(inputs: int, k: float, weights: WeightFormat = EVEN) -> tuple[int, int, CubaNeuron]:
    """(weight, bias, neuron) of a PLIF neuron fed with the mean of `inputs` spikes.

    Exact but for the decay's rounding: vThMant = ceil(n w / k) - 1, w the largest even weight that keeps it in range.
    """
    if weights.kind == "ternary":
        return 1, 1 - inputs, CubaNeuron(vth_mant=0, v_decay=DECAY_ONE)
    weight = STEP * max(1, min(weights.weight_max, int(weights.vth_max * k / inputs)) // STEP)
    return weight, 0, neuron_for(inputs * weight, k, weights)


def ternarise(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(t, a) with weight ~ a_c t_c, t in {-1, 0, 1}: threshold 0.7 mean |w|, a the mean of what stays (Li et al. 2016, TWN).

    The mean is over the weights that are not exactly 0, so that a kernel with absent synapses is thresholded like a dense
    one; a weight that is a_c t_c already comes back as it is.
    """
    flat = np.abs(weight.reshape(len(weight), -1))
    present = np.maximum((flat > 0).sum(axis=1), 1)
    kept = flat > 0.7 * (flat.sum(axis=1) / present)[:, None]
    gain = np.where(kept, flat, 0).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    return (np.sign(weight) * kept.reshape(weight.shape)).astype(np.int64), gain


def _finite(values: np.ndarray, name: str, what: str) -> np.ndarray:
    array = np.asarray(values, np.float64)
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise InputError(
            f"layer {name!r}: {bad} of {array.size} values of its {what} are NaN or infinite; train again."
        )
    return array


def _peak(*arrays: np.ndarray | None) -> float:
    return max((float(np.abs(a).max()) for a in arrays if a is not None and a.size), default=0.0)


def layer_scale(
    peak: float, bias_peak: float, k: float, weights: WeightFormat, *, relays: bool, identity: bool, name: str
) -> float:
    """Scale S of an even-range layer: as large as every bound allows.

    |S w| <= 254, |S b| <= 4095, S <= 252 k with relays (their weight must exceed vThMant), an identity skip is S itself and
    so even and at most 254, vThMant within its bits.
    """
    scale = weights.vth_max * k
    if peak > 0:
        scale = min(scale, weights.weight_max / peak)
    if bias_peak > 0:
        scale = min(scale, weights.bias_max / bias_peak)
    if relays:
        scale = min(scale, (weights.weight_max - STEP) * k)
    if identity:
        tied = min(scale, weights.weight_max) * (1 + TIE_GUARD)
        if relays:  # the guard may not lift the scale over what a relay weight can pass
            tied = min(tied, (weights.weight_max - STEP) * k)
        scale = STEP * math.floor(tied / STEP)
        if scale < STEP:
            raise InputError(
                f"layer {name!r}: weights up to {peak:.4g} and biases up to {bias_peak:.4g} stand beside an identity skip of 1; "
                f"at most {weights.weight_max / STEP:g} and {weights.bias_max / STEP:g} can be held beside it."
            )
    return scale


def _even(
    weight: np.ndarray,
    bias: np.ndarray,
    side: np.ndarray | None,
    identity: bool,
    k: float,
    relays: bool,
    weights: WeightFormat,
    name: str,
) -> IntegerMap:
    if not 0 < k <= 1:
        raise InputError(f"layer {name!r}: its PLIF constant k is {k}; a value in (0, 1] is needed.")
    scale = layer_scale(_peak(weight, side), _peak(bias), k, weights, relays=relays, identity=identity, name=name)
    neuron = neuron_for(scale, k, weights)
    relay = STEP * (int(neuron.vth_mant) // STEP + 1)
    if relays and relay > weights.weight_max:
        raise InputError(
            f"layer {name!r}: k = {k:.4g} needs a relay weight of {relay}; at most {weights.weight_max} is allowed."
        )
    channels = len(weight)
    return IntegerMap(
        weight=_even_integers(weight, scale, weights),
        bias=np.rint(scale * bias).astype(np.int64),
        neuron=neuron,
        relay=relay,
        shortcut=None if side is None else _even_integers(side, scale, weights),
        identity=np.full(channels, round(scale), np.int64) if identity else None,
        scale=np.full(channels, scale),
        k=k,
    )


def _even_integers(weight: np.ndarray, scale: float, weights: WeightFormat) -> np.ndarray:
    # S w may exceed the bound in float64's last digit; clipping there changes nothing else.
    half = weights.weight_max // STEP
    return STEP * np.clip(np.rint(scale * weight / STEP), -half, half).astype(np.int64)


def _ternary(
    weight: np.ndarray, bias: np.ndarray, side: np.ndarray | None, identity: bool, weights: WeightFormat
) -> IntegerMap:
    """Memoryless neuron that fires when a n + a' m + b >= 1, n and m the signed counts of spikes of layer and shortcut."""
    signs, gain = ternarise(weight)
    side_signs, side_gain = (None, np.ones(len(gain))) if side is None else ternarise(side)
    channels = Crossing(gain, bias, _fan_in(signs), side_gain, None if side_signs is None else _fan_in(side_signs))
    whole = whole_numbers(channels, weights.weight_max, weights.bias_max)
    return IntegerMap(
        weight=signs * along_first(whole.gain, weight.ndim),
        bias=1 - whole.threshold,
        neuron=CubaNeuron(vth_mant=0, v_decay=DECAY_ONE),
        relay=1,
        shortcut=None if side_signs is None else side_signs * along_first(whole.side, side_signs.ndim),
        identity=whole.side if identity else None,
        scale=whole.scale,
        k=1.0,
    )


def _fan_in(signs: np.ndarray) -> np.ndarray:
    """Synapses of each channel."""
    return np.abs(signs).reshape(len(signs), -1).sum(axis=1)
