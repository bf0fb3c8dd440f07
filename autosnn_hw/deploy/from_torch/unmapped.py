"""What of a module no chip has: gathered part by part and refused together, each with the nearest that can be mapped."""

from __future__ import annotations

from torch import nn

from autosnn_hw.deploy.from_torch.framework_neurons import known
from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems, SeveralProblems

MAPPED = f"Conv1d, Conv2d, Linear, BatchNorm, AvgPool2d, MaxPool2d, Flatten, Dropout can, and the neurons of {known()}"
NEAREST = {
    **dict.fromkeys(
        ("ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Hardtanh", "Hardsigmoid", "Hardswish", "Softplus"),
        "spiking neurons in its place",
    ),
    **dict.fromkeys(("Softmax", "LogSoftmax"), "the votes of the last layer, whose largest is the class, without it"),
    **dict.fromkeys(("LayerNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "RMSNorm"), "BatchNorm, whose statistics are fixed"),
    **dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), "Linear and neurons, which remember in their voltage"),
    **dict.fromkeys(("AdaptiveMaxPool1d", "AdaptiveMaxPool2d"), "MaxPool2d of a fixed size"),
    **dict.fromkeys(("AvgPool1d", "MaxPool1d", "LPPool2d"), "AvgPool2d, MaxPool2d"),
    **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d", "Conv3d"), "Conv2d"),
    **dict.fromkeys(("Bilinear", "Embedding"), "Linear"),
}  # fmt: skip
"""By the name of a class of torch, what comes nearest to it and can be mapped."""


class Unmapped(Problems):
    """Parts of one module that cannot be mapped; once some are modules of a kind that is not known, the kinds that are must be said."""

    def __init__(self) -> None:
        super().__init__("the module")
        self.foreign = False

    def add_module(self, module: nn.Module, name: str) -> None:
        """A module of a kind that is not known."""
        kind = type(module).__name__
        nearest = next((NEAREST[base.__name__] for base in type(module).__mro__ if base.__name__ in NEAREST), None)
        beside = "" if nearest is None else f" (nearest: {nearest})"
        self.foreign = True
        self.add(f"module {name!r} ({type(module).__module__.split('.')[0]}'s {kind}) cannot be mapped{beside}")

    def refuse(self) -> None:
        """Refuse the module for all that was gathered: one sentence for one part, else a line for each.

        Raises:
            InputError: where there is anything.
        """
        can = f"{MAPPED}." if self.foreign else ""
        try:
            super().refuse()
        except SeveralProblems as found:
            between = "; " if len(self) == 1 else "\n"
            raise InputError(f"{found}{between}{can}" if can else str(found)) from None
