"""Modules that are trained: neurons, blocks, networks, readout."""
