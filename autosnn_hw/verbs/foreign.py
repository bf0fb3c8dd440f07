"""Networks of other frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autosnn_hw import importing
from autosnn_hw.errors import InputError
from autosnn_hw.importing import SAMPLES, Finetune, ImportChoices, Imported
from autosnn_hw.network import ChipNetwork
from autosnn_hw.verbs import given
from autosnn_hw.words.progress import Silent

if TYPE_CHECKING:
    from autosnn_hw.importing.import_data import ImportData
    from autosnn_hw.words.progress import Reporter

Shape = tuple[int, ...]


def from_nir(
    graph: str | Path | Any,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    exponential: bool = False,
    timesteps: int | None = None,
    dataset: str | np.ndarray | None = None,
    labels: np.ndarray | None = None,
    samples: int | None = SAMPLES,
    data_dir: str | Path | None = None,
    pixel_max: float | None = None,
    finetune_epochs: int = Finetune.epochs,
    seed: int = Finetune.seed,
    reporter: Reporter | None = None,
) -> ChipNetwork:
    """A NIR graph as an integer network, as `autosnn-hw import` writes it; `provenance["import"]` says what was read, assumed and rounded.

    Args:
        graph: path of a .nir file, or a `nir.NIRGraph`.
        dt: time step in the file's unit, which the file does not say; None where its constants give it away.
        reset: "hard": a neuron that fires is set to 0, as a chip does it; the file cannot say otherwise, and what was trained
            with reset by subtraction runs differently.
        fires_at_threshold: the framework fires at v >= threshold (sinabs, SpikingJelly), not above it.
        exponential: its neurons keep exp(-dt / tau) of their voltage (sinabs), not 1 - dt / tau.
        timesteps: that travel with the network; of images needed.
        dataset: scales are chosen on it: a name or "npz:PATH" as the command takes it, or the samples themselves, spike frames
            (N, T, ..) or images (N, C, H, W).
        labels: int (N,) of samples that are given themselves; all of these are then for training, the last fifth for validation.
        samples: of a data set's test part, where it has no training part to choose scales on.
        data_dir, pixel_max: of the data set, as the command's options.
        finetune_epochs, seed: train on with the integers in the loop, which takes labels.
        reporter: told of every epoch; nothing is said without one.

    Returns:
        the network; of a file that `export` wrote and nobody has changed the very network that was written.

    Raises:
        InputError: damaged file; what cannot be mapped, by node, with the nearest that can; data of another shape, or none to
            fine-tune on.

    Examples:
        >>> import nir, numpy as np
        >>> from autosnn_hw import from_nir, write
        >>> network = from_nir(write("tiny.net", "tiny.nir"))
        >>> network.layers[1].name, network.layers[1].neuron.v_decay
        ('out', 512)
        >>> graph, labels = nir.read("tiny.nir"), np.arange(60) % 2
        >>> frames = np.tile(np.eye(3, dtype=np.uint8)[labels][:, None], (1, 4, 1))
        >>> tuned = from_nir(graph, dt=1e-4, reset="hard", dataset=frames, labels=labels, finetune_epochs=1)
        >>> tuned.layers[1].neuron.v_decay
        512
    """
    from autosnn_hw.importing.nir_graph import of_nir

    if not isinstance(graph, str | Path) and not hasattr(graph, "nodes"):
        raise InputError(
            f"{type(graph).__name__} is no NIR graph; the path of a .nir file or a nir.NIRGraph is needed."
        )
    data = _data(dataset, labels, samples, data_dir, pixel_max)
    choices = _choices(timesteps, finetune_epochs, seed, reporter)
    how = {"fires_at_threshold": fires_at_threshold, "exponential": exponential}
    return of_nir(graph, data, choices, dt=dt, reset=reset, **how).network


def from_torch(
    module: Any,
    input_shape: Shape | None = None,
    *,
    reset: str | None = None,
    timesteps: int | None = None,
    dataset: str | np.ndarray | None = None,
    labels: np.ndarray | None = None,
    samples: int | None = SAMPLES,
    data_dir: str | Path | None = None,
    pixel_max: float | None = None,
    finetune_epochs: int = Finetune.epochs,
    seed: int = Finetune.seed,
    reporter: Reporter | None = None,
) -> ChipNetwork:
    """A module with neurons of snnTorch, norse or SpikingJelly, or of lava-dl's slayer blocks, as an integer network, as
    `autosnn-hw import` writes it.

    The module stays as it is. `provenance["import"]` says what was read, assumed and rounded.

    Args:
        module: nn.Sequential, or one whose forward torch.fx can trace: Conv1d, Conv2d, Linear, BatchNorm, AvgPool2d, MaxPool2d,
            Flatten, additions, and neurons; one time step, or a loop over a fixed number of them.
        input_shape: (C, H, W), (C, L) or (N,) of one frame of spikes; that of the data's where it is not given.
        reset: None: as the neurons do it; "hard": those that subtract their threshold are set to 0 on the chip, as it can do
            no other, and a note says which (`import_network` says what it costs).
        timesteps, dataset, labels, samples, data_dir, pixel_max, finetune_epochs, seed, reporter: as `from_nir` has them.

    Raises:
        InputError: what cannot be mapped, by name, with the nearest that can; data of another shape, or none to fine-tune on.

    Examples:
        >>> import numpy as np, snntorch, torch
        >>> from autosnn_hw import from_torch
        >>> lif = snntorch.Leaky(beta=0.75, reset_mechanism="zero", init_hidden=True)
        >>> module = torch.nn.Sequential(torch.nn.Linear(3, 2), lif)
        >>> network = from_torch(module, (3,))
        >>> network.layers[1].shape, network.layers[1].neuron.v_decay
        ((2,), 1024)
        >>> labels = np.arange(60) % 2
        >>> frames = np.tile(np.eye(3, dtype=np.uint8)[labels][:, None], (1, 4, 1))
        >>> from_torch(module, dataset=frames, labels=labels, finetune_epochs=1).layers[1].neuron.v_decay
        1024
    """
    from autosnn_hw.importing.torch_module import of_module

    data = _data(dataset, labels, samples, data_dir, pixel_max)
    choices = _choices(timesteps, finetune_epochs, seed, reporter)
    return of_module(module, data, choices, reset=reset, input_shape=_shape(input_shape)).network


def import_network(
    source: str | Path | Any,
    dataset: str | np.ndarray | None = None,
    labels: np.ndarray | None = None,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    exponential: bool = False,
    input_shape: Shape | None = None,
    timesteps: int | None = None,
    samples: int | None = SAMPLES,
    data_dir: str | Path | None = None,
    pixel_max: float | None = None,
    finetune_epochs: int = Finetune.epochs,
    seed: int = Finetune.seed,
    reporter: Reporter | None = None,
) -> Imported:
    """`from_nir` or `from_torch`, and with data what the network does in floats, as integers and in Lava: `autosnn-hw import`.

    Args:
        source: path of a .nir file, a `nir.NIRGraph`, "MODULE:NAME" or a torch module, whose own framework runs it on the samples in a
            process of its own.
        samples: of the data that are run.
        others: as `from_nir` and `from_torch` have them.

    Returns:
        `network`, and of the command's JSON document `about`, `comparison`, `calibration` and `finetuning`.

    Raises:
        InputError: as both. RunError: the framework's process, or Lava's, died.

    Examples:
        >>> import nir, numpy as np
        >>> from autosnn_hw import import_network, write
        >>> graph = nir.read(write("tiny.net", "tiny.nir"))
        >>> done = import_network(graph, np.ones((2, 4, 3), np.uint8), dt=1e-4, reset="hard")
        >>> done.about["dt_is"], done.comparison["samples"], done.comparison["layers"][0]["differ"]
        ('given', 2, 0)
    """
    return importing.import_network(
        source,
        _data(dataset, labels, samples, data_dir, pixel_max),
        _choices(timesteps, finetune_epochs, seed, reporter, compare=True),
        dt=dt,
        reset=reset,
        fires_at_threshold=fires_at_threshold,
        exponential=exponential,
        input_shape=_shape(input_shape),
    )


def _data(
    dataset: str | np.ndarray | None,
    labels: np.ndarray | None,
    samples: int | None,
    data_dir: str | Path | None,
    pixel_max: float | None,
) -> ImportData | None:
    from autosnn_hw.importing.import_data import given_data, load_data

    samples = given.whole(samples, "samples")
    if samples is not None and samples < 1:
        raise InputError(f"samples is {samples}; at least 1 is needed.")
    if labels is not None and (dataset is None or isinstance(dataset, str)):
        raise InputError("labels are of samples that are given themselves; a data set has its own.")
    if dataset is None:
        return None
    if isinstance(dataset, str):
        return load_data(dataset, samples, None if data_dir is None else str(data_dir), pixel_max)
    inputs = given.inputs(dataset)
    return given_data(inputs, given.labels(labels, len(inputs)), samples, pixel_max)


def _choices(
    timesteps: int | None, epochs: int, seed: int, reporter: Reporter | None, compare: bool = False
) -> ImportChoices:
    epochs, seed = given.whole(epochs, "finetune_epochs") or 0, given.whole(seed, "seed") or 0
    if epochs < 0:
        raise InputError(f"finetune_epochs is {epochs}; 0 or more is needed.")
    return ImportChoices(given.whole(timesteps, "timesteps"), Finetune(epochs, seed, reporter or Silent()), compare)


def _shape(shape: Any) -> Shape | None:
    if shape is None:
        return None
    sides = np.asarray(shape).reshape(-1)
    if not sides.size or sides.dtype.kind not in "iu" or (sides < 1).any():
        raise InputError(f"input_shape is {shape!r}; (C, H, W), (C, L) or (N,) of whole numbers is needed.")
    return tuple(int(side) for side in sides)
