"""Networks of other frameworks as the chip's integers, beside the framework that they come from."""

from autosnn_hw.importing.foreign_network import Finetune, Imported, import_network

__all__ = ["Finetune", "Imported", "import_network"]
