"""bfloat16 convolutions for processors that have them: spikes are exact in it, weights and sums are rounded to 8 bits.

Batch norm, neurons, the readout, gradients of weights between steps and Adam stay float32, and so do the weights that are kept:
evaluation, folding and everything after training know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from autosnn_hw.arithmetic.device import require_device
from autosnn_hw.errors import InputError

FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = {FLOAT32: None, BFLOAT16: torch.bfloat16}


def has_bfloat16(device: str) -> bool:
    """Whether a device computes bfloat16 convolutions in hardware; where that cannot be seen, no."""
    if device != "cpu":
        return bool(torch.cuda.is_available() and torch.cuda.is_bf16_supported())
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags


def require(precision: str, device: str) -> None:
    """Refuse a device that is not there, and what a device cannot do at a useful speed.

    Raises:
        InputError: no CUDA device, an unknown precision, or bfloat16 without hardware for it (oneDNN's emulation takes 18 times as long as float32).
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision is {precision!r}; allowed are {', '.join(PRECISIONS)}.")
    require_device(device)
    if precision == BFLOAT16 and not has_bfloat16(device):
        raise InputError(
            f"this machine's {device} has no bfloat16 instructions, and emulated they take many times as long; use float32."
        )


@contextmanager
def convolving_in(network: nn.Module, precision: str, device: str) -> Iterator[None]:
    """The network's convolutions are computed in `precision` inside, in float32 afterwards.

    Raises:
        InputError: as `require`.
    """
    require(precision, device)
    layers = [module for module in network.modules() if hasattr(module, "conv_dtype")]  # each layer that convolves
    try:
        for layer in layers:
            layer.conv_dtype = PRECISIONS[precision]  # type: ignore[assignment]
        yield
    finally:
        for layer in layers:
            layer.conv_dtype = None  # type: ignore[assignment]
