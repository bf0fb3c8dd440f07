"""Which neurons have something to do in a step: those that receive a spike, or have a non-zero bias or v."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from autosnn_hw.network import InputLayer, Layer
from autosnn_hw.network.chip_layers import effective_bias
from autosnn_hw.simulate.exact import reference
from autosnn_hw.simulate.stimulus import Stimulus


def active_neurons(layer: Layer, sent: Stimulus, source: torch.Tensor | None, v: torch.Tensor | None) -> np.ndarray:
    """int64 (N, T): active neurons of a layer.

    Args:
        layer: with neurons.
        sent: what the network was driven by; a value that drives an input neuron counts as its bias.
        source: spikes of the layer before, (N, T, *shape); None for the first layer with neurons.
        v: int32 (N, T, *shape) after each step; a step begins with the v that the step before left, the first with 0.
    """
    assert v is not None
    before = torch.cat([torch.zeros_like(v[:, :1]), v[:, :-1]], dim=1) != 0
    biased = torch.as_tensor(effective_bias(layer) != 0, device=v.device)
    if isinstance(layer, InputLayer):
        received = reference.first_frames(sent, v.device) != 0
    else:
        frames = reference.first_frames(sent, v.device) if source is None else source
        met = replace(layer, weight=(layer.weight != 0).astype(np.int64))
        received = reference.synapses(met, (frames != 0).to(torch.int64)) > 0
    alive = before | biased | received
    return alive.flatten(2).sum(dim=2, dtype=torch.int64).cpu().numpy()
