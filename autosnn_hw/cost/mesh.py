"""Where on the mesh each core is: hops between cores that talk to each other are kept few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hw_profiles.schema import Profile

if TYPE_CHECKING:
    from autosnn_hw.cost.placement import LayerPlacement
    from autosnn_hw.network import ChipNetwork


@dataclass(frozen=True, eq=False)
class Positions:
    """Position of each core: chip, and tile column and row; `x` counts on across the chips, which stand in one row.

    Args: int64 (cores,) each.
    """

    chip: np.ndarray
    x: np.ndarray
    y: np.ndarray


def positions(network: ChipNetwork, layers: tuple[LayerPlacement, ...], profile: Profile) -> Positions:
    """Cores in the order of the layers along a snake through the tiles, which keeps neighbours in the order neighbours."""
    cores = sum(layer.cores or 0 for layer in layers)
    return slots(np.arange(cores), profile)


def slots(index: np.ndarray, profile: Profile) -> Positions:
    """Positions of the slots with these numbers: chip by chip, a snake through each chip's tiles."""
    mesh = profile.mesh
    chip, within = np.divmod(index, profile.limits.cores_per_chip.value)
    tile = within // mesh.cores_per_tile
    column, row = np.divmod(tile, mesh.rows)
    row = np.where(column % 2 == 1, mesh.rows - 1 - row, row)
    return Positions(chip, chip * mesh.columns + column, row)
