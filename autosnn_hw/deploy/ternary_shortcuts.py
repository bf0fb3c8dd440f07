"""Integers of a crossbar's neurons that read a shortcut: whole weights that decide as the floats do wherever whole numbers can.

A channel fires where a n + a' m + b >= 1: n is the signed count of spikes at its ternary weights, m what the shortcut brings: 0 or 1 of an
identity, a signed count of a projection. For each m that is "n >= n_m" with a whole n_m, and the integers G n + H m >= T say the same
where G (n_m - 1) + H m < T <= G n_m + H m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGE = 1e12  # far beyond any count, still exact in float64
GUARD = 1e-6  # a count that is whole but for rounding of the floats is whole
TINY = 1e-12  # of a channel whose numbers are all 0


@dataclass(frozen=True, eq=False)
class Crossing:
    """Channels of one layer as floats.

    Args:
        gain, side_gain: a and a', float64 (C,), at least 0; bias: b, float64 (C,).
        fan_in, side_fan_in: synapses that are not 0, whole (C,): counts lie between -fan_in and fan_in; None without a projection.
    """

    gain: np.ndarray
    bias: np.ndarray
    fan_in: np.ndarray
    side_gain: np.ndarray
    side_fan_in: np.ndarray | None

    @property
    def safe_gain(self) -> np.ndarray:
        """a, 1 where there are no synapses."""
        return np.where(self.gain > 0, self.gain, 1.0)

    def needed(self, carried: int) -> np.ndarray:
        """n_m of m = `carried`, whole float64 (C,); fan_in + 1 where it never fires, -fan_in where it always does, so that nothing is lost."""
        missing = 1 - self.bias - self.side_gain * carried
        needed = np.ceil(np.clip(missing / self.safe_gain, -LARGE, LARGE) - GUARD)
        return np.clip(needed, -self.fan_in, self.fan_in + 1)


@dataclass(frozen=True, eq=False)
class WholeNumbers:
    """G, H and T of each channel, int64 (C,), and the float scale that they are of: S a = G."""

    gain: np.ndarray
    side: np.ndarray
    threshold: np.ndarray
    scale: np.ndarray


def whole_numbers(channels: Crossing, weight_max: int, leak_max: int) -> WholeNumbers:
    """Integers of neurons that fire where G n + H m >= T: G and H up to `weight_max`, the leak -T between -`leak_max` and `leak_max`."""
    if channels.side_fan_in is None:
        return _of_identity(channels, weight_max, leak_max)
    return _of_projection(channels, channels.side_fan_in, weight_max, leak_max)


def _of_identity(channels: Crossing, weight_max: int, leak_max: int) -> WholeNumbers:
    """G = 1, T = n_0, H = n_0 - n_1: exactly what the floats do, as far as weight and threshold reach. Without a shortcut H is not used."""
    alone = np.clip(channels.needed(0), -leak_max, leak_max)
    helped = np.clip(alone - channels.needed(1), 0, weight_max)
    ones = np.ones(len(alone), np.int64)
    return WholeNumbers(ones, helped.astype(np.int64), alone.astype(np.int64), 1 / channels.safe_gain)


def _of_projection(channels: Crossing, most: np.ndarray, weight_max: int, leak_max: int) -> WholeNumbers:
    """Of the scales that make the largest of a, a' and |1 - b| a whole number up to `weight_max`, the one whose integers decide as the
    floats do for the most m, from 0 outwards; the largest of equals."""
    gain, side = channels.gain[:, None], channels.side_gain[:, None]
    largest = np.maximum.reduce(
        [channels.gain, channels.side_gain, np.abs(1 - channels.bias), np.full(len(gain), TINY)]
    )
    scale = np.arange(weight_max, 0, -1) / largest[:, None]
    whole, carried = np.rint(scale * gain), np.rint(scale * side)
    low, high = np.full(scale.shape, -1.0 - leak_max), np.full(scale.shape, float(leak_max))  # low < T <= high
    agree, right = np.ones(scale.shape, bool), np.zeros(scale.shape, int)
    reach = int(most.max(initial=0))
    for m in sorted(range(-reach, reach + 1), key=abs):
        needed, reached = channels.needed(m), abs(m) <= most
        silent = (reached & (needed > -channels.fan_in))[:, None]  # at some counts it must not fire
        fires = (reached & (needed <= channels.fan_in))[:, None]
        above = np.where(silent, whole * (needed[:, None] - 1) + carried * m, -np.inf)
        upto = np.where(fires, whole * needed[:, None] + carried * m, np.inf)
        agree &= np.maximum(low, above) < np.minimum(high, upto)
        low, high = np.where(agree, np.maximum(low, above), low), np.where(agree, np.minimum(high, upto), high)
        right += agree
    best = np.argmax(right, axis=1)[:, None]
    chosen, whole, carried, low, high = (
        np.take_along_axis(values, best, 1)[:, 0] for values in (scale, whole, carried, low, high)
    )
    threshold = np.clip(np.rint(chosen * (1 - channels.bias)), low + 1, high)
    return WholeNumbers(whole.astype(np.int64), carried.astype(np.int64), threshold.astype(np.int64), chosen)
