"""The exact simulator: any `ChipNetwork`, equal to Lava's fixed-point model on every neuron and step (docs/simulator.md)."""

from __future__ import annotations

from autosnn_hw.simulate.exact.engine import paths, run, trace

__all__ = ["paths", "run", "trace"]
