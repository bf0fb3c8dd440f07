"""Chip profiles: one TOML a chip, every constant with unit, source, kind and interval."""
