"""Floats of a `FoldedNetwork` as tensors that are trained or run."""

from __future__ import annotations

import numpy as np
import torch


def float32(values: np.ndarray) -> torch.Tensor:
    """The values as a float32 tensor of the same shape; float32 arrays are not copied."""
    return torch.from_numpy(np.asarray(values, np.float32))
