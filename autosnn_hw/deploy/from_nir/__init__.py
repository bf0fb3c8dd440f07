"""Networks in the Neuromorphic Intermediate Representation as chip networks."""

from autosnn_hw.deploy.from_nir.network import from_nir, plan_nir, read_back
from autosnn_hw.deploy.from_nir.nodes import nodes_of

__all__ = ["from_nir", "nodes_of", "plan_nir", "read_back"]
