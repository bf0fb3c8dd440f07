"""What a search itself cost: images and blocks computed, processor time, and an estimate of the energy."""

from __future__ import annotations

from typing import Any

from autosnn_hw.config import SearchConfig
from autosnn_hw.search.runner import SearchResult
from autosnn_hw.search.walking.walk import WALK
from autosnn_hw.stages.final_training.retrained_networks import Networks
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.schedules import training_epochs
from autosnn_hw.stages.searching import cost_of_walk, epochs_of_paths

# W a busy core: thermal design power by core of a processor that is not known, and the least and most of the desktop and server
# processors (Green Algorithms, Lannelongue et al., Advanced Science 2021, 2100707; its table TDP_cpu, version 3.0).
CORE_WATTS = (12.0, 3.8, 23.8)
NOT_COUNTED = "memory, disks, cooling and the machine's idle power are not in it"
JOULES = 3.6e6  # in a kWh


def cost_of_search(
    config: SearchConfig,
    prepared: Prepared,
    found: SearchResult,
    random: SearchResult | None,
    networks: Networks,
    cpu_seconds: float | None,
) -> dict[str, Any]:
    """`cost_of_search` of summary.json.

    Args:
        random: the random baseline, whose candidates the search may have judged already.
        cpu_seconds: of all stages and processes; None where a part of the run took place elsewhere.

    Returns:
        {"images", "block_passes", "cpu_seconds", "kwh", "kwh_low", "kwh_high", "core_watts", "how"}. block_passes: images through
        single blocks, a pass forward or, in training, forward and backward, counted by what was asked (epochs, candidates,
        shared prefixes once) of the results that stand; images: the same in whole networks. kwh is null where it is unknown.
    """
    passes = block_passes(config, prepared, found, random, networks)
    watts, low, high = CORE_WATTS if config.core_watts is None else (config.core_watts,) * 3
    known = cpu_seconds is not None and config.device == "cpu"
    energy = [watt * (cpu_seconds or 0.0) / JOULES if known else None for watt in (watts, low, high)]
    given = (
        "as --core-watts says"
        if config.core_watts is not None
        else "Green Algorithms' figure for a processor that is not known"
    )
    if not known:
        how = "unknown: a part of the run was computed elsewhere, or on a GPU, whose energy is not measured"
    else:
        how = f"processor time x {watts:g} W a busy core ({given}); {NOT_COUNTED}"
    return {
        "images": round(passes / prepared.space.slots),
        "block_passes": passes,
        "cpu_seconds": None if cpu_seconds is None else round(cpu_seconds, 3),
        "kwh": energy[0],
        "kwh_low": energy[1],
        "kwh_high": energy[2],
        "core_watts": watts,
        "how": how,
    }


def block_passes(
    config: SearchConfig, prepared: Prepared, found: SearchResult, random: SearchResult | None, networks: Networks
) -> int:
    """Images through single blocks, see `cost_of_search`."""
    data, slots, walk = prepared.data, prepared.space.slots, cost_of_walk(config, prepared)
    supernet = 0 if config.supernet is not None else epochs_of_paths(config, prepared) * len(data.x_train) * slots
    known = {record.genotype for record in found.records}
    drawn = [] if random is None else [record for record in random.records if record.genotype not in known]
    one_by_one = len(known) * slots
    judged = walk.passes if config.strategy == WALK else one_by_one
    if config.strategy == WALK and prepared.profile.searches_groups:
        judged += one_by_one  # what is placed after the walk runs once more
    searched = (judged + len(drawn) * slots) * walk.images
    made = networks_made(config, networks) * _of_a_network(config, prepared) + _at_rungs(prepared, networks)
    return supernet + searched + made * slots


def networks_made(config: SearchConfig, networks: Networks) -> int:
    """Networks that were trained: finalists, winner and baselines, each architecture once; with other seeds all once more, and winner and
    baselines with each further one."""
    beside = {networks.winner.architecture, *(network.architecture for network in networks.baselines.values())}
    finalists = {one.network.architecture for one in networks.finalists}
    ways = 2 if config.retrain == "both" else 1
    every = len(beside | finalists)
    once = every + (every + (config.seeds - 2) * len(beside) if config.seeds > 1 else 0)
    return ways * once + (networks.reference is not None)


def _at_rungs(prepared: Prepared, networks: Networks) -> int:
    """Images through finalists at all rungs but the last, of which those are left out whose networks count as whole ones: all who
    came so far, but for baselines, which are trained apart."""
    data, apart = prepared.data, {network.architecture for network in networks.baselines.values()}
    images = 0
    for document in networks.rungs[:-1]:
        each = (document["epochs"] - document["begin"]) * len(data.x_train)
        images += len(document["candidates"]) * (each + 2 * len(data.x_val))
    for document in networks.rungs[-1:]:
        once = [one for one in document["candidates"] if one["architecture"] not in apart]
        images -= len(once) * document["begin"] * len(data.x_train)
    return images


def _of_a_network(config: SearchConfig, prepared: Prepared) -> int:
    """Images through a network that is made: its epochs and its teacher's, its steps judged on held-out images, itself on the test images."""
    data = prepared.data
    images = len(data.x_train) + (len(data.x_val) if config.retrain == "scratch" else 0)
    judged = 0 if config.retrain == "scratch" else (config.finetune_epochs + 2) * len(data.x_val)
    return training_epochs(config) * images + judged + len(data.x_test)
