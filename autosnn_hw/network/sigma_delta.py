"""Parameters of Lava's fixed-point sigma-delta neurons, whose messages carry values (equations: docs/simulator.md).

A sigma-delta network computes what a ReLU network computes, on changes: a delta encoder sends how a value changed, a
sigma-delta neuron adds up the changes that arrive, applies its activation and sends how the result changed, and a sigma
decoder adds up and sends the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from autosnn_hw.errors import InputError

SPIKE_EXP = 6  # fraction bits of a message beyond those of the weights: lava-dl's `spike_exp`, which no file holds
STATE_EXP = 6  # fraction bits that sums have beyond those of a message: lava-dl's `state_exp`
FRACTION = SPIKE_EXP + STATE_EXP  # threshold, bias and input are mantissas, shifted left by so many bits
OUTPUT_SCALE = 1 << (
    FRACTION + SPIKE_EXP
)  # what stands for 1.0 of the trained network in sums; weights have 6 fraction bits, too
MESSAGE_BITS = 16  # signed; lava-dl's default, which the simulation does not enforce
SIGMA_BITS = 24  # of the chip's registers; Lava's models keep 32
VTH_MAX = (1 << (31 - FRACTION)) - 1
"""A threshold beyond this does not fit the 32 bits of Lava's model once it is shifted."""


class SigmaDeltaPart(str, Enum):
    """What a layer does of sigma, activation and delta."""

    DELTA = "delta"
    SIGMA_DELTA = "sigma-delta"
    SIGMA = "sigma"


@dataclass(frozen=True)
class SigmaDeltaNeuron:
    """One layer's neurons.

    Args:
        part: DELTA encodes the input of a network, SIGMA_DELTA has a ReLU between both, SIGMA decodes its output.
        vth_mant: threshold mantissa: a change is sent when its magnitude is at least vth_mant << 12. SIGMA has none (0).
    """

    part: SigmaDeltaPart
    vth_mant: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.vth_mant <= VTH_MAX:
            raise InputError(f"the threshold of a sigma-delta neuron is {self.vth_mant}; 0..{VTH_MAX} is allowed.")
