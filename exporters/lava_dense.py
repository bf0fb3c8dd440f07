"""The weights that Lava really uses for a dense layer of a NetX file, recomputed without Lava.

Lava shifts a dense matrix up, clips and truncates it to 8 bits and shifts the sums down again. That is exact for most
matrices and silently wrong for some, so whoever writes a file compares. Sources: lava-dl 0.6.0
`lava.lib.dl.netx.utils.optimize_weight_bits`, lava-nc 0.10.0 `lava.proc.dense.models` and `lava.utils.weightutils`.
"""

from __future__ import annotations

import math

import numpy as np

CLIP_LOW, CLIP_HIGH = -256, 254
PRECISION_BITS = 8


def _common_zero_bits(weight: np.ndarray) -> int:
    """Number of low bits, at most 8, that are zero in every weight."""
    for bits in range(PRECISION_BITS, 0, -1):
        if not (weight & ((1 << bits) - 1)).any():
            return bits
    return 0


def _optimized(weight: np.ndarray) -> tuple[np.ndarray, int, int]:
    """lava-dl's `optimize_weight_bits`: the shifted weights, their number of bits, and the shift."""
    low, high = int(weight.min()), int(weight.max())
    if high > CLIP_HIGH and low < 0:
        weight = np.clip(weight, CLIP_LOW, CLIP_HIGH)
        high = int(weight.max())
    if low < CLIP_LOW and high > 0:
        weight = np.clip(weight, CLIP_LOW, CLIP_HIGH)
        low = int(weight.min())
    mixed = not (high < 0 or low >= 0)
    if mixed:
        scale = min(127 / high if high else math.inf, -128 / low)
    else:
        scale = -256 / low if high < 0 else 255 / high
    shift = math.floor(math.log2(scale)) + mixed
    zero_bits = _common_zero_bits(weight) - mixed
    return weight << max(shift, 0), PRECISION_BITS - shift - zero_bits, shift


def _clipped_and_truncated(weight: np.ndarray, bits: int) -> np.ndarray:
    """lava-nc's `clip_weights` and `truncate_weights` with the sign mode that its dense model determines."""
    inhibitory = bool(weight.min() < 0 and weight.max() <= 0)
    mixed = bool(weight.min() < 0 < weight.max())
    magnitude = -weight if inhibitory else weight
    magnitude = np.clip(magnitude, -(2**PRECISION_BITS) * mixed, 2**PRECISION_BITS - 1)
    cut = PRECISION_BITS - bits + mixed
    magnitude = (magnitude >> cut) << cut
    return -magnitude if inhibitory else magnitude


def effective_weight(weight: np.ndarray) -> np.ndarray | None:
    """The matrix whose product with the spikes a dense layer of a NetX file adds up.

    Args:
        weight: int64 (N, Nin).

    Returns:
        float64 (N, Nin), multiples of 1/2; None where all are zero, which Lava fails to load. Where they are not whole, no
        matrix is Lava's: it adds them up and then cuts the sum.
    """
    if not weight.any():
        return None
    shifted, bits, shift = _optimized(weight)
    if shift < 0:
        # Lava shifts by a negative number, and NumPy's answer to that is 0: no synapse is left.
        return np.zeros(weight.shape)
    return _clipped_and_truncated(shifted, bits) / float(1 << shift)


def sum_bits(weight: np.ndarray) -> int:
    """Bits of the register that a sum of weights times messages wraps in, once Lava has shifted it down again.

    Lava adds up shifted weights in 32 bits, which spikes never leave and the messages of sigma-delta neurons may.
    """
    return 32 - (max(_optimized(weight)[2], 0) if weight.any() else 0)


def fault(weight: np.ndarray) -> str | None:
    """Why Lava would not use this dense matrix as it is, and what would work; None where it does, exactly.

    Args:
        weight: int64 (N, Nin).
    """
    effective = effective_weight(weight)
    if effective is not None and np.array_equal(effective, weight):
        return None
    low, high = int(weight.min()), int(weight.max())
    if low == high == 0:
        return "all its weights are zero, which Lava cannot load; one weight must differ from zero"
    found = f"Lava would change its weights {low}..{high} to fit 8 bits"
    if low >= 0:
        return f"{found}; without negative weights 0..255 is allowed"
    if high <= 0:
        return f"{found}, because none is positive; one positive weight makes -128..127, or even -256..254, exact"
    return f"{found}; with both signs -256..254 is allowed (even numbers on a chip, or -128..127)"
