"""Running lowered units one by one on spikes, without their relays: a shortcut reads the block's input where it is.

What the own channels fire is what they fire in the chip layer with its relays, because a relay is a copy.
Spikes are uint8 (T * N, C, H, W), T outermost, channels last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from autosnn_hw.arithmetic.convolution import Convolution
from autosnn_hw.deploy.integer_neuron import fire, or_pool
from autosnn_hw.deploy.planned_layers import Unit
from autosnn_hw.deploy.quantise import STEP, IntegerMap, WeightFormat, averaging_neuron
from autosnn_hw.folded import FoldedConv


def unit_spikes(
    unit: Unit,
    integers: IntegerMap | None,
    frames: Sequence[torch.Tensor],
    carried: Sequence[torch.Tensor],
    steps: int,
    weights: WeightFormat,
) -> list[torch.Tensor]:
    """Spikes of a unit's own neurons from reset state, batch by batch.

    Args:
        unit: what runs.
        integers: of a "conv" or "dense" unit; pools need none.
        frames: spikes of the own channels before it; small batches stay in cache.
        carried: input of the residual block, likewise; read where the unit has a shortcut.
        steps: T.
        weights: what the target holds.
    """
    if unit.kind == "or":
        return [or_pool(x, unit.window) for x in frames]
    if unit.kind == "mean":
        weight, bias, neuron = averaging_neuron(unit.window[0] * unit.window[1], unit.k, weights)
        biases = np.full(unit.shape[0], bias)
        v_decay, vth = int(neuron.v_decay), int(neuron.vth_mant)
        return [fire(weight * window_sums(x, unit.window), biases, v_decay, vth, steps) for x in frames]
    assert integers is not None
    # Even weights are halved to fit int8; the neuron doubles what arrives.
    part = STEP if weights.kind == "even" else 1
    neuron = integers.neuron
    currents = _currents(unit, integers, part, frames, carried)
    v_decay, vth = int(neuron.v_decay), int(neuron.vth_mant)
    return [fire(current, integers.bias, v_decay, vth, steps, doubled=part == STEP) for current in currents]


def _currents(
    unit: Unit, integers: IntegerMap, part: int, frames: Sequence[torch.Tensor], carried: Sequence[torch.Tensor]
) -> Iterator[torch.Tensor]:
    """What the synapses deliver, divided by `part`."""
    conv = unit.conv
    assert conv is not None
    if unit.kind == "dense":
        dense = Convolution(integers.weight[:, :, None, None] // part)
        yield from (dense(x.contiguous().flatten(1)[:, :, None, None]).flatten(1) for x in frames)
        return
    main = Convolution(integers.weight // part, conv.stride, conv.padding, conv.groups)
    side, gain = None, None
    if integers.shortcut is not None and isinstance(unit.shortcut, FoldedConv):
        side = Convolution(integers.shortcut // part, unit.shortcut.stride, 0, unit.shortcut.groups)
    elif integers.identity is not None:
        gain = torch.as_tensor(integers.identity // part).float().view(-1, 1, 1)
    for x, source in zip(frames, carried):
        current = main(x)
        if side is not None:
            current += side(source)
        elif gain is not None:
            # One weight for all channels where even; a broadcast product would be many times slower.
            same = source.to(current.dtype)
            current = current.add_(same, alpha=float(gain[0])) if (gain == gain[0]).all() else current + same * gain
        yield current


def window_sums(frames: torch.Tensor, window: tuple[int, int]) -> torch.Tensor:
    """Spikes in each window, float32."""
    return F.avg_pool2d(frames.float(), window, window, divisor_override=1)
