"""What a target asks of training: which neurons, which weights, which readout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autosnn_hw.deploy.weight_format import Target, weight_format


@dataclass(frozen=True)
class Fabric:
    """Of what a network is made while it is trained; what it is deployed as is its target's `WeightFormat`.

    Args:
        neuron: "plif", or "memoryless" where the chip is a crossbar without a multiplicative leak; the host's stem is PLIF. "relu" is a
            teacher's, which is never deployed; its readout is linear.
        ternary: computed with weights -1, 0 and 1 everywhere but in the host's stem.
        readout_block: inputs that one voter may read, or None for all.
        chip_stem: the stem is a layer of the crossbar, too, as the network takes event frames.
    """

    neuron: str = "plif"
    ternary: bool = False
    readout_block: int | None = None
    chip_stem: bool = False

    @classmethod
    def of(cls, target: Target, frames: bool = False) -> Fabric:
        """The fabric of a target, as `weight_format` takes it.

        Args:
            frames: the network takes event frames, which no host encodes.

        Raises:
            InputError: the profile does not allow the neuron that its weight format is deployed with.
        """
        weights = weight_format(target)
        ternary = weights.kind == "ternary"
        return cls("memoryless" if ternary else "plif", ternary, weights.readout_block, ternary and frames)

    @property
    def stem_neuron(self) -> str:
        """Kind of the stem's neurons."""
        return self.neuron if self.chip_stem else "plif"

    @property
    def readout_neuron(self) -> str:
        """Kind of the readout's neurons."""
        return "linear" if self.neuron == "relu" else self.neuron

    def identity(self) -> dict[str, Any]:
        """What a checkpoint says of it: nothing of ternary weights and a sparse readout where there are none."""
        said: dict[str, Any] = {"neuron": self.neuron}
        if self.ternary:
            said["ternary"] = True
        if self.readout_block is not None:
            said["readout_block"] = self.readout_block
        if self.chip_stem:
            said["chip_stem"] = True
        return said

    def differing(self, other: Fabric) -> str:
        """In words, what differs in a network of another fabric from what is needed here; "" where nothing does."""
        return ", ".join(
            f"{name} {getattr(other, name)} (needed: {wanted})"
            for name, wanted in vars(self).items()
            if getattr(other, name) != wanted
        )


FLOAT = Fabric()
