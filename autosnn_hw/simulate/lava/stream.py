"""How samples follow each other through Lava: which steps of a run belong to which layer and sample. Numpy only.

Block i of a network runs one step behind block i - 1. With resets placed at the right step the delay disappears: each
block sees each sample for exactly `timesteps` steps from reset state, as the plain recurrence does. The first block starts
at step 1 where it is an Input neuron block, and one step later where it begins with a synapse, which buffers a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.network import ChipNetwork, DenseLayer
from autosnn_hw.network.chip_layers import LONGEST_DELAY


@dataclass(frozen=True)
class Stream:
    """A run of `samples` samples of `timesteps` steps, each followed by `blank` steps.

    Args:
        layers: blocks with neurons, Lava's len(net).
        offset: 0 where the first block is an Input neuron block, 1 where it begins with a synapse; also the
            `reset_offset` of lava-dl's Network.
        blank: steps between samples in which nothing may fire: the longest synaptic delay; in a sigma-delta network, which
            starts anew as a whole, also the steps that the last frame takes to the last layer, and one.
    """

    samples: int
    timesteps: int
    layers: int
    offset: int
    blank: int

    @property
    def interval(self) -> int:
        """Steps from the start of a sample to the start of the next."""
        return self.timesteps + self.blank

    @property
    def running(self) -> int:
        """Steps from the start of a sample to the last of its last layer."""
        return self.timesteps + self.layers - 1 + self.offset

    @property
    def steps(self) -> int:
        """Steps that the whole run takes."""
        return (self.samples - 1) * self.interval + self.running

    def first_step(self, layer: int) -> int:
        """Lava's time step (from 1) in which block `layer` begins its first sample."""
        return 1 + self.offset + layer

    def window(self, rows: np.ndarray, layer: int) -> np.ndarray:
        """Rows (steps, ..) of a whole run -> (samples, timesteps, ..) of one block, a view without blanks where it can be."""
        first = self.first_step(layer) - 1
        starts = first + self.interval * np.arange(self.samples)
        if self.blank == 0:
            part = rows[first : first + self.samples * self.timesteps]
            return part.reshape(self.samples, self.timesteps, *rows.shape[1:])
        return rows[starts[:, None] + np.arange(self.timesteps)]


def stream(network: ChipNetwork, samples: int, timesteps: int) -> Stream:
    """The stream of a network."""
    delays = [
        int(layer.delay.max()) for layer in network.layers if isinstance(layer, DenseLayer) and layer.delay is not None
    ]
    layers, offset = len(network.neuron_layers), 0 if network.input_layer.neuron is not None else 1
    longest = min(max(delays, default=0), LONGEST_DELAY)
    blank = longest + layers + offset if network.sigma_delta else longest
    return Stream(samples=samples, timesteps=timesteps, layers=layers, offset=offset, blank=blank)
