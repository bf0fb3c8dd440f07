"""Graphs of weights and neurons, whoever made them, as chip networks."""
