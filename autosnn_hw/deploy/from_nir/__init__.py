"""Networks in the Neuromorphic Intermediate Representation as chip networks."""

from autosnn_hw.deploy.from_nir.network import plan_nir, read_back
from autosnn_hw.deploy.from_nir.nodes import nodes_of

__all__ = ["nodes_of", "plan_nir", "read_back"]
