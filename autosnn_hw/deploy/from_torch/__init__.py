"""Modules of torch with neurons of snnTorch, norse, SpikingJelly or lava-dl as chip networks. None of these is imported here."""

from autosnn_hw.deploy.from_torch.beside_framework import compare

__all__ = ["compare"]
