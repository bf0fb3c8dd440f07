"""Accuracy and spikes of a float network: what AutoSNN's own counter would say (kept to see how well it ranks candidates)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.spiking_network import SpikeCounter
from autosnn_hw.training.modules.voting_readout import VOTERS

Forward = Callable[[torch.Tensor, SpikeCounter], torch.Tensor]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Float accuracy and spikes.

    Args:
        accuracy: share of samples whose most voted class (ties to the lowest) is the label.
        spikes: mean per image over all T steps, AutoSNN's counter: stem, blocks, pools, readout.
        predictions: int64 (N,).
        firing_rate: these spikes over as many as there would be if each unit that is counted fired in every step.
    """

    accuracy: float
    spikes: float
    predictions: np.ndarray
    firing_rate: float


AT_ONCE = 256  # samples that are evaluated together, where their activations leave room
ROOM = 1 << 27  # values of one layer over all steps, 0.5 GB as float32


def samples_at_once(width: int, timesteps: int, image: tuple[int, int, int]) -> int:
    """Samples that are evaluated together: `AT_ONCE`, halved until the stem's activations leave room, so that batches stay equal."""
    count = AT_ONCE
    while count > 1 and count * max(width, image[0]) * timesteps * image[1] * image[2] > ROOM:
        count //= 2
    return count


class Images:
    """Samples of a data set as normalised batches on a device; bytes stay bytes until a batch is asked for."""

    def __init__(self, dataset: Dataset, x: np.ndarray, device: str | torch.device = "cpu") -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # a mapped file: nobody writes
            self.x = torch.from_numpy(np.ascontiguousarray(x))
        self.device = torch.device(device)
        self.frames, self.payload = dataset.is_frames, dataset.payload
        gain, shift = 1 / (dataset.pixel_max * dataset.pixel_std), dataset.pixel_mean / dataset.pixel_std
        self.gain, self.shift = (torch.from_numpy(v).float().view(-1, 1, 1).to(self.device) for v in (gain, shift))

    def __len__(self) -> int:
        return len(self.x)

    def batch(
        self, index: torch.Tensor | slice, change: Callable[[torch.Tensor], torch.Tensor] | None = None
    ) -> torch.Tensor:
        """float32 samples, normalised as `Dataset.normalise`; `change` augments the raw ones."""
        raw = self.x[index] if change is None else change(self.x[index])
        values = raw.to(self.device).float()
        return values.clamp(0, self.payload) if self.frames else values * self.gain - self.shift


@torch.no_grad()
def evaluate(
    forward: Forward,
    dataset: Dataset,
    x: np.ndarray,
    y: np.ndarray,
    *,
    voters: int = VOTERS,
    batch: int = AT_ONCE,
    device: str = "cpu",
) -> Evaluation:
    """Run `forward(normalised batch, counter) -> votes (N, classes)` over samples x with labels y; a vote is the mean of
    `voters`."""
    images, counter, predictions = Images(dataset, x, device), SpikeCounter(), []
    for start in range(0, len(x), batch):
        votes = forward(images.batch(slice(start, start + batch)), counter).cpu().numpy()
        # Votes are means summed in float32: rounded to whole voters before ties are looked for.
        predictions.append(np.round(votes * voters).argmax(axis=1))
    predicted = np.concatenate(predictions)
    return Evaluation(
        accuracy=float((predicted == y).mean()),
        spikes=counter.total / len(x),
        predictions=predicted,
        firing_rate=counter.total / counter.possible,
    )
