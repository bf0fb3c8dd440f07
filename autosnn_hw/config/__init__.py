"""What a search is asked for: `SearchConfig`, the choices it is made of, and their defaults."""

from autosnn_hw.config.search_config import SearchConfig, allowed, from_mapping, read_config

__all__ = ["SearchConfig", "allowed", "from_mapping", "read_config"]
