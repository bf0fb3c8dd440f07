"""A module run by its own framework beside the chip network that was made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from autosnn_hw.deploy.from_graph.beside_floats import beside
from autosnn_hw.deploy.from_torch.framework_process import FrameworkProcess
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
    """The module in its own framework, in a process of its own, beside the network that `from_torch` made of it.

    Args:
        module: is copied into that process as it is; it stays as it is here.
        frames: (N, T, ..), spikes where above 0.
        labels: int64 (N,), or None.
        lava: run Lava, too.

    Returns:
        as `from_graph.comparison.beside`.

    Raises:
        InputError: frames of another shape than the network takes; a module that cannot be copied, or that fails there.
        RunError: its process died, or has no memory.
    """
    if frames.ndim < 3:
        raise InputError(f"the samples have shape {frames.shape}; spike frames (N, T, ..) are needed to compare.")
    with FrameworkProcess(module) as there:
        return beside(network, frames, labels, there.beside(network), lava=lava)
