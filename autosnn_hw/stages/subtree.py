"""Judging all architectures that begin alike, the blocks that they share deployed and run once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from autosnn_hw.architecture import Architecture
from autosnn_hw.deploy.lowering import chip_network
from autosnn_hw.deploy.planned_layers import Unit, block_units
from autosnn_hw.deploy.prefix import Prefix, Trunk
from autosnn_hw.folded import FoldedNetwork
from autosnn_hw.network import ChipNetwork
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.space import Gene, SearchSpace
from autosnn_hw.stages.evaluator import CandidateEvaluator, evaluation_tools, judged
from autosnn_hw.training.datasets import Dataset
from autosnn_hw.training.supernet import SuperNetwork
from autosnn_hw.training.threads import one_thread

Units = tuple[Unit, ...]


@dataclass(frozen=True)
class SubtreeEvaluator:
    """A picklable function of the genes of the first slots: all candidates that begin with them, judged.

    Records equal those of `evaluator`, which judges one by one; the float super-network's view is left out.

    Args:
        evaluator: what a candidate is judged with.
        space: whose slots follow.
    """

    evaluator: CandidateEvaluator
    space: SearchSpace

    def __call__(self, genes: Sequence[Gene]) -> list[CandidateRecord]:
        """Records of all architectures that begin with `genes`, in the order of the tree: the last slot changes fastest."""
        with one_thread():
            return [record for record, _ in _grove(self).candidates(tuple(genes))]


@lru_cache(maxsize=1)
def _grove(walk: SubtreeEvaluator) -> Grove:
    return Grove(walk.evaluator, walk.space)


class Grove:
    """The tree of a space's networks in one process; of the nodes, those on the present path are kept."""

    def __init__(self, evaluator: CandidateEvaluator, space: SearchSpace) -> None:
        self.tools = evaluation_tools(evaluator)
        self.space = space
        images, self.labels = evaluator.inputs()
        self.folded, self.units = _units(self.tools.supernet, self.tools.data, space)
        self.trunk = Trunk(self.folded, self.tools.calibration, images, self.tools.profile)
        self._path: list[tuple[Gene, Prefix]] = []

    def candidates(self, genes: tuple[Gene, ...]) -> Iterator[tuple[CandidateRecord, Prefix]]:
        """Records and networks of all architectures that begin with `genes`."""
        return self._leaves(genes, self._prefix(genes))

    def _prefix(self, genes: tuple[Gene, ...]) -> Prefix:
        """The node of some genes; what it shares with the node asked for before is taken from there."""
        shared = 0
        while shared < min(len(genes), len(self._path)) and self._path[shared][0] == genes[shared]:
            shared += 1
        del self._path[shared:]
        prefix = self._path[-1][1] if self._path else self.trunk.root
        for slot in range(shared, len(genes)):
            (prefix,) = self.trunk.grow(prefix, [self.units[slot][genes[slot]]])
            self._path.append((genes[slot], prefix))
        return prefix

    def _leaves(self, genes: tuple[Gene, ...], prefix: Prefix) -> Iterator[tuple[CandidateRecord, Prefix]]:
        slot = len(genes)
        if slot == self.space.slots:
            yield self._judged(genes, prefix), prefix
            return
        choices = self.space.genes[slot]
        children = self.trunk.grow(prefix, [self.units[slot][gene] for gene in choices])
        for gene in choices:
            yield from self._leaves((*genes, gene), children.pop(0))

    def _judged(self, genes: tuple[Gene, ...], prefix: Prefix) -> CandidateRecord:
        architecture = self.space.architecture(genes)
        network = self.network(architecture, prefix)
        known = {"parameters": self.tools.parameters(architecture)}
        return judged(
            architecture, network, lambda: self.trunk.activity(prefix), self.labels, self.tools.profile, known
        )

    def network(self, architecture: Architecture, prefix: Prefix) -> ChipNetwork:
        """The network that ends with `prefix`."""
        return chip_network(
            self.folded, self.trunk.encoder, prefix.layers, self.tools.profile, str(architecture), self.tools.data.name, None
        )


def _units(supernet: SuperNetwork, data: Dataset, space: SearchSpace) -> tuple[FoldedNetwork, list[dict[Gene, Units]]]:
    """(one network of the space, by slot and gene the units of its block and of what follows up to the next slot)."""
    by_slot: list[dict[Gene, Units]] = [{} for _ in space.genes]
    for number in range(max(map(len, space.genes))):
        genes = [slot[number % len(slot)] for slot in space.genes]
        folded = supernet.to_folded(space.architecture(genes), data)
        found: list[list[Unit]] = []
        for block in folded.blocks[1:]:
            if block.stage.name.startswith("TBD"):
                found.append([])
            found[-1] += block_units(block)
        for known, gene, units in zip(by_slot, genes, found):
            known.setdefault(gene, tuple(units))
    return folded, by_slot
