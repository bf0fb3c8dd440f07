"""What modules of torch are as nodes of a graph; of frameworks' own subclasses (SpikingJelly's layers), too."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from autosnn_hw.errors import InputError
from exporters.nir.graph import NirNode

PASSES = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity)
"""Modules that do nothing once a network is trained."""


def node_of(module: nn.Module, name: str) -> NirNode | None:
    """The node of a linear module or a pool; None where it is none that is known.

    Raises:
        InputError: a setting that no chip layer has; names the module.
    """
    where = f"module {name!r} ({type(module).__name__})"
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        return _convolution(module, name, where)
    if isinstance(module, nn.Linear):
        bias = np.zeros(module.out_features) if module.bias is None else _array(module.bias)
        return NirNode(name, "Affine", {"weight": _array(module.weight), "bias": bias})
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        return _norm(module, name, where)
    if isinstance(module, nn.Flatten):
        return flatten(name)
    if isinstance(module, nn.AvgPool2d):
        if module.ceil_mode or module.divisor_override or (not module.count_include_pad and np.any(module.padding)):
            raise InputError(
                f"{where}: ceil_mode, divisor_override and uncounted padding cannot be mapped; without them it can."
            )
        return pool("AvgPool2d", name, module.kernel_size, module.stride, module.padding)
    if isinstance(module, nn.MaxPool2d):
        if module.ceil_mode or np.any(np.asarray(module.dilation) != 1) or module.return_indices:
            raise InputError(f"{where}: ceil_mode, dilation and indices cannot be mapped; without them it can.")
        return pool("MaxPool2d", name, module.kernel_size, module.stride, module.padding)
    if isinstance(module, nn.AdaptiveAvgPool2d):
        if np.any(np.asarray(module.output_size) != 1):
            raise InputError(f"{where} gives {module.output_size}; only 1 can be mapped. Use AvgPool2d.")
        return NirNode(name, "GlobalAvgPool2d", {})
    return None


def is_known(module: nn.Module) -> bool:
    """Whether a module is taken as a whole, not by what happens inside it."""
    kinds = (
        nn.Conv1d, nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d, nn.Flatten, nn.AvgPool2d, nn.MaxPool2d,
        nn.AdaptiveAvgPool2d, *PASSES,
    )  # fmt: skip
    return isinstance(module, kinds)


def flatten(name: str) -> NirNode:
    return NirNode(name, "Flatten", {"start_dim": np.array(0), "end_dim": np.array(-1)})


def pool(kind: str, name: str, kernel: Any, stride: Any, padding: Any) -> NirNode:
    """A pool of torch; its stride is its kernel where it is not given."""
    sides = {"kernel_size": kernel, "stride": kernel if stride is None or stride == [] else stride, "padding": padding}
    return NirNode(name, kind, {key: np.asarray(value) for key, value in sides.items()})


def _array(value: torch.Tensor) -> np.ndarray:
    return value.detach().cpu().numpy().astype(float)


def _convolution(module: nn.Conv1d | nn.Conv2d, name: str, where: str) -> NirNode:
    if module.padding_mode != "zeros":
        raise InputError(f"{where}: padding_mode {module.padding_mode!r} cannot be mapped; 'zeros' can.")
    padding = module.padding if isinstance(module.padding, str) else np.asarray(module.padding)
    values: dict[str, Any] = {
        "weight": _array(module.weight),
        "stride": np.asarray(module.stride),
        "padding": padding,
        "dilation": np.asarray(module.dilation),
        "groups": np.asarray(module.groups),
        "bias": np.zeros(module.out_channels) if module.bias is None else _array(module.bias),
    }
    return NirNode(name, "Conv1d" if isinstance(module, nn.Conv1d) else "Conv2d", values)


def _norm(module: nn.BatchNorm1d | nn.BatchNorm2d, name: str, where: str) -> NirNode:
    """Batch norm with its running statistics: a scale and a shift of each channel."""
    if module.running_mean is None or module.running_var is None:
        raise InputError(f"{where} keeps no running statistics; track_running_stats=True is needed.")
    mean, var = _array(module.running_mean), _array(module.running_var)
    gain, shift = (
        np.full(len(mean), default) if value is None else _array(value)
        for value, default in ((module.weight, 1.0), (module.bias, 0.0))
    )
    scale = gain / np.sqrt(var + module.eps)
    return NirNode(name, "Norm", {"scale": scale, "shift": shift - mean * scale})
