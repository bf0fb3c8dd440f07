"""Where a network stands on a target, as data: cores of every layer and their positions. `autosnn_hw.cost.mapping` decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

Edges = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Positions:
    """Position of each core: chip, and tile column and row; `x` counts on across the chips, which stand in one row.

    Args: int64 (cores,) each.
    """

    chip: np.ndarray
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class LayerPlacement:
    """Where one layer's neurons are.

    Args:
        edges: borders of the blocks along C, H and W; empty for a layer without cores (frames, host) or that fits nowhere.
        first: index of its first core; cores are numbered channel block by channel block, then rows, then columns.
        block: (channels, rows, columns) of a full block.
        use: what its fullest core takes of each limited resource; for a layer that fits nowhere, what the smallest
            possible block would take.
        broken: resources whose limit even the smallest block exceeds.
    """

    name: str
    edges: Edges | None = None
    first: int = 0
    block: tuple[int, int, int] = (0, 0, 0)
    use: Mapping[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    count: int | None = None

    @cached_property
    def cores(self) -> int | None:
        """Cores of the layer; 0 where its neurons are elsewhere, None where it cannot be placed."""
        if self.broken:
            return None
        if self.count is not None:
            return self.count
        return 0 if self.edges is None else prod(len(axis) - 1 for axis in self.edges)

    @cached_property
    def neurons(self) -> np.ndarray:
        """Neurons on each of the layer's cores: int64 (cores,)."""
        if self.edges is None:
            return np.zeros(0, np.int64)
        c, h, w = (np.diff(axis) for axis in self.edges)
        return (c[:, None, None] * h[None, :, None] * w[None, None, :]).reshape(-1)


@dataclass(frozen=True, eq=False)
class Placement:
    """Cores of every layer of a network on a target, and where on the mesh each core is.

    Args:
        positions: None where the mapping has no mesh, or a layer has no place.
    """

    layers: tuple[LayerPlacement, ...]
    chips: int | None
    positions: Positions | None = None

    @cached_property
    def cores_used(self) -> int | None:
        """Cores of all layers, None where a layer cannot be placed."""
        cores = [layer.cores for layer in self.layers]
        return None if None in cores else sum(c for c in cores if c is not None)
