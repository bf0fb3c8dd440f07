"""The super-network of a run: trained, gone on with, or taken over from another run, and asked whether it has learnt."""

from __future__ import annotations

import shlex
import shutil
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosnn_hw.architecture import slot_name
from autosnn_hw.config import SearchConfig
from autosnn_hw.documents.run_models import SuperNetworkVerdict
from autosnn_hw.documents.run_reading import checked, sound
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.files import whole_file
from autosnn_hw.run_folder import SUPERNET, RunFolder, read_json, write_json, writing
from autosnn_hw.seeds import derive_seed
from autosnn_hw.stages.judging.evaluator import evaluation_tools
from autosnn_hw.stages.manifest import Prepared, code_sha256, version
from autosnn_hw.stages.run_log import RunLog
from autosnn_hw.stages.set_aside import set_aside
from autosnn_hw.training.checkpoint import read_checkpoint
from autosnn_hw.training.ranks.ranks import RankLostError, Ranks
from autosnn_hw.words.progress import Reporter

if TYPE_CHECKING:
    from autosnn_hw.training.loop import Progress
    from autosnn_hw.training.weight_sharing.supernet_trainer import SupernetTraining

VERDICT = "supernet.json"  # written when training has ended


def require_source(config: SearchConfig, prepared: Prepared, reporter: Reporter) -> dict[str, Any] | None:
    """Refuse a --supernet that cannot be searched before anything is begun; a run that has its own copy needs it no more.

    One that was trained on other data is judged on the run's, and it is said.

    Returns:
        The verdict on it, or None where none is asked for.

    Raises:
        InputError: there is none, its training has not ended, it has not learnt (this data), or it is of another space, width or kind of
            chip, or for other samples or classes.
    """
    from autosnn_hw.training.weight_sharing.supernet_checkpoint import load_supernet
    from autosnn_hw.training.weight_sharing.supernet_verdict import judged

    if config.supernet is None:
        return None
    source = Path(config.supernet)
    if not (source / SUPERNET).is_file():
        raise InputError(
            f"--supernet {source}: the folder holds no {SUPERNET}; give that of a run whose super-network is trained."
        )
    network = load_supernet(source / SUPERNET)
    _refuse_other(network, prepared, source)
    if not (source / VERDICT).is_file():
        raise InputError(
            f"--supernet {source}: its super-network is not trained to the end, or has not learnt; `autosnn-hw search --resume {shlex.quote(str(source))}` "
            "goes on with it and says what it needs."
        )
    verdict: dict[str, Any] = checked(read_json(source / VERDICT), SuperNetworkVerdict, source / VERDICT)
    if _learnt_from(source) != prepared.data.sha256:
        found = judged(network, prepared.data, derive_seed(config.seed, "supernet"), [])
        facts = {"accuracy": found.accuracy, "chance": found.chance, "learnt": found.learnt, "sentence": found.sentence}
        verdict = {**verdict, **facts}
        reporter.say(f"note: --supernet {source} was trained on other data; on {prepared.data.name} {found.sentence}")
    if not verdict["learnt"]:
        raise InputError(f"--supernet {source}: {verdict.get('sentence') or 'its super-network has not learnt.'}")
    return {**verdict, "from": str(source)}


def _learnt_from(source: Path) -> str | None:
    """Hash of the data that a super-network was trained on; None where its file does not say it."""
    identity = read_checkpoint(source / SUPERNET)[1].get("identity")
    return identity.get("data") if isinstance(identity, dict) else None


def take_over(config: SearchConfig, folder: RunFolder, verdict: dict[str, Any]) -> None:
    """The run's own copy of a super-network that suits, and the verdict on it."""
    with writing(folder / SUPERNET), whole_file.beside(folder / SUPERNET) as copy:
        shutil.copyfile(Path(str(config.supernet)) / SUPERNET, copy)
    write_json(folder / VERDICT, verdict)


def ensure(config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter) -> dict[str, Any]:
    """The verdict on the run's super-network: {"accuracy", "chance", "learnt", "sentence", "epochs", "seconds", "losses" by epoch, "from"}.

    One that was trained for fewer epochs than are asked for now is trained further, and what was found with it is set aside.

    Raises:
        RunError: it has not learnt, so that searching it would rank noise; says how many epochs would likely do.
        InputError: the super-network of --supernet has another space, width or number of steps.
    """
    known: dict[str, Any] | None = sound(folder / VERDICT, SuperNetworkVerdict)
    if known is not None:
        if known.get("from") is not None or known.get("epochs", config.epochs) >= config.epochs:
            return known
        inherited = config.retrain != "scratch"
        set_aside(folder, known["epochs"], networks=inherited, last=VERDICT)
    verdict = require_source(config, prepared, reporter)
    if verdict is None:
        verdict = _by_all(config, prepared, folder, reporter)
        evaluation_tools.cache_clear()  # of this process, which may have evaluated with the weights before
        write_json(folder / VERDICT, verdict)
    else:
        evaluation_tools.cache_clear()
        take_over(config, folder, verdict)
    return verdict


def require_growing(config: SearchConfig, run: str | Path) -> None:
    """Refuse more epochs for a super-network that is another run's.

    Raises:
        InputError: with what would work.
    """
    if config.supernet is not None:
        raise InputError(
            f"--epochs: the super-network of {run} is that of {config.supernet}; `autosnn-hw search --resume {shlex.quote(str(config.supernet))} "
            "--epochs N` trains it further, and a new run with --supernet searches it."
        )


def _by_all(config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter) -> dict[str, Any]:
    """`train`, where torchrun has started several processes together with them."""
    if prepared.meeting is None:
        return train(config, prepared, folder, reporter)
    count = prepared.meeting.place.count
    reporter.say(f"the super-network is trained by {count} processes, each with its part of every batch.")
    try:
        with prepared.meeting.training(job_of(config, prepared), config.device) as ranks:
            return train(config, prepared, folder, reporter, ranks=ranks)
    except RankLostError as error:
        raise RunError(f"{error} Go on with: autosnn-hw search --resume {shlex.quote(str(folder.path))}") from error


def job_of(config: SearchConfig, prepared: Prepared) -> dict[str, Any]:
    """What the other processes have to know, and to have alike."""
    here = config.with_changes(backend="lava", storage=None, scheduler=None)  # those are rank 0's alone
    return {"config": here.model_dump(mode="json"), **alike(prepared)}


def alike(prepared: Prepared) -> dict[str, Any]:
    """Hashes and versions that must be the same in all processes that train together."""
    versions = {name: version(name) for name in ("torch", "numpy", "numba")}
    return {"data": prepared.data.sha256, "code": code_sha256(), "versions": versions}


def train(
    config: SearchConfig,
    prepared: Prepared,
    folder: RunFolder,
    reporter: Reporter,
    *,
    must_learn: bool = True,
    ranks: Ranks | None = None,
) -> dict[str, Any]:
    """Train the run's super-network, with other processes or alone; the verdict on it, see `ensure`.

    Raises:
        RunError: it must have learnt and has not.
    """
    reporter.stage("super-network", config.epochs)
    log = RunLog(folder)

    def tell(done: int, total: int, loss: float) -> None:
        reporter.advance(done, f"loss {loss:.4f}")
        log.epoch("super-network", done, total, loss)

    training = fit(config, prepared, folder / SUPERNET, progress=tell, ranks=ranks)
    if must_learn and not training.learnt:
        run, epochs = shlex.quote(str(folder.path)), training.forecast.epochs
        raise RunError(
            f"{training.sentence} {training.forecast.sentence}{_other_choices(config, prepared)} Go on with: autosnn-hw search "
            f"--resume {run} --epochs {epochs}"
        )
    reporter.say(training.sentence)
    return {
        "accuracy": training.accuracy,
        "chance": training.chance,
        "learnt": training.learnt,
        "sentence": training.sentence,
        "epochs": config.epochs,
        "seconds": training.seconds,
        "losses": training.losses,
        "from": None,
    }


def _other_choices(config: SearchConfig, prepared: Prepared) -> str:
    """What a new run would learn better with, as far as it was measured (docs/lab/truenorth.md, docs/lab/training.md)."""
    if prepared.profile.searches_groups and config.groupings == "all":
        return (
            " A new run with --groupings fewest has fewer paths, which learn more in as many epochs (random ones .389 where all groupings reach "
            ".271, on CIFAR-10 at 16 x 16)."
        )
    return (
        " A new run with --sampling fair trains each block as often as all others." if config.sampling != "fair" else ""
    )


def fit(
    config: SearchConfig,
    prepared: Prepared,
    checkpoint: Path | None,
    *,
    progress: Progress | None = None,
    ranks: Ranks | None = None,
) -> SupernetTraining:
    """Train a super-network as `config` has it, and see whether it has learnt.

    Args:
        checkpoint: where it is kept; None in processes that train along.
    """
    from autosnn_hw.stages.schedules import supernet_schedule
    from autosnn_hw.training.compute.threads import threads_for
    from autosnn_hw.training.weight_sharing.supernet_trainer import train_supernet

    schedule = supernet_schedule(config, derive_seed(config.seed, "supernet"))
    space = prepared.space
    values = config.batch * space.timesteps * space.width * prepared.data.image[1] * prepared.data.image[2]
    with threads_for(values):
        return train_supernet(
            prepared.data,
            space=space.space,
            width=space.width,
            timesteps=space.timesteps,
            widths=space.widths,
            steps=space.steps,
            pools=space.placements or (() if space.pools is None else (space.pools,)),
            genes=space.genes,
            schedule=schedule,
            strict=config.sampling == "fair",
            sharing=config.sharing,
            warm_up=config.warm_up,
            fabric=prepared.fabric,
            device=config.device,
            checkpoint=checkpoint,
            must_learn=False,
            goes_on=True,
            progress=progress,
            ranks=ranks,
        )


def _refuse_other(network: Any, prepared: Prepared, source: Path) -> None:
    """Refuse a super-network of another space, width, T or placement of pools, or one that was trained for other neurons, weights or readouts.

    Raises:
        InputError: with what differs.
    """
    differing = prepared.fabric.differing(network.fabric)
    if differing:
        raise InputError(
            f"--supernet {source} was trained for another kind of chip: {differing}; without --supernet one is trained for {prepared.profile.name}."
        )
    data = prepared.data
    if (network.image, network.classes) != (data.image, data.classes):
        sides = (" x ".join(map(str, image)) for image in (network.image, data.image))
        raise InputError(
            f"--supernet {source} was trained for samples of {next(sides)} in {network.classes} classes, {data.name} has samples of {next(sides)} in {data.classes}; without --supernet one is trained."
        )
    space = prepared.space
    for (width, pools), steps in product(space.roots, space.reads):
        network.modules_of(space.of_blocks([genes[0] for genes in space.genes], width, steps, pools))
    for slot, (genes, there) in enumerate(zip(prepared.space.genes, network.genes)):
        missing = [f"{block}/{groups}" for block, groups in genes if (block, groups) not in there]
        if missing:
            raise InputError(
                f"--supernet {source} lacks {', '.join(missing)} at {slot_name(slot)}; without --supernet one is trained."
            )
