"""The published architectures that a winner is set beside, with groups where the search space has them."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from autosnn_hw.architecture import Architecture
from autosnn_hw.architecture.macro_architectures import SPACES
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.search.space import SearchSpace
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.training.data.datasets import Dataset
from autosnn_hw.training.modules.fabric import Fabric
from hw_profiles.schema import Profile

PUBLISHED = ("all_SCB_k3", "all_SRB_k3", "AutoSNN")


@lru_cache(maxsize=1)  # placing networks takes seconds, and a run asks twice
def published(prepared: Prepared, wanted: bool = True) -> dict[str, Architecture]:
    """The baselines that no search decides, by name; none where none are wanted, or in a space of other slots.

    Where genotypes have groups, the variant with the most channels a group that fits the target; where none fits, the one
    that comes nearest, so that it is reported with its count and not dropped.
    """
    space = prepared.space
    if not wanted or (space.space in SPACES and space.slots != len(Architecture.parse(PUBLISHED[0]).blocks)):
        return {}
    ways = {name: variants(name, space) for name in PUBLISHED}
    return {name: _fitting(found, prepared) for name, found in ways.items() if found}


def variants(name: str, space: SearchSpace) -> list[Architecture]:
    """Every way in which `space` groups a published architecture, the fewest groups first, as large as the space has it; none
    where it has other slots, or not these blocks."""
    try:
        blocks = Architecture.parse(name, space=space.space).blocks
    except InputError:
        return []
    choices = [[gene for gene in genes if gene[0] == block] for genes, block in zip(space.genes, blocks)]
    return [space.of_blocks(genes) for genes in sorted(product(*choices), key=lambda genes: sum(n for _, n in genes))]


def _fitting(ways: list[Architecture], prepared: Prepared) -> Architecture:
    if len(ways) == 1:
        return ways[0]
    data, profile = prepared.data, prepared.profile
    if _violations(ways[-1], data, profile) > 0:
        return ways[-1]
    return next(way for way in ways if _violations(way, data, profile) <= 0)


def _violations(architecture: Architecture, data: Dataset, profile: Profile) -> int:
    """Violations of an architecture on a target."""
    from autosnn_hw.cost import check

    return len(check(untrained(architecture, data, profile), profile, remedies=False).violations)


def untrained(architecture: Architecture, data: Dataset, profile: Profile) -> ChipNetwork:
    """The network of an architecture before any training: what it needs of a chip does not depend on what it has learnt
    (but for weights that happen to be 0)."""
    from autosnn_hw.deploy.lowering import lower
    from autosnn_hw.training.loop import Seeded
    from autosnn_hw.training.modules.spiking_network import SpikingNetwork

    with Seeded(0, "untrained", str(architecture)):
        network = SpikingNetwork(architecture, data.image, data.classes, fabric=Fabric.of(profile, data.is_frames))
    return lower(network.to_folded(data), profile)
