"""Running lowered units one by one on spikes, without their relays: a shortcut reads the block's input where it is.

What the own channels fire is what they fire in the chip layer with its relays, because a relay is a copy.
Spikes are uint8 (T * N, C, H, W), T outermost, channels last.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from autosnn_hw.arithmetic.convolution import Convolution
from autosnn_hw.deploy.integer_neuron import fire, or_pool, stays
from autosnn_hw.deploy.planned_layers import Unit
from autosnn_hw.deploy.quantise import STEP, IntegerMap, Shortcut, WeightFormat, averaging_neuron
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
    run = UnitRun(unit, integers, steps, weights)
    return [run(x, source) for x, source in zip(frames, carried)]


class UnitRun:
    """A unit made ready to run any number of batches.

    Args: see `unit_spikes`.
    """

    def __init__(self, unit: Unit, integers: IntegerMap | None, steps: int, weights: WeightFormat) -> None:
        self.unit, self.steps, self.integers = unit, steps, integers
        # Even weights are halved to fit int8; the neuron doubles what arrives.
        self.part = STEP if weights.kind == "even" else 1
        self.side: Convolution | None = None
        self.gain: torch.Tensor | None = None
        if unit.kind == "mean":
            weight, bias, neuron = averaging_neuron(unit.window[0] * unit.window[1], unit.k, weights)
            self.weight, self.bias = weight, np.full(unit.shape[0], bias)
        elif unit.kind != "or":
            assert integers is not None and unit.conv is not None
            neuron, self.bias = integers.neuron, integers.bias
            self._connect(unit.conv, unit.shortcut, integers)
        if unit.kind != "or":
            self.v_decay, self.vth_mant = int(neuron.v_decay), int(neuron.vth_mant)

    def _connect(self, conv: FoldedConv, shortcut: Shortcut, integers: IntegerMap) -> None:
        largest = 0
        if self.unit.kind == "dense":
            self.main = Convolution(integers.weight[:, :, None, None] // self.part)
        else:
            self.main = Convolution(
                integers.weight // self.part, conv.stride, conv.padding, conv.groups, self.unit.payload
            )
            if integers.shortcut is not None and isinstance(shortcut, FoldedConv):
                self.side = Convolution(integers.shortcut // self.part, shortcut.stride, 0, shortcut.groups)
                largest = self.side.largest
            elif integers.identity is not None:
                self.gain = torch.as_tensor(integers.identity // self.part).float().view(-1, 1, 1)
                largest = int(np.abs(integers.identity // self.part).max())
        self.wraps = not stays(self.part * (self.main.largest + largest))

    def __call__(self, frames: torch.Tensor, carried: torch.Tensor) -> torch.Tensor:
        """Spikes of the unit's own neurons, uint8 (T * N, C, H, W), or (T * N, neurons) of a dense one."""
        if self.unit.kind == "or":
            return or_pool(frames, self.unit.window)
        if self.unit.kind == "mean":
            current = self.weight * window_sums(frames, self.unit.window)
            return fire(current, self.bias, self.v_decay, self.vth_mant, self.steps)
        current, doubled = self._current(frames, carried), self.part == STEP
        return fire(current, self.bias, self.v_decay, self.vth_mant, self.steps, doubled=doubled, wraps=self.wraps)

    def _current(self, frames: torch.Tensor, carried: torch.Tensor) -> torch.Tensor:
        """What the synapses deliver, divided by `part`."""
        if self.unit.kind == "dense":
            return self.main(frames.contiguous().flatten(1)[:, :, None, None]).flatten(1)
        current = self.main(frames)
        if self.side is not None:
            current += self.side(carried)
        elif self.gain is not None:
            # One weight for all channels where even; a broadcast product would be many times slower.
            same, gain = carried.to(current.dtype), self.gain
            current = current.add_(same, alpha=float(gain[0])) if (gain == gain[0]).all() else current + same * gain
        return current


def window_sums(frames: torch.Tensor, window: tuple[int, int]) -> torch.Tensor:
    """Spikes in each window, float32."""
    return F.avg_pool2d(frames.float(), window, window, divisor_override=1)
