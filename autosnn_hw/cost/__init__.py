"""What a chip makes of a network: fit, placement, energy and time."""

from __future__ import annotations

from autosnn_hw.cost.check import check
from autosnn_hw.cost.mapping import place
from autosnn_hw.cost.placement import Placement
from autosnn_hw.cost.price import least_price, price

__all__ = ["Placement", "check", "least_price", "place", "price"]
