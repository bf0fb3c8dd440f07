"""The event path: tables of weight sums looked up by spikes, layers through one compiled kernel (docs/decisions/0006-the-event-kernel.md).

`serves` and `serves_values` say what is exact here, `prepare` makes the tables of consecutive layers, `run` runs samples. Nothing
else in this folder is used from outside.
"""

from __future__ import annotations

from autosnn_hw.simulate.exact.events.eligible import serves, serves_values
from autosnn_hw.simulate.exact.events.event_tables import Tables, prepare
from autosnn_hw.simulate.exact.events.run import run

__all__ = ["Tables", "prepare", "run", "serves", "serves_values"]
