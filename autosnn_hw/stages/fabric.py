"""What a target asks of training: which neurons, which weights, which readout."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from autosnn_hw.deploy.weight_format import weight_format
from hw_profiles.schema import Profile


@dataclass(frozen=True)
class Fabric:
    """Of what networks for a target are made, as `training.network.SpikingNetwork` and `SuperNetwork` take it.

    Args:
        neuron: "plif", or "memoryless" where the chip is a crossbar without a multiplicative leak.
        ternary: weights are -1, 0 and 1 everywhere but in the stem.
        readout_block: inputs that one voter may read, or None for all.
    """

    neuron: str
    ternary: bool
    readout_block: int | None

    @classmethod
    def of(cls, profile: Profile) -> Fabric:
        """The fabric of a target.

        Raises:
            InputError: the profile does not allow the neuron that its weight format is deployed with.
        """
        weights = weight_format(profile)
        ternary = weights.kind == "ternary"
        return cls("memoryless" if ternary else "plif", ternary, weights.readout_block)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of a network or a super-network."""
        return asdict(self)
