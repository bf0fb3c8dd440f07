"""The counts of `simulate.counting` made where the spikes are: a GPU's spikes are many times what a bus carries in that time."""

from __future__ import annotations

import numpy as np
import torch

from autosnn_hw.network import Layer
from autosnn_hw.simulate.counting import LayerSums, as_layer_sums, count_columns


def layer_sums_on_cuda(
    layer: Layer, spikes: torch.Tensor, fan: np.ndarray, per_step: bool, active: np.ndarray | None = None
) -> LayerSums:
    """As `layer_sums`, of spikes uint8 (N, T, *shape) on a device; float64 holds the sums exactly, as there."""
    fired = spikes.flatten(2)
    rows = fired.flatten(0, 1) if per_step else fired.sum(dim=1, dtype=torch.int32)
    columns = torch.as_tensor(count_columns(layer, fan), device=spikes.device)
    sums = torch.matmul(rows.to(torch.float64), columns).cpu().numpy()
    per_neuron = fired.sum(dim=(0, 1), dtype=torch.int64).cpu().numpy().reshape(layer.shape)
    return as_layer_sums(sums, (len(spikes), spikes.shape[1] if per_step else 1), per_neuron, active)
