"""The neurons in plain torch, differentiated by autograd: slow, for any device, and what the kernels are compared with."""

from __future__ import annotations

import torch

from autosnn_hw.training.compute.surrogate import Spike


def plif(x: torch.Tensor, k: torch.Tensor, timesteps: int) -> torch.Tensor:
    """Spikes (T, M) of PLIF neurons: v += (x - v) k, fires at v >= 1, hard reset to 0 with its gradient detached.

    Args:
        x: (T, M), or (1, M) for a constant input.
        k: 0-dimensional, sigmoid of the learnable scalar.
        timesteps: T.
    """
    voltage = torch.zeros_like(x[0])
    spikes = []
    for t in range(timesteps):
        voltage = voltage + (x[t if x.shape[0] > 1 else 0] - voltage) * k
        spike = Spike.apply(voltage - 1)
        voltage = voltage * (1 - spike.detach())
        spikes.append(spike)
    return torch.stack(spikes)


def memoryless(x: torch.Tensor, timesteps: int) -> torch.Tensor:
    """Spikes (T, M) of memoryless binary neurons (TrueNorth): fires iff x >= 1, every step by itself."""
    spikes = Spike.apply(x - 1)
    return spikes if x.shape[0] == timesteps else spikes.expand(timesteps, -1)
