"""`SuperNetwork`: every candidate block of every slot, weights shared by all paths; batch-norm statistics by none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from autosnn_hw.architecture import SEARCH_BLOCKS, Architecture, Stage, front, slot_name
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.training import path_sampling
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import samples_at_once
from autosnn_hw.training.modules.blocks import Counter, Norm, SpikePool, SpikingBlock
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.modules.spiking_network import folded_network, stages_of, time_folded
from autosnn_hw.training.modules.ternary import make_ternary
from autosnn_hw.training.modules.voting_readout import VotingReadout
from autosnn_hw.training.path_sampling import Gene
from autosnn_hw.training.weight_sharing.narrow import NarrowLayer, sandwich
from autosnn_hw.training.weight_sharing.sharing import share

ENTANGLED, SEPARATE = SHARINGS = ("entangled", "separate")
Statistics = Mapping[str, tuple[torch.Tensor, torch.Tensor]]  # by norm layer: mean and variance (C,)


class SuperNetwork(nn.Module):
    """All candidates of a space, at one width or at several.

    Args:
        space: macro-architecture, as `macro_architectures.macro` takes it.
        width, timesteps: C and T.
        widths, steps: widths and numbers of timesteps that its candidates may have, C and T the largest of them; none: C or T
            alone. A narrower network reads the first channels of the weights (`training.narrow`).
        image: (Cin, H, W).
        classes: number of classes.
        genes: (block, groups) pairs a slot may hold, slot by slot; the five blocks of AutoSNN by default.
        sharing: "entangled": the blocks of a slot have their convolutions in common (`training.sharing`); "separate": each has
            its own, as in AutoSNN.
        fabric, voters: as in `SpikingNetwork`.
    """

    def __init__(
        self,
        space: str,
        width: int,
        timesteps: int,
        image: tuple[int, int, int],
        classes: int,
        *,
        genes: Sequence[Sequence[Gene]] | None = None,
        widths: Sequence[int] = (),
        steps: Sequence[int] = (),
        sharing: str = ENTANGLED,
        voters: int | None = None,
        fabric: Fabric = FLOAT,
    ) -> None:
        super().__init__()
        if sharing not in SHARINGS:
            raise InputError(f"unknown sharing {sharing!r}; known are {', '.join(SHARINGS)}.")
        slots = len(macro(space).slots)
        chosen = genes if genes is not None else [[(block, 1) for block in SEARCH_BLOCKS]] * slots
        self.genes = tuple(tuple((block, int(groups)) for block, groups in slot) for slot in chosen)
        if len(self.genes) != slots or not all(self.genes):
            raise InputError(f"{space} has {slots} slots, each with at least one block; {len(self.genes)} were given.")
        self.space, self.width, self.timesteps = space, width, timesteps
        self.widths, self.steps = _ending(widths, width, "widths"), _ending(steps, timesteps, "timesteps")
        if len(self.widths) > 1 and (fabric.readout_block is not None or any(g > 1 for s in self.genes for _, g in s)):
            raise InputError("several widths want ungrouped blocks and a readout of all inputs; give one width.")
        self.image, self.classes, self.fabric, self.sharing = image, classes, fabric, sharing
        template = self.path([slot[0] for slot in self.genes])
        self.stages = stages_of(template, image, classes, voters, fabric.readout_block)
        self.voters = self.stages[-1].out_shape[0] // classes
        self.layers = nn.ModuleDict()
        slot_of = {slot_name(i): i for i in range(slots)}
        for stage in self.stages:
            made = {key: _layer(one, classes, fabric) for key, one in self._alternatives(stage).items()}
            self.layers[stage.name] = nn.ModuleDict(made) if stage.name in slot_of else made[""]
        self.kernels = nn.ModuleDict()
        self.reads: dict[str, dict[str, set[str]]] = {}  # slot -> block -> its places in the slot's kernels
        if sharing == ENTANGLED:
            for name in slot_of:
                self.kernels[name], self.reads[name] = share(dict(self.layers[name].items()))
        if fabric.ternary:
            make_ternary(layer for name, layer in self.layers.items() if name != "stem" or fabric.chip_stem)
        # By width, stage and key; outside torch's registration, because nothing in them is theirs.
        self._narrow = {narrow: self._narrowed(replace(template, width=narrow)) for narrow in self.widths[:-1]}

    def _alternatives(self, stage: Stage) -> dict[str, Stage]:
        """By key the blocks of a slot; a stage that is no slot by itself."""
        slots = {slot_name(i): genes for i, genes in enumerate(self.genes)}
        if stage.name not in slots:
            return {"": stage}
        return {f"{block}/{groups}": replace(stage, kind=block, groups=groups) for block, groups in slots[stage.name]}

    def _narrowed(self, template: Architecture) -> dict[tuple[str, str], NarrowLayer]:
        """All layers at a narrower width."""
        found = {}
        for stage in stages_of(template, self.image, self.classes, self.voters, None):
            for key, one in self._alternatives(stage).items():
                wide = self.layers[stage.name][key] if key else self.layers[stage.name]
                found[stage.name, key] = NarrowLayer(_layer(one, self.classes, self.fabric), wide)
        return found

    def _at(self, width: int, name: str, key: str = "") -> nn.Module:
        """The layer of a stage at a width, of a slot its block `key`."""
        if width != self.width:
            return self._narrow[width][name, key].ready()
        layer: nn.Module = self.layers[name][key] if key else self.layers[name]
        return layer

    def path(self, genes: Sequence[Gene]) -> Architecture:
        """The architecture that holds `genes`, one a slot."""
        grouped = any(groups != 1 for slot in self.genes for _, groups in slot)
        groups = tuple(groups for _, groups in genes) if grouped else None
        return Architecture(tuple(block for block, _ in genes), self.space, self.width, self.timesteps, groups)

    @property
    def anchor(self) -> Architecture:
        """The path that a super-network learns first (`path_sampling.anchor`)."""
        return self.path(path_sampling.anchor(self.genes))

    def uniform_path(self, random: np.random.Generator, spread: float = 1.0) -> Architecture:
        """A path drawn uniformly (single-path sampling), its width too; each slot leaves the anchor with probability `spread`."""
        genes = [slot[random.integers(len(slot))] for slot in self.genes]
        path = self.path(path_sampling.near_anchor(genes, self.genes, random, spread))
        if len(self.widths) == 1:
            return path
        return replace(path, width=self.widths[random.integers(len(self.widths))])

    def fair_paths(self, random: np.random.Generator, spread: float = 1.0) -> list[Architecture]:
        """Paths that hold every block of every slot once (strict fairness: `path_sampling.fair`). Of several widths each path has
        one, among them the widest and the narrowest (the sandwich rule: `narrow.sandwich`).

        Args:
            spread: each slot leaves the anchor with this probability. Below 1 the alternatives of a slot are trained mostly
                among the anchor's blocks, and so learn to speak alike.
        """
        several = len(self.widths) > 1
        count = max(path_sampling.blocks_an_update(self.genes), 2 if several else 1)
        drawn = path_sampling.fair(self.genes, count, random)
        paths = [self.path(path_sampling.near_anchor(genes, self.genes, random, spread)) for genes in drawn]
        if not several:
            return paths
        return [replace(path, width=width) for path, width in zip(paths, sandwich(self.widths, count, random))]

    def modules_of(self, path: Architecture) -> list[nn.Module]:
        """The layers of a path in order.

        Raises:
            InputError: a block of the path is not in this super-network.
        """
        groups = path.groups or (1,) * len(path.blocks)
        keys = {slot_name(i): f"{block}/{group}" for i, (block, group) in enumerate(zip(path.blocks, groups))}
        for name, key in keys.items():
            if not self._holds(path) or key not in self.layers[name]:
                widths, steps = (", ".join(map(str, sizes)) for sizes in (self.widths, self.steps))
                allowed = f": {name} may be {', '.join(self.layers[name])}" if name in self.layers else ""
                raise InputError(
                    f"{path} ({path.space}, C = {path.width}, T = {path.timesteps}) is not in this super-network "
                    f"({self.space}, C = {widths}, T = {steps}){allowed}."
                )
        return [self._at(path.width, name, keys.get(name, "")) for name in self.layers]

    def _holds(self, path: Architecture) -> bool:
        """Whether it has networks of the path's sizes."""
        return path.space == self.space and path.width in self.widths and path.timesteps in self.steps

    def stem(
        self,
        x: torch.Tensor,
        count: Counter | None = None,
        timesteps: int | None = None,
        width: int | None = None,
    ) -> torch.Tensor:
        """Spikes (T * N, C, H, W) of the stem and what follows it before the first slot: all paths of a width share it."""
        steps = timesteps or self.timesteps
        x, constant = time_folded(x, steps)
        first, *others = (self._at(width or self.width, stage.name) for stage in front(self.stages))
        spikes = first(x, steps, count, constant=constant)
        for layer in others:
            spikes = layer(spikes, steps, count)
        return spikes

    def body(self, spikes: torch.Tensor, path: Architecture, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes) of a path from the spikes of `stem`."""
        return self.by_step(spikes, path, count).sum(0)

    def by_step(self, spikes: torch.Tensor, path: Architecture, count: Counter | None = None) -> torch.Tensor:
        """These votes step by step (T, N, classes)."""
        *layers, readout = self.modules_of(path)[len(front(self.stages)) :]
        for layer in layers:
            spikes = layer(spikes, path.timesteps, count)
        assert isinstance(readout, VotingReadout)
        return readout.by_step(spikes, path.timesteps, count)

    def forward(self, x: torch.Tensor, path: Architecture, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes) of a path; with batch statistics unless `lent` gives it others."""
        return self.body(self.stem(x, count, path.timesteps, path.width), path, count)

    def norms(self, path: Architecture) -> dict[str, Norm]:
        """Batch-norm layers of a path by name."""
        return {
            f"{index}.{name}": module
            for index, layer in enumerate(self.modules_of(path))
            for name, module in layer.named_modules()
            if isinstance(module, Norm)
        }

    @torch.no_grad()
    def estimate(self, path: Architecture, x: torch.Tensor, *, batch: int | None = None) -> Statistics:
        """Batch-norm statistics of a path on images x, layer by layer in one pass; nothing in the network changes.

        They are those of all steps of the super-network; a path of fewer has them in common with that of all.
        """
        path = replace(path, timesteps=self.timesteps)
        norms = self.norms(path)
        batch = batch or samples_at_once(self.width, self.timesteps, self.image)
        try:
            for norm in norms.values():
                norm.recorded = []
            for start in range(0, len(x), batch):
                self(x[start : start + batch], path)
            return {name: _pooled(norm.recorded or []) for name, norm in norms.items()}
        finally:
            for norm in norms.values():
                norm.recorded = None

    @contextmanager
    def lent(self, path: Architecture, statistics: Statistics) -> Iterator[None]:
        """Within it, `path` normalises with `statistics`; afterwards the shared layers hold none, whatever happened."""
        norms = self.norms(path)
        try:
            for name, norm in norms.items():
                norm.lent = statistics[name]
            yield
        finally:
            for norm in norms.values():
                norm.lent = None

    def to_folded(self, path: Architecture, dataset: Dataset, statistics: Statistics | None = None) -> FoldedNetwork:
        """A path with its inherited weights, over all steps of the super-network; batch-norm mean and var are None without
        `statistics`."""
        if statistics is None:
            blocks = [module.folded() for module in self.modules_of(path)]
        else:
            with self.lent(path, statistics):
                blocks = [module.folded() for module in self.modules_of(path)]
        return folded_network(blocks, dataset, self.timesteps, self.classes, self.voters)


def _layer(stage: Stage, classes: int, fabric: Fabric) -> nn.Module:
    """A layer whose batch norm keeps no statistics."""
    if stage.kind == "readout":
        return VotingReadout(stage, classes, neuron=fabric.neuron, block=fabric.readout_block)
    if stage.kind in ("max_pool", "avg_pool", "gap"):
        return SpikePool(stage, neuron=fabric.neuron)
    return SpikingBlock(stage, neuron=fabric.stem_neuron if stage.kind == "stem" else fabric.neuron, tracked=False)


def _ending(sizes: Sequence[int], largest: int, name: str) -> tuple[int, ...]:
    """The sizes, ascending, which must end with the largest; of none, that one."""
    known = tuple(sorted(set(sizes))) or (largest,)
    if known[-1] != largest:
        raise InputError(f"{name} {', '.join(map(str, known))} must end with {largest}.")
    return known


def _pooled(recorded: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over batches of equal size: the variance within them and between their means."""
    means, variances = torch.stack([mean for mean, _ in recorded]), torch.stack([var for _, var in recorded])
    return means.mean(0), variances.mean(0) + means.var(0, unbiased=False)
