"""What one layer did in a run, whichever path computed it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from autosnn_hw.network import Layer
from autosnn_hw.simulate.counting import LayerSums


class LayerRun(NamedTuple):
    """What one layer did in a chunk.

    Args:
        spikes: uint8 (N, T, *shape), None where nobody wants them. u, v: int32 likewise, where asked for.
        counts: where they were made on the way.
        outputs, final_v: int64 (N, neurons), of the network's last layer at least.
    """

    layer: Layer
    spikes: torch.Tensor | None
    counts: LayerSums | None = None
    u: torch.Tensor | None = None
    v: torch.Tensor | None = None
    outputs: np.ndarray | None = None
    final_v: np.ndarray | None = None
