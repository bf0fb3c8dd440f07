"""A super-network that nobody trained, with an evaluator of its candidates; batch norm makes its neurons fire all the same."""

import torch

from autosnn_hw.search.space import search_space
from autosnn_hw.stages.evaluator import CandidateEvaluator
from autosnn_hw.training.checkpoint import write_checkpoint
from autosnn_hw.training.fabric import Fabric
from autosnn_hw.training.supernet import SuperNetwork

KINDS = {
    "loihi2": (Fabric(), None),
    "truenorth": (
        Fabric("memoryless", True, 128),
        [{"SRB_k3": (2,), "SCB_k5": (2,)}] * 5,
    ),
}


def untrained_run(folder, target):
    """(space, evaluator) of a super-network for digits, written into `folder`."""
    fabric, groups = KINDS[target]
    blocks = ("skip", "SRB_k3", "SCB_k5") if groups is None else ("SRB_k3", "SCB_k5")
    space = search_space(width=4, timesteps=2, blocks=blocks, groups=groups)
    torch.manual_seed(0)
    network = SuperNetwork(space.space, 4, 2, (1, 8, 8), 10, genes=space.genes, fabric=fabric)
    write_supernet(folder / "supernet.safetensors", network, space, fabric)
    checkpoint = str(folder / "supernet.safetensors")
    return space, CandidateEvaluator(checkpoint, "digits", None, target, samples=60, float_view=False)


def write_supernet(path, network, space, fabric):
    """Write a super-network's checkpoint."""
    identity = {
        "kind": "supernet",
        "space": space.space,
        "width": network.width,
        "timesteps": network.timesteps,
        "image": network.image,
        "classes": network.classes,
        "genes": [list(map(list, genes)) for genes in space.genes],
        "sharing": network.sharing,
        **fabric.identity(),
    }
    write_checkpoint(
        path, {f"model.{name}": value for name, value in network.state_dict().items()}, {"identity": identity}
    )
