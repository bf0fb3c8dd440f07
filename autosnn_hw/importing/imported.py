"""What is chosen of an import, what it is by default, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autosnn_hw.network import ChipNetwork
from autosnn_hw.words.progress import Reporter, Silent

SAMPLES = 100
"""Of a data set's test part, to compare on."""


@dataclass(frozen=True)
class Finetune:
    """How a network is trained on.

    Args:
        epochs: 0: not at all.
    """

    epochs: int = 0
    seed: int = 0
    reporter: Reporter = field(default_factory=Silent)


@dataclass(frozen=True)
class ImportChoices:
    """What is chosen of an import, wherever the network comes from.

    Args:
        timesteps: that travel with the network; of images needed.
        finetune: epochs of training on with the integers in the loop.
        compare: run the network in floats and in Lava beside the integers, where there is data.
    """

    timesteps: int | None = None
    finetune: Finetune = field(default_factory=Finetune)
    compare: bool = True


@dataclass(frozen=True, eq=False)
class Imported:
    """A network that was made elsewhere.

    Args:
        about: what was read, assumed and rounded, JSON-able.
        comparison: its floats beside the integers (`from_graph.beside_floats.beside`), or None without data.
        calibration: by layer, the share of its largest weight that is told apart, where data chose it.
        finetuning: accuracies, losses and the epoch that was kept, or None.
        notes: what was made of the samples, in sentences.
    """

    network: ChipNetwork
    about: Mapping[str, Any]
    comparison: Mapping[str, Any] | None = None
    calibration: Mapping[str, float] | None = None
    finetuning: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
