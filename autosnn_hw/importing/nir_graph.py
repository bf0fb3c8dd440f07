"""A NIR file, or a graph in memory, imported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autosnn_hw.errors import InputError
from autosnn_hw.importing.chosen_integers import (
    integers_alone,
    made,
    refuse_to_finetune,
    refuse_without_training_samples,
)
from autosnn_hw.importing.imported import ImportChoices, Imported
from autosnn_hw.words.quantities import percent

if TYPE_CHECKING:
    from autosnn_hw.deploy.from_graph.layer_maps import Plan
    from autosnn_hw.importing.import_data import ImportData


def of_nir(
    source: str | Path | Any,
    data: ImportData | None,
    choices: ImportChoices,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    exponential: bool = False,
) -> Imported:
    """The network of a NIR file or a `nir.NIRGraph`; of a file that `export` wrote and nobody has changed, the one that was written.

    Raises:
        InputError: what cannot be read or mapped, by node; of reset by subtraction with data, what reset to 0 costs.
    """
    from autosnn_hw.deploy.from_graph import float_run
    from autosnn_hw.deploy.from_nir import plan_nir, read_back
    from autosnn_hw.importing.frames_sent import cut_notes, in_order

    refuse_without_training_samples(choices.finetune, data)
    how = {"fires_at_threshold": fires_at_threshold, "exponential": exponential}
    own = read_back(source, dt, reset, any(how.values())) if isinstance(source, str | Path) else None
    if own is not None:
        refuse_to_finetune(choices.finetune, "the file holds the integers of a network that was exported here")
        network = own if choices.timesteps is None else replace(own, timesteps=choices.timesteps)
        about = {"format": "nir", "read_back": True, "layers": []}
        if data is None:
            return Imported(network, about)
        data, said = in_order(data, network.input_layer.shape)
        notes = (*said, *cut_notes(network, data, None, ""))
        return Imported(network, about, integers_alone(network, data) if choices.compare else None, notes=notes)
    if reset == "subtract" and data is not None:
        hard = plan_nir(source, dt, "hard", **how)
        raise InputError(_cost_of_hard_reset(hard, in_order(data, tuple(hard.input_shape))[0]))
    plan = plan_nir(source, dt, reset, **how)
    run = float_run.run
    floats = (lambda part, images: run(plan, part, images)) if choices.compare else None
    return made(plan, data, choices, floats, "the file's equations")


def _cost_of_hard_reset(plan: Plan, data: ImportData) -> str:
    """The refusal of reset by subtraction, with what reset to 0 costs."""
    from autosnn_hw.deploy.from_graph import float_run
    from autosnn_hw.deploy.from_graph.beside_floats import sent
    from autosnn_hw.deploy.from_graph.network import chip_network
    from autosnn_hw.simulate import exact

    count = len(data.samples)
    network = chip_network(plan)
    frames = sent(network, data.samples)
    soft = float_run.run(replace(plan, how=replace(plan.how, subtracts=True)), frames).outputs.argmax(axis=1)
    hard = exact.run(network, data.samples).predictions(network.readout)
    if data.labels is None:
        cost = f"its predictions are then the same for {percent(float((soft == hard).mean()))} of {count} samples"
    else:
        one, two = (percent(float((found == data.labels).mean())) for found in (soft, hard))
        cost = (
            f"of {count} samples {two} are then right, and {one} by its equations in floats with reset by subtraction"
        )
    return (
        "reset by subtraction cannot be mapped: a chip's neuron that fires is set to 0. --reset hard runs the network so: "
        f"{cost}; --finetune-epochs trains it on with that reset."
    )
