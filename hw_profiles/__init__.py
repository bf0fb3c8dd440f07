"""Chip profiles: one TOML a chip, every constant with unit, source, kind and interval."""

from __future__ import annotations

from hw_profiles.loader import load, names
from hw_profiles.schema import Constant, Interval, Limit, Profile

__all__ = ["Constant", "Interval", "Limit", "Profile", "load", "names"]
