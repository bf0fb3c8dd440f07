"""`ChipNetwork` to ONNX, in integers: the same spikes as on the chip, in any ONNX runtime. The files: docs/onnx.md."""

from exporters.onnx.scan_and_step import model, write

__all__ = ["model", "write"]
