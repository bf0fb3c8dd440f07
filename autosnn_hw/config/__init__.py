"""What a search is asked for: `SearchConfig`, the choices it is made of, and their defaults."""

from autosnn_hw.config.config_file import from_mapping, read_config
from autosnn_hw.config.search_config import SearchConfig

__all__ = ["SearchConfig", "from_mapping", "read_config"]
