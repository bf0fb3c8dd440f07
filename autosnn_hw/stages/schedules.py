"""What a config asks of training, as the trainers take it."""

from __future__ import annotations

from dataclasses import replace

from autosnn_hw.config import SearchConfig
from autosnn_hw.config.halving import Rung, rungs_of, schedule
from autosnn_hw.training.loop import Schedule
from autosnn_hw.training.regime import Regime

AVERAGED_SHARE = 4  # the last of so many parts of the epochs


def regime_of(config: SearchConfig, frames: bool = False) -> Regime:
    """How networks are trained, as floats and with the integers in the loop, on images or on event frames."""
    return Regime(
        loss=config.loss,
        weight_decay=config.weight_decay,
        augment=config.augment,
        decay=config.rate_decay,
        distillation=config.distillation,
        averaged=_averaged(config, frames),
    )


def _averaged(config: SearchConfig, frames: bool) -> int:
    """Epochs whose weights are averaged: as chosen, else what pays (docs/lab/training.md), and that is from scratch on images alone."""
    if config.averaged_epochs is not None:
        return config.averaged_epochs
    return config.retrain_epochs // AVERAGED_SHARE if config.retrain == "scratch" and not frames else 0


def averaging_sentences(config: SearchConfig) -> list[str]:
    """That more epochs are to be averaged than a network from scratch has (its --epochs); nothing where that is not so."""
    asked, epochs = config.averaged_epochs or 0, config.retrain_epochs
    if asked < 2 or asked <= epochs:
        return []
    return [f"--averaged-epochs {asked} is above --epochs {epochs}: all epochs are averaged."]


def network_schedule(config: SearchConfig, seed: int, frames: bool = False) -> Schedule:
    """Of a network as floats, on images or on event frames."""
    return Schedule(
        config.retrain_epochs,
        config.learning_rate,
        config.batch,
        seed,
        precision=config.precision,
        regime=regime_of(config, frames),
        spike_regularisation=config.spike_regularisation,
    )


def supernet_schedule(config: SearchConfig, seed: int) -> Schedule:
    """Of the super-network: nobody teaches it, and its paths estimate their batch norm themselves."""
    return replace(alone(network_schedule(config, seed)), epochs=config.epochs)


def alone(schedule: Schedule) -> Schedule:
    """Without a teacher and without averaged weights."""
    return replace(schedule, regime=replace(schedule.regime, distillation=0.0, averaged=0))


def training_epochs(config: SearchConfig) -> int:
    """Of one network in all: its teacher's, as floats, with the integers in the loop."""
    return (2 if config.distillation else 1) * config.retrain_epochs + config.finetune_epochs


def rungs(config: SearchConfig, most: int) -> list[Rung]:
    """Of the finalists; without rungs it is one.

    Args:
        most: candidates that there are.
    """
    chosen, epochs = config.rungs, config.retrain_epochs
    more = {"before": epochs if config.distillation else 0, "integers": config.finetune_epochs}
    begin = schedule(config.finalists, chosen, epochs, **more)[0].networks
    return rungs_of(min(begin, most), chosen, epochs, **more)
