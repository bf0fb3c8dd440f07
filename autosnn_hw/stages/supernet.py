"""The super-network of a run: trained, gone on with, or taken over from another run, and asked whether it has learnt."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from autosnn_hw import whole_file
from autosnn_hw.architecture import slot_name
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError
from autosnn_hw.progress import Reporter
from autosnn_hw.run_folder import SUPERNET, RunFolder, read_json, write_json, writing
from autosnn_hw.seeds import derive_seed
from autosnn_hw.stages.manifest import Prepared

VERDICT = "supernet.json"  # written when training has ended


def require_source(config: SearchConfig) -> None:
    """Refuse a --supernet folder without a super-network before anything is begun; a run that has its own copy needs it no more.

    Raises:
        InputError: there is none.
    """
    if config.supernet is not None and not (Path(config.supernet) / SUPERNET).is_file():
        raise InputError(
            f"--supernet {config.supernet}: the folder holds no {SUPERNET}; give that of a run whose super-network is trained."
        )


def ensure(config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter) -> dict[str, Any]:
    """The verdict on the run's super-network: {"accuracy", "chance", "learnt", "sentence", "seconds", "losses" by epoch}.

    Raises:
        RunError: it has not learnt, so that searching it would rank noise.
        InputError: the super-network of --supernet has another space, width or number of steps.
    """
    if folder.has(VERDICT):
        return read_json(folder / VERDICT)
    if config.supernet is not None:
        verdict = _take_over(config, prepared, folder)
    else:
        verdict = train(config, prepared, folder, reporter)
    write_json(folder / VERDICT, verdict)
    return verdict


def train(
    config: SearchConfig, prepared: Prepared, folder: RunFolder, reporter: Reporter, *, must_learn: bool = True
) -> dict[str, Any]:
    """Train the run's super-network; the verdict on it, see `ensure`.

    Raises:
        RunError: it must have learnt and has not.
    """
    from autosnn_hw.training.loop import Schedule
    from autosnn_hw.training.supernet_trainer import train_supernet
    from autosnn_hw.training.threads import threads_for

    seed = derive_seed(config.seed, "supernet")
    schedule = Schedule(
        config.epochs,
        config.learning_rate,
        config.batch,
        seed,
        precision=config.precision,
        spike_regularisation=config.spike_regularisation,
    )
    space = prepared.space
    values = config.batch * space.timesteps * space.width * prepared.data.image[1] * prepared.data.image[2]
    reporter.stage("super-network", config.epochs)
    with threads_for(values):
        training = train_supernet(
            prepared.data,
            space=config.space,
            width=space.width,
            timesteps=space.timesteps,
            steps=space.steps,
            genes=space.genes,
            schedule=schedule,
            strict=config.sampling == "fair",
            sharing=config.sharing,
            warm_up=config.warm_up,
            fabric=prepared.fabric,
            device=config.device,
            checkpoint=folder / SUPERNET,
            must_learn=must_learn,
            progress=lambda done, _, loss: reporter.advance(done, f"loss {loss:.4f}"),
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


def _take_over(config: SearchConfig, prepared: Prepared, folder: RunFolder) -> dict[str, Any]:
    from autosnn_hw.training.supernet_checkpoint import load_supernet

    require_source(config)
    source = Path(str(config.supernet))
    _refuse_other(load_supernet(source / SUPERNET), prepared, source)
    with writing(folder / SUPERNET), whole_file.beside(folder / SUPERNET) as copy:
        shutil.copyfile(source / SUPERNET, copy)
    verdict = read_json(source / VERDICT)
    if not verdict["learnt"]:
        raise InputError(f"--supernet {source}: {verdict['sentence']}")
    return {**verdict, "from": str(source)}


def _refuse_other(network: Any, prepared: Prepared, source: Path) -> None:
    """Refuse a super-network of another space, width or T, or one that was trained for other neurons, weights or readouts.

    Raises:
        InputError: with what differs.
    """
    differing = prepared.fabric.differing(network.fabric)
    if differing:
        raise InputError(
            f"--supernet {source} was trained for another kind of chip: {differing}; without --supernet one is trained for {prepared.profile.name}."
        )
    space = prepared.space
    for steps in space.reads:
        network.modules_of(space.of_blocks([genes[0] for genes in space.genes], timesteps=steps))
    for slot, (genes, there) in enumerate(zip(prepared.space.genes, network.genes)):
        missing = [f"{block}/{groups}" for block, groups in genes if (block, groups) not in there]
        if missing:
            raise InputError(
                f"--supernet {source} lacks {', '.join(missing)} at {slot_name(slot)}; without --supernet one is trained."
            )
