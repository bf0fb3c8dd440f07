"""From float to the chip: lowering, quantisation, batch-norm calibration, the host encoder."""
