"""Networks of other frameworks as the chip's integers, beside the framework that they come from."""

from autosnn_hw.importing.foreign_network import import_network
from autosnn_hw.importing.imported import SAMPLES, Finetune, ImportChoices, Imported

__all__ = ["SAMPLES", "Finetune", "ImportChoices", "Imported", "import_network"]
