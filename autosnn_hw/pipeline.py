"""The main job in one screen: super-network, search with measurements, winner, baselines, export, Lava, report."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosnn_hw.architecture import Architecture, front_sentence, layout
from autosnn_hw.config import SearchConfig, read_config
from autosnn_hw.run_folder import CONFIG, RunFolder, write_json, write_text
from autosnn_hw.stages.chosen import config_for as config_for
from autosnn_hw.stages.time_and_cost.clock import Clock
from autosnn_hw.words.progress import Reporter, Silent

if TYPE_CHECKING:
    from autosnn_hw.stages.manifest import Prepared
    from autosnn_hw.torchrun import RankPlace
    from autosnn_hw.training.data.datasets import Dataset
    from autosnn_hw.training.ranks.meeting import Meeting

# Choices of which a run that is gone on with may have more.
GROWING = ("epochs", "finalists", "generations", "budget", "seeds")
ELSEWHERE = ("workers", "scheduler", "core_watts")  # choices that no number depends on: a run may go on with others


def examined(
    name: str,
    target: str,
    data_dir: str | Path | None,
    download: bool,
    graded: bool,
    estimate: bool,
    described: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """The document of `autosnn-hw data`."""
    from autosnn_hw.stages.examining import examined

    folder = None if data_dir is None else str(data_dir)
    chosen = {"dataset": name, "target": target, "data_dir": folder, "download": download, "graded": graded}
    config = config_for(chosen)
    return examined(config, estimate, described)


def _say_notes(data: Dataset, reporter: Reporter, payload: float | None) -> None:
    from autosnn_hw.training.data.data_check import sentences

    for note in sentences(data, payload):
        reporter.say(f"note: {note}")


def led(place: RankPlace | None) -> AbstractContextManager[Meeting | None]:
    """The search of rank 0 of several processes (`torchrun.place`), which train its super-network along; None alone.

    Raises:
        RankLostError: the others do not come.
    """
    if place is None:
        return nullcontext()
    from autosnn_hw.training.ranks.meeting import Meeting

    return Meeting(place).led()


def follow(place: RankPlace) -> int:
    """What the other ranks do; the exit code."""
    from autosnn_hw.stages.ranks import follow

    return follow(place)


def search(
    config: SearchConfig,
    out: str | Path | None = None,
    reporter: Reporter | None = None,
    meeting: Meeting | None = None,
) -> dict[str, Any]:
    """Run a search in a new folder; returns its summary.json.

    Args:
        meeting: of `led`, where other processes train along.

    Raises:
        InputError: bad choices, missing data, an existing folder. DoesNotFitError: nothing fits the target.
        SpikesDifferError: Lava counted other spikes than the exact simulator. RunError: Lava died, the disk is full.
    """
    from autosnn_hw.stages.manifest import prepare
    from autosnn_hw.stages.workers.crew import staffed

    with staffed(config, prepare(config), meeting) as prepared:  # every bad input is found before a folder is made
        return _begin(config, prepared, out, reporter or Silent())


def _begin(config: SearchConfig, prepared: Prepared, out: str | Path | None, reporter: Reporter) -> dict[str, Any]:
    from autosnn_hw.stages import searching, supernet
    from autosnn_hw.stages.achievable import require_achievable
    from autosnn_hw.stages.manifest import largest_payload, manifest
    from autosnn_hw.stages.time_and_cost import search_estimate

    learnt = supernet.require_source(config, prepared, reporter)
    limits = require_achievable(config, prepared)
    config, walk = searching.resolved(searching.stored(config), prepared)
    if out is None:
        dataset = Path(config.dataset.removeprefix("npz:").removeprefix("folder:").split(",")[0]).stem.replace(":", "-")
        folder = RunFolder.create_numbered("runs", f"{dataset}-{prepared.profile.name}")
    else:
        folder = RunFolder.create(out)
    with folder.held():
        write_json(folder / "manifest.json", manifest(config, prepared))
        write_text(folder / CONFIG, config.to_toml())
        if not isinstance(reporter, Silent):  # timing takes a few batches
            seconds = search_estimate.expected(config, prepared, search_estimate.batch_seconds(config, prepared))
            reporter.say(search_estimate.first_line(config, prepared, folder, seconds))
            folder.log("expected", seconds=seconds.total)
        _say_notes(prepared.data, reporter, largest_payload(prepared.profile))
        front = front_sentence(layout(prepared.space.largest, prepared.data.image, prepared.data.classes))
        for sentence in (None if front is None else f"note: {front}.", *limits, walk):
            if sentence is not None:
                reporter.say(sentence)
        if learnt is not None:
            supernet.take_over(config, folder, learnt)
        return _go_on(config, prepared, folder, reporter)


def resume(
    run: str | Path, reporter: Reporter | None = None, meeting: Meeting | None = None, **changes: Any
) -> dict[str, Any]:
    """Go on with a run where it stands; a finished one is only summed up again, or gone on with where there is more to do.

    Args:
        meeting: as in `search`.
        changes: larger values of what may grow (`GROWING`); what is known already is not made again, but for more epochs: they
            train the super-network further, and all that followed from it is set aside. Or for this time other places to work at
            (`ELSEWHERE`).

    Raises:
        InputError: a value that is smaller than the run's, data or a profile that are others now, or a run that another
            process works on.
    """
    from autosnn_hw.stages import supernet
    from autosnn_hw.stages.growing import grown
    from autosnn_hw.stages.manifest import prepare, require_same_inputs
    from autosnn_hw.stages.workers.crew import staffed

    folder, reporter = RunFolder.open(run), reporter or Silent()
    kept = read_config(folder / CONFIG)
    more, notes = grown(kept, {name: value for name, value in changes.items() if name in GROWING}, str(run))
    if more.get("epochs", kept.epochs) > kept.epochs:
        supernet.require_growing(kept, run)
    config = kept.with_changes(**more, **{name: value for name, value in changes.items() if name not in GROWING})
    with folder.held(), staffed(config, prepare(config), meeting) as prepared:
        other_code = require_same_inputs(folder, prepared)
        for note in (*notes, *([] if other_code is None else [other_code])):
            reporter.say(f"note: {note}")
        if more:
            write_text(folder / CONFIG, kept.with_changes(**more).to_toml())
        folder.log("resume", **more)
        return _go_on(config, prepared, folder, reporter)


def _go_on(config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter) -> dict[str, Any]:
    """Every stage takes what the folder holds of it already; an interruption says how to go on."""
    try:
        return _stages(config, prepared, folder, reporter)
    except KeyboardInterrupt as stopped:
        stopped.args = (f"go on with: autosnn-hw search --resume {shlex.quote(str(folder.path))}",)
        raise


def _stages(config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter) -> dict[str, Any]:
    from autosnn_hw.report.page.html import write_report
    from autosnn_hw.stages import searching, supernet
    from autosnn_hw.stages.final_training import other_seeds as seeds
    from autosnn_hw.stages.final_training import retrained_networks
    from autosnn_hw.stages.time_and_cost import search_cost
    from autosnn_hw.stages.winner import delivery
    from autosnn_hw.stages.winner.behaviour import show_winner

    clock = Clock(folder, reporter, prepared.crew.elsewhere or prepared.meeting is not None)
    with (
        retrained_networks.trained_beside(config, prepared, folder) as beside,
        delivery.lava_process() as child,
    ):
        with clock.stage("super-network"):
            learnt = supernet.ensure(config, prepared, folder, reporter)
        lava, why_not = delivery.imported(child)
        with clock.stage("search"):
            found = searching.run(config, prepared, folder, reporter, lava)
        with clock.stage("random baseline"):
            random = searching.random_baseline(config, prepared, folder, reporter, found) if config.baselines else None
        with clock.stage("winner and baselines"):
            networks = retrained_networks.train_networks(config, prepared, folder, reporter, found, random, beside)
        with clock.stage("export"):
            delivery.export(prepared.profile, folder, networks.winner)
            show_winner(prepared.data, folder, networks.winner.float_layers)
        with clock.stage("Lava"):
            certificate = delivery.certify_winner(prepared.data, folder, lava, why_not)
        with clock.stage("other seeds"):
            repeated = seeds.repeated(config, prepared, folder, reporter, networks)
    clock.ended()
    cost = search_cost.cost_of_search(config, prepared, found, random, networks, clock.cpu_seconds())
    known = delivery.summary(config, prepared, folder, learnt, found, networks, certificate, clock)
    summary = seeds.with_seeds(known, networks, repeated) | {"cost_of_search": cost}
    searching.mark_winner(folder, summary)
    write_json(folder / "summary.json", summary)
    folder.log("finished", wall_time=summary["wall_time"])
    write_report(folder.path)
    return summary


def train(
    architecture: Architecture,
    config: SearchConfig,
    out: str | Path,
    reporter: Reporter | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Train one architecture as `config` has it, quantise it with the integers in the loop, and write its .net and result
    into a new folder, or into the one in which the same was begun and not finished.

    Args:
        name: what it was asked for by; None is its own text.

    Raises:
        InputError: bad choices, missing data, samples that are too small, a folder that holds something else.
    """
    from autosnn_hw.stages import one_network

    return one_network.train(architecture, config, out, reporter or Silent(), name)


def train_as_floats(
    name: str, config: SearchConfig, out: str | Path, reporter: Reporter | None = None
) -> dict[str, Any]:
    """Train a network by name that no chip network is made of, into a new folder, or into the one in which the same was begun
    and not finished; its result says why.

    Raises:
        InputError: bad choices, missing data, samples that are too small, a folder that holds something else.
    """
    from autosnn_hw.stages import one_network

    return one_network.train_as_floats(name, config, out, reporter or Silent())


def deploy(
    run: str | Path, architecture: str, out: str | Path, target: str | None = None, reporter: Reporter | None = None
) -> dict[str, Any]:
    """Deliver one point of a finished search in a new folder as its winner was: trained on, exported, run in Lava. Called again
    after an interruption it goes on in that folder.

    Args:
        architecture: as `front --json` writes it, or a published name; any of the run's space.
        target: another one of the same neurons and weights; by default the run's.

    Raises:
        InputError, DoesNotFitError: before a folder is made, as `stages.point.point`; RunError, SpikesDifferError as `search`.
    """
    from autosnn_hw.stages.winner import point

    return point.deploy(point.point(run, architecture, target), out, reporter or Silent())
