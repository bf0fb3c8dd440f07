"""`ChipNetwork` to NetX (the HDF5 files that lava-dl loads) and back. The format: docs/netx.md."""

from exporters.netx.reading import ends_in_average, read
from exporters.netx.writing import LIBRARY, write

__all__ = ["LIBRARY", "ends_in_average", "read", "write"]
