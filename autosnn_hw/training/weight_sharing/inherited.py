"""A path of a super-network as a network of its own: its weights, and the batch-norm statistics that the path lacks."""

from __future__ import annotations

import numpy as np
import torch

from autosnn_hw.architecture import Architecture
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import Images
from autosnn_hw.training.modules.blocks import Norm, borrowed
from autosnn_hw.training.modules.spiking_network import SpikingNetwork
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork


@torch.no_grad()
def inherited_network(
    supernet: SuperNetwork, path: Architecture, dataset: Dataset, estimated_on: np.ndarray
) -> SpikingNetwork:
    """The network of a path with the weights it shares, each its own copy: what is trained on changes no other path.

    Args:
        estimated_on: raw images that its running statistics are estimated on.

    Raises:
        InputError: the path is not in the super-network.
    """
    network = SpikingNetwork(
        path,
        dataset.image,
        dataset.classes,
        voters=supernet.voters,
        fabric=supernet.fabric,
    )
    statistics = supernet.estimate(path, Images(dataset, estimated_on).batch(slice(None)))
    with supernet.lent(path, statistics):
        for own, shared in zip(network.layers, supernet.modules_of(path)):
            own.load_state_dict(_state(shared))
    return network.eval()


def _state(layer: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The state of a layer with what it reads from elsewhere: weights that belong to others, lent statistics."""
    state = {**layer.state_dict(), **borrowed(layer)}
    for name, module in layer.named_modules():
        prefix = f"{name}." if name else ""
        if isinstance(module, Norm) and module.lent is not None:
            state[f"{prefix}mean"], state[f"{prefix}var"] = module.lent
    return state
