"""A super-network that has learnt nothing, as a run's file: enough for everything but accuracy."""

from pathlib import Path

import torch

from autosnn_hw.search.space import SearchSpace, search_space
from autosnn_hw.training.checkpoint import write_checkpoint
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

FABRICS = {
    "loihi2": (Fabric(), None),
    "truenorth": (Fabric("memoryless", True, 128), [{"SRB_k3": (2,)}] * 5),
}
SIZES = {"width": 4, "timesteps": 2, "retrain_epochs": 1, "finetune_epochs": 1}


def untrained_supernet(
    path: Path,
    target: str = "loihi2",
    blocks: tuple[str, ...] = ("SRB_k3",),
    width: int | tuple[int, ...] = 4,
    timesteps: int | tuple[int, ...] = 2,
) -> SearchSpace:
    """Write the checkpoint for 8 x 8 images; batch norm makes its neurons fire all the same."""
    fabric, groups = FABRICS[target]
    space = search_space(width=width, timesteps=timesteps, blocks=blocks, groups=groups)
    torch.manual_seed(0)
    sizes = {"widths": space.widths, "steps": space.steps}
    network = SuperNetwork(
        space.space, space.width, space.timesteps, (1, 8, 8), 10, genes=space.genes, fabric=fabric, **sizes
    )
    identity = {
        "kind": "supernet", "space": space.space, "width": space.width, "timesteps": space.timesteps, **sizes, "image": (1, 8, 8), "classes": 10,
        "genes": [list(map(list, genes)) for genes in space.genes], "sharing": network.sharing, **fabric.identity(),
    }  # fmt: skip
    tensors = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    write_checkpoint(path, tensors, {"identity": identity})
    return space
