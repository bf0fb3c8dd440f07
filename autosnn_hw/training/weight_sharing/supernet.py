"""`SuperNetwork`: every candidate block of every slot, weights shared by all paths; batch-norm statistics by none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product

import numpy as np
import torch
from torch import nn

from autosnn_hw.architecture import SEARCH_BLOCKS, Architecture, front, pool_choices, slot_name
from autosnn_hw.architecture.macro_architectures import macro
from autosnn_hw.architecture.pool_list import Placement, in_text
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.training import path_sampling
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.evaluation import samples_at_once
from autosnn_hw.training.modules.blocks import Counter, Norm
from autosnn_hw.training.modules.fabric import FLOAT, Fabric
from autosnn_hw.training.modules.spiking_network import folded_network, stages_of, time_folded
from autosnn_hw.training.modules.ternary import make_ternary
from autosnn_hw.training.modules.voting_readout import VotingReadout
from autosnn_hw.training.path_sampling import Gene
from autosnn_hw.training.weight_sharing.alternatives import Views, alternatives, untracked_layer, views
from autosnn_hw.training.weight_sharing.narrow import NarrowLayer, sandwich
from autosnn_hw.training.weight_sharing.sharing import share

ENTANGLED, SEPARATE = SHARINGS = ("entangled", "separate")
Statistics = Mapping[str, tuple[torch.Tensor, torch.Tensor]]  # by norm layer: mean and variance (C,)


class SuperNetwork(nn.Module):
    """All candidates of a space, at one width or at several, with their pools at one placement or at several.

    Args:
        space: macro-architecture, as `macro_architectures.macro` takes it.
        width, timesteps: C and T.
        widths, steps: widths and numbers of timesteps that its candidates may have, C and T the largest of them; none: C or T
            alone. A narrower network reads the first channels of the weights (`training.narrow`).
        pools: placements of their pools (`Architecture.placement`), the first of them that of paths which name none; none: the
            macro-architecture's own. Networks of all of them have the same weights, whatever image a layer sees.
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
        pools: Sequence[Placement] = (),
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
        self.placements = tuple(map(tuple, pools)) or (macro(space).placement,)
        pool_choices.ordered(space, sorted(self.placements), image)  # refuses those whose weights are others
        self.image, self.classes, self.fabric, self.sharing = image, classes, fabric, sharing
        template = self.path([slot[0] for slot in self.genes])
        self.stages = stages_of(template, image, classes, voters, fabric.readout_block)
        self.voters = self.stages[-1].out_shape[0] // classes
        self.layers = nn.ModuleDict()
        slot_of = {slot_name(i): i for i in range(slots)}
        for stage in self.stages:
            made = {key: untracked_layer(one, classes, fabric) for key, one in alternatives(stage, self.genes).items()}
            self.layers[stage.name] = nn.ModuleDict(made) if stage.name in slot_of else made[""]
        self.kernels = nn.ModuleDict()
        self.reads: dict[str, dict[str, set[str]]] = {}  # slot -> block -> its places in the slot's kernels
        if sharing == ENTANGLED:
            for name in slot_of:
                self.kernels[name], self.reads[name] = share(dict(self.layers[name].items()))
        if fabric.ternary:
            make_ternary(layer for name, layer in self.layers.items() if name != "stem" or fabric.chip_stem)
        # By width and placement; outside torch's registration, because nothing in them is theirs.
        self._views: dict[tuple[int, Placement], Views] = {}
        self._names: dict[Placement, list[str]] = {}  # of the stages of a placement, in order
        self._fronts: dict[Placement, int] = {}  # how many of these stand before the first slot
        for placement, channels in product(self.placements, self.widths):
            its = replace(template, width=channels, pools=placement or None)
            stages = stages_of(its, image, classes, self.voters, fabric.readout_block)
            self._names[placement], self._fronts[placement] = [s.name for s in stages], len(front(stages))
            if stages != self.stages:
                self._views[channels, placement] = views(stages, self.layers, self.genes, classes, fabric)

    def _at(self, path: Architecture, name: str, key: str = "") -> nn.Module:
        """The layer of a stage at the sizes of a path, of a slot its block `key`."""
        seen = self._views.get((path.width, path.placement))
        if seen is not None:
            view = seen[name, key]
            return view.ready() if isinstance(view, NarrowLayer) else view
        layer: nn.Module = self.layers[name][key] if key else self.layers[name]
        return layer

    def path(self, genes: Sequence[Gene]) -> Architecture:
        """The architecture that holds `genes`, one a slot."""
        grouped = any(groups != 1 for slot in self.genes for _, groups in slot)
        groups = tuple(groups for _, groups in genes) if grouped else None
        blocks, pools = tuple(block for block, _ in genes), self.placements[0] or None
        return Architecture(blocks, self.space, self.width, self.timesteps, groups, pools)

    @property
    def anchor(self) -> Architecture:
        """The path that a super-network learns first (`path_sampling.anchor`)."""
        return self.path(path_sampling.anchor(self.genes))

    def uniform_path(self, random: np.random.Generator, spread: float = 1.0) -> Architecture:
        """A path drawn uniformly (single-path sampling), its width and pools too; each slot leaves the anchor with probability
        `spread`."""
        genes = [slot[random.integers(len(slot))] for slot in self.genes]
        path = self.path(path_sampling.near_anchor(genes, self.genes, random, spread))
        if len(self.widths) > 1:
            path = replace(path, width=self.widths[random.integers(len(self.widths))])
        if len(self.placements) > 1:
            path = replace(path, pools=self.placements[random.integers(len(self.placements))])
        return path

    def fair_paths(self, random: np.random.Generator, spread: float = 1.0) -> list[Architecture]:
        """Paths that hold every block of every slot once (strict fairness: `path_sampling.fair`). Of several widths each path has
        one, among them the widest and the narrowest (the sandwich rule: `narrow.sandwich`). Of several placements of pools each path
        has one, all of them equally often up to one path (`path_sampling.equally_often`), whatever its width and blocks.

        Args:
            spread: each slot leaves the anchor with this probability. Below 1 the alternatives of a slot are trained mostly
                among the anchor's blocks, and so learn to speak alike.
        """
        several = len(self.widths) > 1
        count = max(path_sampling.blocks_an_update(self.genes), 2 if several else 1)
        drawn = path_sampling.fair(self.genes, count, random)
        paths = [self.path(path_sampling.near_anchor(genes, self.genes, random, spread)) for genes in drawn]
        if several:
            paths = [replace(path, width=width) for path, width in zip(paths, sandwich(self.widths, count, random))]
        if len(self.placements) > 1:
            pools = path_sampling.equally_often(self.placements, count, random)
            paths = [replace(path, pools=placement) for path, placement in zip(paths, pools)]
        return paths

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
                pools, places = in_text(path.placement), ", ".join(map(in_text, self.placements))
                if pools != places:  # else they say nothing
                    steps, pools = f"{steps}, pools {places}", f", pools {pools}"
                allowed = f": {name} may be {', '.join(self.layers[name])}" if name in self.layers else ""
                raise InputError(
                    f"{path} ({path.space}, C = {path.width}, T = {path.timesteps}{'' if pools == places else pools}) is not in this super-network "
                    f"({self.space}, C = {widths}, T = {steps}){allowed}."
                )
        return [self._at(path, name, keys.get(name, "")) for name in self._names[path.placement]]

    def _holds(self, path: Architecture) -> bool:
        """Whether it has networks of the path's sizes."""
        sizes = (path.width, self.widths), (path.timesteps, self.steps), (path.placement, self.placements)
        return path.space == self.space and all(size in known for size, known in sizes)

    def entrance(self, path: Architecture) -> tuple[int, int]:
        """What tells what stands before the first slot: its channels, and how many stages it is."""
        return path.width, self._fronts[path.placement]

    def stem(self, x: torch.Tensor, count: Counter | None = None, path: Architecture | None = None) -> torch.Tensor:
        """Spikes (T * N, C, H, W) of the stem and what follows it before the first slot of a path, without one of the anchor: all
        paths of an `entrance` share it."""
        path = path or self.anchor
        steps = path.timesteps
        x, constant = time_folded(x, steps)
        names = self._names[path.placement][: self._fronts[path.placement]]
        first, *others = (self._at(path, name) for name in names)
        spikes = first(x, steps, count, constant=constant)
        for layer in others:
            spikes = layer(spikes, steps, count)
        return spikes

    def body(self, spikes: torch.Tensor, path: Architecture, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes) of a path from the spikes of `stem`."""
        return self.by_step(spikes, path, count).sum(0)

    def by_step(self, spikes: torch.Tensor, path: Architecture, count: Counter | None = None) -> torch.Tensor:
        """These votes step by step (T, N, classes)."""
        *layers, readout = self.modules_of(path)[self._fronts[path.placement] :]
        for layer in layers:
            spikes = layer(spikes, path.timesteps, count)
        assert isinstance(readout, VotingReadout)
        return readout.by_step(spikes, path.timesteps, count)

    def forward(self, x: torch.Tensor, path: Architecture, count: Counter | None = None) -> torch.Tensor:
        """Votes (N, classes) of a path; with batch statistics unless `lent` gives it others."""
        return self.body(self.stem(x, count, path), path, count)

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
