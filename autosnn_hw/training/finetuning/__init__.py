"""Training with the chip's integers in the forward pass."""
