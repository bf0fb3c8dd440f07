"""Whether a device that was asked for is there."""

from __future__ import annotations

from autosnn_hw.errors import InputError


def require_device(device: str) -> None:
    """Refuse a CUDA device where torch sees none.

    Args:
        device: "cpu", "cuda" or "cuda:N".

    Raises:
        InputError: there is none.
    """
    if device.split(":")[0] != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise InputError(f"device {device}: torch {torch.__version__} sees no CUDA device here; cpu works.")
