"""Training of super-networks: their anchor first, then all paths, spreading out from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from autosnn_hw.architecture import Architecture, slot_name
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.architecture.pool_list import Placement
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.training.compute.adam import FlatAdam
from autosnn_hw.training.data.datasets import Dataset, require_steps
from autosnn_hw.training.loop import Progress, Schedule, Seeded, TrainingRun, epochs_begun_with, identity_of
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.path_sampling import Gene, spread_at
from autosnn_hw.training.ranks.ranks import Ranks
from autosnn_hw.training.regime import VOTES, loss_of
from autosnn_hw.training.spike_regularisation import FiringRate, counter_for, regularised
from autosnn_hw.training.weight_sharing.supernet import ENTANGLED, SuperNetwork
from autosnn_hw.training.weight_sharing.supernet_verdict import SupernetTraining, judged

WARM_UP_SHARE = 0.25  # of the epochs, which are cheap: one path an update and not five

SUPERNET_SCHEDULE = Schedule(epochs=24, learning_rate=1e-2, batch=32)


def train_supernet(
    dataset: Dataset,
    *,
    space: str = "SNN_1",
    width: int = 8,
    timesteps: int = 4,
    widths: Sequence[int] = (),
    steps: Sequence[int] = (),
    pools: Sequence[Placement] = (),
    genes: Sequence[Sequence[Gene]] | None = None,
    schedule: Schedule = SUPERNET_SCHEDULE,
    strict: bool = True,
    sharing: str = ENTANGLED,
    warm_up: int | None = None,
    fabric: Fabric = FLOAT,
    device: str = "cpu",
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 5.0,
    progress: Progress | None = None,
    must_learn: bool = True,
    goes_on: bool = False,
    ranks: Ranks | None = None,
) -> SupernetTraining:
    """Train a super-network on the training part without the validation part, and see whether it has learnt.

    Args:
        space, width, timesteps, widths, steps, pools, genes: of the super-network. Of several `steps` the loss is the mean of those at
            each, all of them read off one run of all T.
        strict: strict fairness (an update adds the gradients of as many paths as a slot has blocks, each block once);
            False is AutoSNN's single-path uniform sampling, which needs far more epochs.
        sharing: as in `SuperNetwork`.
        warm_up: epochs, of the schedule's, in which the anchor alone is trained; None is `warm_up_epochs`.
        must_learn: raise where it has not learnt; False returns the verdict only.
        goes_on: a checkpoint of the same training with fewer epochs is gone on with, at the rate that the longer cosine has there;
            warm-up and spreading stay those of the schedule that it was begun with.
        ranks: the processes that train it together, all called alike but for the checkpoint, which rank 0 alone has.
        schedule, fabric, device, checkpoint, checkpoint_seconds, progress: as in `train_network`.

    Raises:
        InputError: frames of another T, a checkpoint of another run, more epochs of warm-up than there are.
        RunError: it has not learnt, or the checkpoint cannot be written.
    """
    require_steps(dataset.name, dataset.timesteps, timesteps)
    begun = min((epochs_begun_with(checkpoint) if goes_on else None) or schedule.epochs, schedule.epochs)
    if ranks is not None:
        begun = int(ranks.numbers_from_first([begun])[0])
    warm = warm_up_epochs(begun, strict) if warm_up is None else warm_up
    if not 0 <= warm <= schedule.epochs:
        raise InputError(f"{warm} epochs of warm-up of {schedule.epochs} in all: 0 to {schedule.epochs} are allowed.")
    with Seeded(schedule.seed, "supernet"):
        network = SuperNetwork(
            space, width, timesteps, dataset.image, dataset.classes,
            genes=genes, widths=widths, steps=steps, pools=pools, sharing=sharing, fabric=fabric,
        ).to(device)  # fmt: skip
    segments = _segments(network)
    adam = FlatAdam(list(segments.values()), schedule.regime.weight_decay)
    position = {name: i for i, name in enumerate(segments)}

    def one_path(x: torch.Tensor, target: torch.Tensor, path: Architecture) -> tuple[torch.Tensor, list[int]]:
        count = counter_for(schedule.spike_regularisation)
        loss = path_loss(network, network.stem(x, count, path), target, path, count, schedule.regime.loss)
        loss = run.share * regularised(loss, count, schedule.spike_regularisation)
        loss.backward()
        return loss.detach(), [position[name] for name in _segment_names(network, path)]

    def step(
        x: torch.Tensor, target: torch.Tensor, random: np.random.Generator
    ) -> tuple[torch.Tensor, list[int] | None]:
        epoch = len(run.losses)
        if epoch < warm:
            return one_path(x, target, network.anchor)
        spread = spread_at(epoch - warm, begun - warm) if fabric.ternary else 1.0
        if not strict:
            return one_path(x, target, network.uniform_path(random, spread))
        paths = network.fair_paths(random, spread)
        reg, loss_name = schedule.spike_regularisation, schedule.regime.loss
        return fair_step(network, x, target, paths, reg, loss_name, run.share), None

    identity = identity_of(
        "supernet", dataset, schedule, space=space, width=width, timesteps=timesteps, genes=network.genes,
        image=dataset.image, classes=dataset.classes, strict=strict, sharing=sharing, warm_up=warm,
        **({"widths": network.widths} if len(network.widths) > 1 else {}),
        **({"steps": network.steps} if len(network.steps) > 1 else {}),
        **({"pools": network.placements} if network.placements != (macro(space).placement,) else {}), **fabric.identity(),
    )  # fmt: skip
    run = TrainingRun(
        network, adam, schedule, identity, checkpoint, checkpoint_seconds, progress, device, begun if goes_on else None,
        ranks=ranks,
    )  # fmt: skip
    run.fit(dataset, dataset.x_train, dataset.y_train, step)
    result = judged(network.eval(), dataset, schedule.seed, run.losses, run.seconds, warm, device)
    if must_learn and not result.learnt:
        raise RunError(result.sentence)
    return result


def path_loss(
    network: SuperNetwork,
    spikes: torch.Tensor,
    target: torch.Tensor,
    path: Architecture,
    count: FiringRate | None = None,
    loss_name: str = VOTES,
) -> torch.Tensor:
    """Loss of a path from the spikes of the stem: the mean over all numbers of steps that are searched."""
    votes = network.by_step(spikes, path, count)
    losses = [loss_of(votes[:steps], target, loss_name) for steps in network.steps]
    return losses[0] if len(losses) == 1 else torch.stack(losses).mean()


def fair_step(
    network: SuperNetwork,
    x: torch.Tensor,
    target: torch.Tensor,
    paths: Sequence[Architecture],
    lambda_reg: float = 0.0,
    loss_name: str = VOTES,
    share: float = 1.0,
) -> torch.Tensor:
    """Add the gradients of the losses of all paths times `share`, and give their mean loss times it.

    The stem, and what else stands before the first slot, is one for all paths of an entrance (`SuperNetwork.entrance`): computed once,
    its gradient the sum of theirs.
    """
    total = torch.zeros((), device=x.device)
    for entrance in dict.fromkeys(map(network.entrance, paths)):
        together = [path for path in paths if network.entrance(path) == entrance]
        total += _step_at(network, x, target, together, lambda_reg, loss_name, share)
    return total / len(paths)


def _step_at(
    network: SuperNetwork,
    x: torch.Tensor,
    target: torch.Tensor,
    paths: Sequence[Architecture],
    lambda_reg: float,
    loss_name: str,
    share: float,
) -> torch.Tensor:
    """Add the gradients of paths of one entrance; the sum of their losses, of which this process has a share."""
    front = counter_for(lambda_reg)
    spikes = network.stem(x, front, paths[0])
    entry = spikes.detach().requires_grad_()
    total = torch.zeros((), device=entry.device)
    of_front = 0.0  # what a spike before the first slot adds to the losses of all paths
    for path in paths:
        count = counter_for(lambda_reg)
        loss = path_loss(network, entry, target, path, count, loss_name)
        if front is not None and count is not None:
            count.add_counted(front)
            of_front += share * lambda_reg / count.possible
        loss = share * regularised(loss, count, lambda_reg)
        loss.backward()
        total += loss.detach()
    assert entry.grad is not None
    ends, gradients = [spikes], [entry.grad]
    if front is not None and front.spikes is not None:
        ends.append(front.spikes)
        gradients.append(torch.full_like(front.spikes, of_front))
    torch.autograd.backward(ends, gradients)
    return total


def warm_up_epochs(epochs: int, strict: bool = True) -> int:
    """Epochs of the anchor alone: `WARM_UP_SHARE` of all, none for AutoSNN's single paths."""
    return int(WARM_UP_SHARE * epochs) if strict else 0


def _segments(network: SuperNetwork) -> dict[str, Iterable[nn.Parameter]]:
    segments: dict[str, Iterable[nn.Parameter]] = {}
    for name, layer in network.layers.items():
        if isinstance(layer, nn.ModuleDict):
            segments |= {f"{name}/{key}": candidate.parameters() for key, candidate in layer.items()}
        else:
            segments[name] = layer.parameters()
    for slot, kernels in network.kernels.items():
        segments |= {f"{slot}/{place}": kernel.parameters() for place, kernel in kernels.items()}
    return segments


def _segment_names(network: SuperNetwork, path: Architecture) -> list[str]:
    """Segments that a path has gradients for."""
    groups = path.groups or (1,) * len(path.blocks)
    names = [name for name, layer in network.layers.items() if not isinstance(layer, nn.ModuleDict)]
    for i, (block, group) in enumerate(zip(path.blocks, groups)):
        slot, key = slot_name(i), f"{block}/{group}"
        names.append(f"{slot}/{key}")
        names += [f"{slot}/{place}" for place in network.reads.get(slot, {}).get(key, ())]
    return names
