"""Seconds to price a whole space: all 3,125 architectures of AutoSNN-16 for 32 x 32 images, given their activities.

Every candidate is a network object of its own, as in a search: its layers are those that its blocks are lowered to, copied, so
that nothing is known of it but what follows from its shapes. Making it and its activity is not timed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import autosnn16
import cost_points
import numpy as np

from autosnn_hw.architecture import BLOCKS, SEARCH_BLOCKS, Architecture, layout
from autosnn_hw.cost import price
from autosnn_hw.folded import FoldedBlock, FoldedConv, FoldedNetwork
from autosnn_hw.network import ChipNetwork, Layer
from autosnn_hw.search.groups import slot_groups
from autosnn_hw.search.space import search_space
from autosnn_hw.stages.published import untrained
from autosnn_hw.training.data.datasets import Dataset
from hw_profiles import Profile, load

SPIKES = 1.2  # of every neuron in a sample of 8 steps: 15 % activity


def uniform(block: str, seed: int = 0) -> ChipNetwork:
    """The integer network with one block in every slot, random weights."""
    rng = np.random.default_rng(seed)
    architecture = Architecture((block,) * 5, width=autosnn16.WIDTH, timesteps=autosnn16.TIMESTEPS)
    kernel = BLOCKS[block].kernel

    def conv(out: int, inputs: int, k: int) -> FoldedConv:
        weight = rng.normal(scale=np.sqrt(2 / (inputs * k * k)), size=(out, inputs, k, k))
        return FoldedConv(weight, rng.normal(scale=0.2, size=out), padding=k // 2)

    blocks = []
    for stage in layout(architecture, autosnn16.IMAGE, autosnn16.CLASSES, autosnn16.VOTERS):
        inputs, out = stage.in_shape[0], stage.out_shape[0]
        if stage.kind == "stem":
            blocks.append(FoldedBlock(stage, (conv(out, inputs, 3),), None, (autosnn16.K,)))
        elif stage.kind == "max_pool" or (stage.kind == "skip" and not stage.widens):
            blocks.append(FoldedBlock(stage))
        elif stage.kind == "skip":
            blocks.append(FoldedBlock(stage, (conv(out, inputs, 1),), None, (autosnn16.K,)))
        elif stage.kind == "readout":
            size = int(np.prod(stage.in_shape))
            weight = rng.normal(scale=np.sqrt(2 / size), size=(out, size))
            blocks.append(FoldedBlock(stage, (FoldedConv(weight, np.zeros(out)),), None, (autosnn16.K,)))
        else:
            shortcut = conv(out, inputs, 1) if stage.widens and BLOCKS[block].residual else None
            convs = (conv(out, inputs, kernel), conv(out, out, kernel))
            blocks.append(FoldedBlock(stage, convs, shortcut, (autosnn16.K,) * 2))
    return autosnn16.chip_network(
        FoldedNetwork(
            tuple(blocks),
            autosnn16.IMAGE,
            autosnn16.TIMESTEPS,
            autosnn16.CLASSES,
            autosnn16.VOTERS,
            np.full(3, 0.5),
            np.full(3, 0.27),
        )
    )


def candidates() -> Iterator[ChipNetwork]:
    """The networks of all architectures of the space, one after the other."""
    whole = {block: uniform(block) for block in SEARCH_BLOCKS}
    slots = [f"TBD{slot}" for slot in range(1, 6)]
    for architecture in search_space(width=autosnn16.WIDTH, timesteps=autosnn16.TIMESTEPS):
        chosen = dict(zip(slots, architecture.blocks))
        layers: list[Layer] = []
        for part in parts(whole["skip"]):
            layers += parts(whole[chosen[part]])[part] if part in chosen else parts(whole["skip"])[part]
        yield ChipNetwork(tuple(replace(layer) for layer in layers), timesteps=autosnn16.TIMESTEPS)


def parts(network: ChipNetwork) -> dict[str, list[Layer]]:
    """Layers by slot, or by their own name, in the order of the macro-architecture: stem, TBD1, pool1, .."""
    order = ["stem", "TBD1", "pool1", "TBD2", "TBD3", "pool2", "TBD4", "TBD5", "pool3", "readout"]
    found: dict[str, list[Layer]] = {name: [] for name in order}
    for layer in network.layers:
        found[layer.name.split(".")[0]].append(layer)
    return found


def priced(target: str, count: int | None = None) -> dict[str, Any]:
    """Seconds of this thread to price `count` candidates (all by default): placed for the first time, and placed before."""
    profile: Profile = load(target)
    first, again, cores = 0.0, 0.0, []
    for network in islice(candidates(), count):
        activity = cost_points.activity(network, SPIKES, autosnn16.TIMESTEPS)
        start = time.thread_time()
        report = price(network, activity, profile, per_core=False, estimates=False)
        placed = time.thread_time()
        price(network, activity, profile, per_core=False, estimates=False)
        first, again = first + placed - start, again + time.thread_time() - placed
        cores.append(report.cores_used)
    return {
        "candidates": len(cores),
        "seconds_with_placement": first,
        "seconds_placed_before": again,
        "cores": [min(cores), max(cores)],
    }


def crossbar_sample(count: int = 24) -> dict[str, Any]:
    """TrueNorth has a space of its own (groups, ternary weights): seeded architectures of it, untrained.

    Where neurons go depends on the weights there, so that nothing is shared between candidates; a price of what is placed is not.
    """
    profile = load("truenorth")
    nothing, labels = np.zeros((1, *autosnn16.IMAGE), np.uint8), np.zeros(1, np.int64)
    shapes = Dataset(
        "shapes", *(nothing, labels) * 3, autosnn16.CLASSES, autosnn16.IMAGE, np.full(3, 0.5), np.full(3, 0.25), 255.0, ""
    )  # fmt: skip
    space = search_space(
        width=autosnn16.WIDTH, timesteps=autosnn16.TIMESTEPS, groups=slot_groups("SNN_1", autosnn16.WIDTH, profile)
    )
    random = np.random.default_rng(1)
    places, prices, cores = [], [], []
    for _ in range(count):
        network = untrained(space.sample(random), shapes, profile)
        activity = cost_points.activity(network, SPIKES, autosnn16.TIMESTEPS)
        start = time.thread_time()
        price(network, activity, profile, per_core=False, estimates=False)
        placed = time.thread_time()
        cores.append(price(network, activity, profile, per_core=False, estimates=False).cores_used)
        places.append(placed - start)
        prices.append(time.thread_time() - placed)
    available = profile.limits.cores_per_chip.value
    return {
        "candidates": count,
        "space": space.size,
        "seconds_each_with_placement": float(np.mean(places)),
        "milliseconds_each_placed_before": 1e3 * float(np.mean(prices)),
        "fit_the_chip": sum(c is not None and c <= available for c in cores),
        "cores": [min(c for c in cores if c is not None), max(c for c in cores if c is not None)],
    }


def whole_space() -> dict[str, Any]:
    """`priced` for every built-in target that runs these networks, `crossbar_sample` for TrueNorth."""
    return {target: priced(target) for target in ("loihi2", "loihi1")} | {"truenorth": crossbar_sample()}
