"""A module of torch imported; where it is compared with its framework, that runs in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.importing.chosen_integers import has_lava, made, refuse_to_finetune, refuse_without_training_samples
from autosnn_hw.importing.imported import Finetune, ImportChoices, Imported

if TYPE_CHECKING:
    from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
    from autosnn_hw.deploy.from_graph.image_input import SeenImages
    from autosnn_hw.deploy.from_torch.framework_process import FrameworkProcess
    from autosnn_hw.importing.import_data import ImportData

BY = "its framework"


def of_module(
    source: str | Any,
    data: ImportData | None,
    choices: ImportChoices,
    *,
    reset: str | None = None,
    input_shape: tuple[int, ...] | None = None,
) -> Imported:
    """The network of a torch module.

    Args:
        source: MODULE:NAME, or the module. With data to compare on MODULE:NAME is imported in the framework's process alone.
        input_shape: of a frame; that of the data's where it is not given.

    Raises:
        InputError: what cannot be mapped, by name; a module whose framework fails on the data. RunError: its process died.
    """
    from autosnn_hw.deploy.from_torch.framework_process import FrameworkProcess
    from autosnn_hw.importing.frames_sent import as_written, in_order

    refuse_without_training_samples(choices.finetune, data)
    if data is None or not choices.compare:
        return _here(source, data, choices, reset, input_shape)
    data, said = as_written(data) if input_shape is None else in_order(data, input_shape)
    with FrameworkProcess(source) as there:
        found = _beside_framework(there, data, choices, reset, input_shape or _frame_of(data))
    return replace(found, notes=(*said, *found.notes))


def _here(
    source: str | Any,
    data: ImportData | None,
    choices: ImportChoices,
    reset: str | None,
    input_shape: tuple[int, ...] | None,
) -> Imported:
    """Nothing is compared, so that its framework runs nothing."""
    from autosnn_hw.deploy.from_torch import slayer
    from autosnn_hw.deploy.from_torch.module_name import load
    from autosnn_hw.deploy.from_torch.network import module_of, plan_torch
    from autosnn_hw.deploy.from_torch.traced_module import trace
    from autosnn_hw.importing.frames_sent import as_written, in_order

    module = load(source) if isinstance(source, str) else module_of(source)
    if input_shape is None and data is None:
        named = source if isinstance(source, str) else type(module).__name__
        raise InputError(f"{named} does not say the shape of its input; give --input-shape C,H,W (or N), or --dataset.")
    said: list[str] = []
    if data is not None:
        data, said = as_written(data) if input_shape is None else in_order(data, input_shape)
    shape = input_shape or _frame_of(data)
    if slayer.has_blocks(module):
        _refuse_to_finetune_blocks(choices.finetune)
        network = slayer.from_slayer(module, shape, timesteps=choices.timesteps)
        return Imported(network, network.provenance["import"], notes=tuple(said))
    found = made(plan_torch(trace(module), shape, reset), data, choices, None, BY)
    return replace(found, notes=(*said, *found.notes))


def _beside_framework(
    there: FrameworkProcess, data: ImportData, choices: ImportChoices, reset: str | None, shape: tuple[int, ...]
) -> Imported:
    from autosnn_hw.deploy.from_graph.beside_floats import beside
    from autosnn_hw.deploy.from_torch.network import plan_torch
    from autosnn_hw.importing.frames_sent import cut_notes

    if there.traced is None:
        _refuse_to_finetune_blocks(choices.finetune)
        network = there.integers(shape, choices.timesteps)
        run = there.beside(network)
        found = beside(network, data.samples, data.labels, run, lava=has_lava())
        said = tuple(cut_notes(network, data, run, BY))
        return Imported(network, network.provenance["import"], {**found, "float_by": BY}, notes=said)

    def itself(part: np.ndarray, images: SeenImages | None) -> FloatRun:
        if images is None:
            return there.run(part.reshape(*part.shape[:2], *shape))
        return there.run(images.seen(part).reshape(len(part), *shape), images.timesteps)

    return made(plan_torch(there.traced, shape, reset), data, choices, itself, BY)


def _frame_of(data: ImportData | None) -> tuple[int, ...]:
    assert data is not None
    return tuple(data.samples.shape[2 if data.pixel_max is None else 1 :])


def _refuse_to_finetune_blocks(finetune: Finetune) -> None:
    refuse_to_finetune(finetune, "slayer's blocks hold the chip's integers already and were trained with them")
