"""What torch does wrong on the CPU, worked around in one place for training, deployment and the simulator."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import torch
from torch.nn import functional

Pair = int | Sequence[int]


def conv2d(
    x: torch.Tensor, weight: torch.Tensor, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: int = 1
) -> torch.Tensor:
    """torch's conv2d without bias, kept away from where oneDNN of torch 2.3.1 leaves its buffers on channels-last tensors.

    It reads beyond them where a strided kernel can lie in the padding altogether, and the gradient of a strided 1x1 kernel
    writes beyond them (few channels, even sizes): the heap is corrupt then, and the process dies later or not at all.
    """
    strides, paddings, dilations = (_pair(value) for value in (stride, padding, dilation))
    kernel = tuple(weight.shape[2:])
    if kernel == (1, 1) and paddings == (0, 0) and strides != (1, 1):
        # The same map without a stride: what is skipped is not read.
        x = x[:, :, :: strides[0], :: strides[1]]
        strides = (1, 1)
    if strides != (1, 1) and any(p > d * (k - 1) for p, d, k in zip(paddings, dilations, kernel)):
        x, weight = x.contiguous(), weight.contiguous()
    return functional.conv2d(x, weight, None, strides, paddings, dilations, groups)


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def use_torch_threads() -> None:
    """Let numba's parallel kernels use as many threads as torch does, and torch go on with as many as before."""
    wanted = torch.get_num_threads()
    available: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    numba.set_num_threads(max(1, min(wanted, available)))
    if torch.get_num_threads() != wanted:
        # Where both sit on one libgomp, numba's first launch sets the number of threads for torch as well.
        torch.set_num_threads(wanted)
