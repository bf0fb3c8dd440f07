"""A super-network that nobody trained, with an evaluator of its candidates; batch norm makes its neurons fire all the same."""

import torch

from autosnn_hw.search.space import search_space
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.training.checkpoint import write_checkpoint
from autosnn_hw.training.modules.fabric import Fabric
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

KINDS = {
    "loihi2": (Fabric(), None),
    "truenorth": (
        Fabric("memoryless", True, 128),
        [{"SRB_k3": (2,), "SCB_k5": (2,)}] * 5,
    ),
}


def untrained_run(folder, target, width=4, timesteps=2, pools=()):
    """(space, evaluator) of a super-network for digits, written into `folder`; of several sizes all are in the space."""
    fabric, groups = KINDS[target]
    blocks = ("skip", "SRB_k3", "SCB_k5") if groups is None else ("SRB_k3", "SCB_k5")
    if not isinstance(timesteps, int):
        blocks = ("SRB_k3", "skip")
    space = search_space(width=width, timesteps=timesteps, blocks=blocks, groups=groups, pools=pools)
    torch.manual_seed(0)
    network = SuperNetwork(
        space.space,
        space.width,
        space.timesteps,
        (1, 8, 8),
        10,
        genes=space.genes,
        widths=space.widths,
        steps=space.steps,
        pools=pools,
        fabric=fabric,
    )
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
        "widths": network.widths,
        "steps": network.steps,
        "pools": network.placements,
        "image": network.image,
        "classes": network.classes,
        "genes": [list(map(list, genes)) for genes in space.genes],
        "sharing": network.sharing,
        **fabric.identity(),
    }
    write_checkpoint(
        path, {f"model.{name}": value for name, value in network.state_dict().items()}, {"identity": identity}
    )
