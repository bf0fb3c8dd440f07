"""How long a search will take here, from pieces of it that are run; and what will stand on the chip."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autosnn_hw.architecture import layout
from autosnn_hw.architecture.pool_list import in_text
from autosnn_hw.config import SearchConfig
from autosnn_hw.config.halving import cost as rungs_cost
from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.walking.walk import WALK
from autosnn_hw.stages import searching, supernet
from autosnn_hw.stages.final_training.retrained_networks import AS_REFERENCE, has_reference
from autosnn_hw.stages.manifest import Prepared
from autosnn_hw.stages.published import published
from autosnn_hw.stages.schedules import rungs, training_epochs
from autosnn_hw.words.progress import Silent
from autosnn_hw.words.quantities import duration

BATCHES = 2  # of a short training
LESS, MORE = 1, 4  # epochs of two such; their difference is free of what happens once


@dataclass(frozen=True)
class Beside:
    """Networks that a search makes beside its finalists.

    Args:
        baselines: the published architectures that the space has, and the best of random search.
        repeated: winner and baselines once more, for each further seed.
        finalists_again: other finalists with a second seed.
        reference: the winner once more, from scratch, as it is deployed on `retrained_networks.REFERENCE`.
    """

    baselines: int
    repeated: int
    finalists_again: int
    reference: bool


def beside(config: SearchConfig, prepared: Prepared) -> Beside:
    """As `retrained_networks.train_networks` and `other_seeds.repeated` make them; architectures that coincide count once there,
    which of the random search's nobody knows before."""
    baselines = len(set(published(prepared, config.baselines).values())) + 1 if config.baselines else 0
    judges = config.seeds > 1 and config.retrain != "scratch"
    again = rungs(config, prepared.space.size)[-1].networks - 1 if judges else 0
    return Beside(baselines, (config.seeds - 1) * (1 + baselines), again, has_reference(config, prepared))


@dataclass(frozen=True)
class Expected:
    """Seconds that the parts of a search will likely take here; Lava and files come on top."""

    supernet: float
    search: float
    networks: float

    @property
    def total(self) -> float:
        return self.supernet + self.search + self.networks


def expected(config: SearchConfig, prepared: Prepared, seconds_a_batch: float) -> Expected:
    """What a search will likely take: training by the time of a batch, the judging of candidates by `search.walk_cost`.

    Args:
        config: with the strategy that is taken.
        seconds_a_batch: of the super-network's training, all paths of an update (`batch_seconds`).
    """
    workers, cost = prepared.crew.count, searching.cost_of_walk(config, prepared)
    held_out, path = len(prepared.data.x_train), seconds_a_batch / searching.paths_an_update(config, prepared)
    of_one = -(-held_out // config.batch) * path
    of_all = (
        -(-(held_out + len(prepared.data.x_val)) // config.batch) * path
    )  # from scratch the validation images are learnt from, too
    trained = 0.0 if config.supernet is not None else of_one * searching.epochs_of_paths(config, prepared)
    judging = cost.seconds
    if config.strategy != WALK:
        each = cost.seconds / cost.passes * prepared.space.slots
        judging = each * (candidates(config, prepared) + _drawn(config, prepared))
    finalists = config.with_changes(finalists=1) if config.retrain == "scratch" else config
    ways, others, each = 2 if config.retrain == "both" else 1, beside(config, prepared), training_epochs(config)
    more = others.baselines + others.repeated + others.finalists_again
    epochs = ways * (more * each + rungs_cost(rungs(finalists, prepared.space.size)))
    # The reference is made last and alone, in one way.
    networks = (of_all if config.retrain == "scratch" else of_one) * epochs / workers + of_all * each * others.reference
    return Expected(trained, judging / workers, networks)


def candidates(config: SearchConfig, prepared: Prepared) -> int:
    """Candidates that are judged one by one; the space may have fewer than are asked for."""
    return min(searching.settings(config).total, prepared.space.size)


def _drawn(config: SearchConfig, prepared: Prepared) -> float:
    """Candidates that the random baseline likely judges beside those of the search; a walk has judged all of them, and random
    search nearly the same ones."""
    if not config.baselines or config.strategy == "random":
        return 0.0
    asked = candidates(config, prepared)
    return asked * (1 - asked / prepared.space.size)


def first_line(config: SearchConfig, prepared: Prepared, folder: RunFolder, seconds: Expected) -> str:
    """What is about to happen, in one line: target, data, space, budget, expected time and folder."""
    data, space = prepared.data, prepared.space
    sizes = f"C = {_list(space.widths or (space.width,))}, T = {_list(space.reads)}"
    if space.pools is not None:
        sizes += f", pools behind slots {', '.join(map(in_text, space.placements or (space.pools,)))}"
    judged = f"{candidates(config, prepared):,} judged"
    if config.strategy == WALK:
        judged = (
            "all of them run, placed as far as they can win"
            if prepared.profile.searches_groups
            else "all of them judged"
        )
    climbers = [str(rung.networks) for rung in rungs(config, space.size)]
    in_rungs = "" if config.rungs == 1 else f" in {config.rungs} rungs"
    made = (
        "1 network trained"
        if config.retrain == "scratch"
        else f"{', '.join(climbers)} finalist{'s' * (climbers != ['1'])} trained on{in_rungs}"
    )
    parts = f"super-network {duration(seconds.supernet)}, candidates {duration(seconds.search)}, networks {duration(seconds.networks)}"
    return (
        f"{prepared.profile.name}: {data.name} ({len(data.x_train):,} training, {len(data.x_val):,} validation, {len(data.x_test):,} test "
        f"samples of {' x '.join(map(str, data.image))}), space {space.space} at {sizes}: {space.size:,} architectures, {judged} ({config.strategy}), "
        f"{made}{_in_words(beside(config, prepared), config)}; about {duration(seconds.total)} here ({parts}; from batches timed now); folder {folder.path}"
    )


def _in_words(others: Beside, config: SearchConfig) -> str:
    """What is made beside the finalists, as the first line goes on with it."""
    said = ""
    if others.baselines:
        said = f" beside {others.baselines} baseline{'s' if others.baselines > 1 else ''}"
    if others.reference:
        said += f" and the {AS_REFERENCE}"
    if others.repeated:
        said += f", winner{' and baselines' if others.baselines else ''} with {config.seeds} seeds"
    if others.finalists_again:
        said += ", the other finalists with 2"
    return said


def _list(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))


def network_sizes(prepared: Prepared) -> dict[str, Any]:
    """{"stages": [{"name", "shape"}], "networks", "timesteps"}: outputs of the stages, which are those of every network of the space,
    or of its largest where it has several sizes, the first of several placements of its pools."""
    stages = layout(prepared.space.largest, prepared.data.image, prepared.data.classes)
    return {
        "stages": [{"name": stage.name, "shape": list(stage.out_shape)} for stage in stages],
        "networks": prepared.space.size,
        "timesteps": prepared.space.timesteps,
    }


def search_time(config: SearchConfig, prepared: Prepared) -> dict[str, Any]:
    """What a search will likely take on this machine, as its own first line says it.

    Returns:
        {"training": {"seconds_per_batch", "batches", "seconds", "peak_bytes"}, "expected": {"seconds", "supernet", "candidates",
        "networks"}}: of the super-network's training were all paths trained in every update, which they are not in its warm-up, and the most
        memory that this process has had so far; and seconds of the whole search and of its parts.
    """
    config, _ = searching.resolved(config, prepared)
    each = batch_seconds(config, prepared)
    found = expected(config, prepared, each)
    batches = config.epochs * -(-len(prepared.data.x_train) // config.batch)
    training = {
        "seconds_per_batch": each,
        "batches": batches,
        "seconds": each * batches,
        "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    parts = {"supernet": found.supernet, "candidates": found.search, "networks": found.networks}
    return {"training": training, "expected": {"seconds": found.total, **parts}}


def batch_seconds(config: SearchConfig, prepared: Prepared) -> float:
    """Seconds of a batch in the training of the super-network, with all paths of an update.

    Short trainings of the very sizes are run, on the same few images for fewer and for more epochs; the difference is that of
    the batches alone.
    """
    seconds = {epochs: _seconds(config, prepared, epochs) for epochs in (LESS, LESS, MORE)}  # the first warms up
    return max(0.0, seconds[MORE] - seconds[LESS]) / (BATCHES * (MORE - LESS))


def _seconds(config: SearchConfig, prepared: Prepared, epochs: int) -> float:
    data = prepared.data
    rows = [n % len(data.x_train) for n in range(BATCHES * config.batch)]
    few = replace(
        data, x_train=data.x_train[rows], y_train=data.y_train[rows], x_val=data.x_val[:8], y_val=data.y_val[:8]
    )
    with TemporaryDirectory(prefix="autosnn-hw-") as folder:
        short = config.with_changes(epochs=epochs, warm_up=0)
        run = RunFolder.create(Path(folder) / "run")
        start = time.perf_counter()
        supernet.train(short, replace(prepared, data=few), run, Silent(), must_learn=False)
        return time.perf_counter() - start
