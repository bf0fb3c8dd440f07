"""A module run by its own framework beside the chip network that was made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from autosnn_hw.deploy.from_graph.beside_floats import FloatRun, beside
from autosnn_hw.deploy.from_torch import slayer
from autosnn_hw.deploy.from_torch.framework_run import run
from autosnn_hw.deploy.from_torch.traced_module import trace
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork


def compare(
    module: nn.Module,
    network: ChipNetwork,
    frames: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    lava: bool = False,
) -> dict[str, Any]:
    """The module in its own framework beside the network that `from_torch` made of it.

    Args:
        frames: (N, T, ..), spikes where above 0.
        labels: int64 (N,), or None.
        lava: run Lava, too.

    Returns:
        as `from_graph.comparison.beside`.

    Raises:
        InputError: frames of another shape than the network takes.
    """
    if frames.ndim < 3:
        raise InputError(f"the samples have shape {frames.shape}; spike frames (N, T, ..) are needed to compare.")
    return beside(network, frames, labels, _running(module, network), lava=lava)


def _running(module: nn.Module, network: ChipNetwork) -> Callable[[np.ndarray], FloatRun]:
    if slayer.has_blocks(module):
        return lambda frames: slayer.run(module, network, frames)
    traced = trace(module)
    return lambda frames: run(module, traced, frames)
