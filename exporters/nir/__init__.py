"""`ChipNetwork` to a NIR file (Neuromorphic Intermediate Representation) and back: docs/nir.md."""

from exporters.nir.chain import DT
from exporters.nir.nir_file import read, write

__all__ = ["DT", "read", "write"]
