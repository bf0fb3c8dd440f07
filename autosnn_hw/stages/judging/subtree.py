"""Judging all architectures that begin alike, the blocks that they share deployed and run once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from autosnn_hw.architecture import Architecture, front
from autosnn_hw.architecture.pool_list import Placement
from autosnn_hw.deploy.lowering import chip_network
from autosnn_hw.deploy.planned_layers import Unit, block_units
from autosnn_hw.deploy.shared_prefixes.prefix import Found, Prefix
from autosnn_hw.deploy.shared_prefixes.trunk import Trunk
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import ChipNetwork
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.genes import Gene
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator, EvaluationTools, bounded, evaluation_tools, judged
from autosnn_hw.stages.judging.walked import Subtree, part_file, write
from autosnn_hw.training.compute.allocator import keep_freed_memory
from autosnn_hw.training.compute.threads import one_thread
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.weight_sharing.supernet import SuperNetwork

Units = tuple[Unit, ...]
Root = tuple[int | None, Placement | None]  # width and placement of pools, of which the walk has a tree each


@dataclass(frozen=True)
class SubtreeEvaluator:
    """A picklable function of the first genes: all candidates that begin with them, judged.

    Records equal those of `evaluator`, which judges one by one; the float super-network's view is left out.

    Args:
        evaluator: what a candidate is judged with.
        space: whose other genes follow.
        folder: run folder that what was found is written into (`autosnn_hw.stages.judging.walked`; not for a single architecture), or
            None.
        bounds: do not place candidates: costs are then what they take at least (`autosnn_hw.stages.judging.evaluator.bounded`).
    """

    evaluator: CandidateEvaluator
    space: SearchSpace
    folder: str | None = None
    bounds: bool = False

    def __call__(self, genes: Sequence[Gene]) -> list[CandidateRecord]:
        """Records of all architectures that begin with `genes`, in the order of the tree: the last gene changes fastest."""
        with one_thread():
            return _grove(self, evaluation_tools(self.evaluator)).subtree(tuple(genes))


@lru_cache(maxsize=1)
def _grove(walk: SubtreeEvaluator, tools: EvaluationTools) -> Grove:
    return Grove(walk, tools)


class Grove:
    """The tree of a space's networks in one process; of the nodes, those on the present path are kept."""

    def __init__(self, walk: SubtreeEvaluator, tools: EvaluationTools) -> None:
        keep_freed_memory()
        self.tools = tools
        self.space, self.folder = walk.space, walk.folder
        self.judge = bounded if walk.bounds else judged
        self.images, self.labels = walk.evaluator.inputs()
        self._root: Root | None = None

    def _enter(self, root: Root) -> None:
        """Make the tree of a width and a placement of pools the present one."""
        if root == self._root:
            return
        self._root = root
        self.folded, self.units = branches(self.tools.supernet, self.tools.data, self.space, *root)
        self.trunk = Trunk(self.folded, self.tools.calibration, self.images, self.tools.profile, self.space.reads)
        self._path: list[tuple[Gene, Prefix]] = []

    def subtree(self, genes: tuple[Gene, ...]) -> list[CandidateRecord]:
        """Records of all architectures that begin with `genes`; what was found is written where there is a folder."""
        width, pools, blocks, steps = self.space.parts(genes)
        self._enter((width, pools))
        prefix = self._prefix(blocks)
        nodes = list(self.trunk.found)
        nodes += [node.found for slot, (gene, node) in enumerate(self._path) if self.units[slot][gene]]
        reads = range(len(self.trunk.reads)) if steps is None else [self.trunk.reads.index(steps)]
        leaves = [self._judged(leaf, end, read) for leaf, end in self._leaves(blocks, prefix, nodes) for read in reads]
        if self.folder is not None and len(genes) < len(self.space.loci):
            driven = None if self.trunk.encoder is None else self.trunk.root.activities[0][-1].active_neurons
            predictions = np.stack([classes for _, classes in leaves])
            found = Subtree(tuple(nodes), predictions, driven, self.trunk.input_spikes)
            write(part_file(Path(self.folder), self.space.digits(genes)), found)
        return [record for record, _ in leaves]

    def _judged(self, genes: tuple[Gene, ...], prefix: Prefix, read: int) -> tuple[CandidateRecord, np.ndarray]:
        """Record and predictions of one architecture, after so many steps as one of the reads has."""
        activity = self.trunk.activity(prefix, read)
        width, pools = self._root or (None, None)
        architecture = self.space.of_blocks(genes, width, activity.timesteps, pools)
        network = self._network(architecture, prefix)
        known = {"parameters": self.tools.parameters(architecture)}
        record = self.judge(architecture, network, lambda: activity, self.labels, self.tools.profile, known)
        return record, activity.predictions(network.readout)

    def _prefix(self, genes: tuple[Gene, ...]) -> Prefix:
        """The node of the genes of some slots; what it shares with the node asked for before is taken from there."""
        shared = 0
        while shared < min(len(genes), len(self._path)) and self._path[shared][0] == genes[shared]:
            shared += 1
        del self._path[shared:]
        prefix = self._path[-1][1] if self._path else self.trunk.root
        for slot in range(shared, len(genes)):
            (prefix,) = self.trunk.grow(prefix, [self.units[slot][genes[slot]]])
            self._path.append((genes[slot], prefix))
        return prefix

    def _leaves(
        self, genes: tuple[Gene, ...], prefix: Prefix, nodes: list[Found]
    ) -> Iterator[tuple[tuple[Gene, ...], Prefix]]:
        """(genes of the slots, whole network) of all leaves behind a node, depth first; `nodes` takes what is found, in that order."""
        slot = len(genes)
        if slot == self.space.slots:
            yield genes, prefix
            return
        choices = self.space.genes[slot]
        children = self.trunk.grow(prefix, [self.units[slot][gene] for gene in choices])
        for gene in choices:
            child = children.pop(0)
            if self.units[slot][gene]:
                nodes.append(child.found)
            yield from self._leaves((*genes, gene), child, nodes)

    def _network(self, architecture: Architecture, prefix: Prefix) -> ChipNetwork:
        profile, name = self.tools.profile, self.tools.data.name
        network = chip_network(self.folded, self.trunk.encoder, prefix.layers, profile, str(architecture), name)
        return replace(network, timesteps=architecture.timesteps)


def branches(
    supernet: SuperNetwork,
    data: Dataset,
    space: SearchSpace,
    width: int | None = None,
    pools: Placement | None = None,
) -> tuple[FoldedNetwork, list[dict[Gene, Units]]]:
    """(one network of the space, by slot and gene the units of its block and of what follows up to the next slot), at a width and
    with its pools at a placement."""
    by_slot: list[dict[Gene, Units]] = [{} for _ in space.genes]
    for number in range(max(map(len, space.genes))):
        genes = [slot[number % len(slot)] for slot in space.genes]
        folded = supernet.to_folded(space.of_blocks(genes, width, pools=pools), data)
        found: list[list[Unit]] = []
        for block in folded.blocks[len(front([block.stage for block in folded.blocks])) :]:
            if block.stage.block is not None:
                found.append([])
            found[-1] += block_units(block)
        for known, gene, units in zip(by_slot, genes, found):
            known.setdefault(gene, tuple(units))
    return folded, by_slot
