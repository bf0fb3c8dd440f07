"""The config of a run out of what was chosen: what was not is of its dataset and target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autosnn_hw.architecture.own_space import resolved
from autosnn_hw.config import SearchConfig, from_mapping
from autosnn_hw.config.default_sizes import sizes_of
from autosnn_hw.default_target import DEFAULT_TARGET

# Ternary weights and memoryless neurons take longer to learn, in the super-network and alone (docs/lab/training.md).
CROSSBAR_EPOCHS = 1.6


def config_for(choices: Mapping[str, Any], where: str = "command line") -> SearchConfig:
    """The config of what was chosen; sizes and schedule that were not are those of dataset and target (`sizes_for`).

    Raises:
        InputError: a bad choice, an unknown target, or a space's file that says what cannot be.
    """
    choices = resolved(choices)
    default = SearchConfig.model_fields
    names = (choices.get(name, default[name].default) for name in ("dataset", "target"))
    return from_mapping(sizes_for(*names) | dict(choices), where)


def sizes_for(dataset: str, target: str = DEFAULT_TARGET) -> dict[str, Any]:
    """Sizes and schedule that a search takes where none are asked for: small for the embedded datasets, else AutoSNN's; the
    timesteps of event frames are theirs; more epochs where the target is a crossbar.

    Raises:
        InputError: unknown target.
    """
    import hw_profiles
    from autosnn_hw.training.data.datasets import timesteps_of

    sizes: dict[str, Any] = dict(sizes_of(dataset))
    if (steps := timesteps_of(dataset)) is not None:
        sizes["timesteps"] = steps
    if hw_profiles.load(target).learns_slowly:
        longer = ("epochs", "retrain_epochs", "finetune_epochs")
        sizes |= {name: round(CROSSBAR_EPOCHS * sizes[name]) for name in longer}
    return sizes
