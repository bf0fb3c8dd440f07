"""Networks run on samples, and searched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autosnn_hw.network import ChipNetwork
from autosnn_hw.verbs import given
from autosnn_hw.verbs.files import Network, Target, name_of, profile_for, read

if TYPE_CHECKING:
    from autosnn_hw.run_and_price import PricedRun, Samples
    from autosnn_hw.words.progress import Reporter


def search(out: str | Path | None = None, *, reporter: Reporter | None = None, **choices: Any) -> dict[str, Any]:
    """Search a network for a target, deploy it, run it in Lava and report: `autosnn-hw search`.

    Args:
        out: run folder, which must not exist; a numbered one under runs/ where it is not given.
        reporter: told what is going on; nothing is said without one.
        choices: fields of `autosnn_hw.config.SearchConfig` (target, dataset, lam, epochs, ..); sizes and schedule that are not
            given are those of dataset and target, as on the command line. `workers` other than 1 starts processes, which
            import the calling script again: call from under `if __name__ == "__main__"`.

    Returns:
        summary.json of the run.

    Raises:
        InputError: bad choices, missing data, an existing folder. DoesNotFitError: nothing fits the target.
        SpikesDifferError: Lava counted other spikes than the exact simulator. RunError: Lava died, the disk is full.

    Examples:
        >>> from autosnn_hw import search
        >>> summary = search("run", strategy="random", epochs=6, budget=4, mean_cost_samples=2,
        ...     measure=0, finalists=1, finetune_epochs=1, baselines=False, workers=1)
        >>> summary["target"], summary["winner"]["weights"], summary["evaluated"]
        ('loihi2', 'inherited', 4)
    """
    from autosnn_hw import pipeline

    return pipeline.search(pipeline.config_for(choices, "search"), out, reporter)


def simulate(
    network: Network,
    dataset: str | np.ndarray = "digits",
    labels: np.ndarray | None = None,
    *,
    target: Target = None,
    split: str = "test",
    samples: int | None = None,
    backend: str = "exact",
    timesteps: int | None = None,
    graded: bool = False,
    device: str = "cpu",
    data_dir: str | None = None,
    download: bool = False,
    input_shape: tuple[int, ...] | None = None,
    layers: int | None = None,
    predictions: bool = False,
) -> PricedRun:
    """Run a network and price what it did: `autosnn-hw simulate`.

    Args:
        network: or the path of a .net file.
        dataset: "digits", "cifar10", "npz:PATH", or the inputs themselves: images (N, C, H, W), frames (N, T, ..).
        labels: int (N,) of inputs that are given themselves, from 0 to the number of the network's classes less 1.
        target: the one that the network names, else Loihi 2, where it is not given.
        split, samples: part of the dataset, and the first so many of it.
        backend: "exact", "lava" or "board".
        timesteps, graded, device, input_shape, layers, predictions: as the command's options.

    Returns:
        the activity, its price, and `document`, the JSON document of the command.

    Raises:
        InputError: bad input. DoesNotFitError: a layer fits on no core.

    Examples:
        >>> import numpy as np
        >>> from autosnn_hw import simulate
        >>> done = simulate("tiny.net", np.ones((2, 4, 3), np.uint8), target="loihi2")
        >>> done.document["spikes"]["chip"], done.cost.cores_used
        (2.0, 1)
        >>> done.activity.outputs.tolist()
        [[2, 0], [2, 0]]
    """
    from autosnn_hw.run_and_price import measure

    device, timesteps = given.device(device), given.whole(timesteps, "timesteps")
    data = samples_of(dataset, labels, split, data_dir, download).first(given.whole(samples, "samples"))
    if isinstance(network, ChipNetwork):
        found, file = network, None
    else:
        found, file = read(network, input_shape=input_shape, sample_shape=data.inputs.shape[1:], layers=layers), network
    return measure(
        found,
        data,
        profile_for(found, target, name_of(network)),
        backend=backend,
        timesteps=timesteps,
        graded=graded,
        device=device,
        file=file,
        with_predictions=predictions,
    )


def samples_of(
    dataset: str | np.ndarray, labels: np.ndarray | None, split: str, data_dir: str | None, download: bool
) -> Samples:
    from autosnn_hw.run_and_price import Samples, load_samples

    if isinstance(dataset, str):
        return load_samples(dataset, split, data_dir=data_dir, download=download)
    inputs = given.inputs(dataset)
    return Samples(inputs, given.labels(labels, len(inputs)), "given", split)
