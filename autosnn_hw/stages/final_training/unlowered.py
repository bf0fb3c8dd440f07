"""A network that no chip network is made of: trained, counted as floats, and kept with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autosnn_hw.architecture.macro_architectures import UNLOWERED
from autosnn_hw.architecture.size_list import one_size
from autosnn_hw.config import SearchConfig
from autosnn_hw.run_folder import read_json, write_json
from autosnn_hw.seeds import derive_seed
from autosnn_hw.stages.final_training.learnt import Tell
from autosnn_hw.stages.schedules import alone, network_schedule
from autosnn_hw.training.compute.threads import one_thread
from autosnn_hw.training.data import datasets
from autosnn_hw.training.modules.spiking_network import parameter_count
from autosnn_hw.training.unlowered_networks import train_unlowered


def trained_as_floats(name: str, config: SearchConfig, folder: Path, tell: Tell) -> dict[str, Any]:
    """The result of one of `macro_architectures.UNLOWERED`, from the folder where it is there already.

    Returns:
        what `train --json` prints of any network, null where only a chip network has a number, and "not_lowered": why.

    Raises:
        InputError: samples that are too small, missing data, frames of another T. RunError: a file could not be written.
    """
    done = folder / f"{name}.json"
    if done.is_file():
        return dict(read_json(done))
    data = datasets.load(config.dataset, data_dir=config.data_dir, graded=config.graded)
    schedule = alone(network_schedule(config, derive_seed(config.seed, "retrain", name)))
    with one_thread():
        network, found, losses = train_unlowered(
            name,
            data,
            width=one_size(config.width, "width"),
            timesteps=one_size(config.timesteps, "timesteps"),
            schedule=schedule,
            device=config.device,
            checkpoint=folder / f"{name}.safetensors",
            progress=lambda epoch, total, loss: tell(epoch, total, f"loss {loss:.4f}"),
        )
    result = {
        "architecture": name,
        "file": None,
        "not_lowered": UNLOWERED[name],
        "accuracy": {"float": found.accuracy, "quantised": None, "exact_test": None},
        "float_spikes": found.spikes,
        "float_firing_rate": found.firing_rate,
        "parameters": parameter_count(network),
        "fits": False,
        "samples": len(data.x_test),
        "spikes": None,
        "synops": None,
        "energy": None,
        "latency": None,
        "cores": None,
        "curves": {"loss": losses},
    }
    write_json(done, result)
    return result
