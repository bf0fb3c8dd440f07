"""autosnn-hw: finds spiking neural networks for a chip. What is searched is what is deployed.

Public names are loaded on first use, so that light commands start fast. Their types: __init__.pyi.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_PUBLIC = {
    **dict.fromkeys(("check", "load_profile", "place", "price", "read", "trace", "write"), "autosnn_hw.verbs"),
    **dict.fromkeys(("from_nir", "from_torch", "import_network"), "autosnn_hw.verbs"),
    "Architecture": "autosnn_hw.architecture",
    **dict.fromkeys(
        ("ChipNetwork", "ConvLayer", "CubaNeuron", "DenseLayer", "InputLayer", "Readout"), "autosnn_hw.network"
    ),
    "Activity": "autosnn_hw.activity",
    "CostReport": "autosnn_hw.cost_report",
    "FoldedNetwork": "autosnn_hw.folded",
    "AutosnnError": "autosnn_hw.errors",
    "InputError": "autosnn_hw.errors",
}
_PACKAGES = ("search", "simulate")
"""Verbs that are packages, too: called, they do what their name says (callable_package.py)."""

__all__ = [*_PUBLIC, *_PACKAGES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _PACKAGES:
        return import_module(f"autosnn_hw.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
