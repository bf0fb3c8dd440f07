"""Chip profiles: one TOML a chip, every constant with unit, source, kind and interval."""

from __future__ import annotations

from autosnn_hw.cost_report import Interval
from hw_profiles.constants import Constant, Limit
from hw_profiles.loader import json_schema, load, names
from hw_profiles.schema import Profile

__all__ = ["Constant", "Interval", "Limit", "Profile", "json_schema", "load", "names"]
