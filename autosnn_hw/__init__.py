"""autosnn-hw: finds spiking neural networks for a chip. What is searched is what is deployed.

Public names are loaded on first use, so that light commands start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Architecture": "autosnn_hw.architecture",
    "ChipNetwork": "autosnn_hw.network",
    "Activity": "autosnn_hw.activity",
    "CostReport": "autosnn_hw.cost_report",
    "FoldedNetwork": "autosnn_hw.folded",
    "AutosnnError": "autosnn_hw.errors",
    "InputError": "autosnn_hw.errors",
    "from_nir": "autosnn_hw.deploy.from_nir",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
