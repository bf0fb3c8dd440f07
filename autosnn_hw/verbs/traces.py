"""Golden vectors, written and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.verbs import given
from autosnn_hw.verbs.files import Network, read
from autosnn_hw.verbs.running import samples_of


def trace(
    network: Network,
    dataset: str | np.ndarray = "digits",
    *,
    out: str | Path,
    split: str = "test",
    samples: int = 4,
    backend: str = "exact",
    timesteps: int | None = None,
    graded: bool = False,
    data_dir: str | None = None,
    download: bool = False,
    input_shape: tuple[int, ...] | None = None,
    layers: int | None = None,
) -> dict[str, Any]:
    """Golden vectors: inputs, spikes, u and v of every neuron and step in an npz file: `autosnn-hw trace`.

    Args:
        out: path of the npz file; its document stands beside it, with the ending .json.
        backend: "exact" or "lava".
        others: as `simulate` has them.

    Returns:
        the document, which says what each array is.

    Raises:
        InputError: bad input. RunError: the files cannot be written.

    Examples:
        >>> import numpy as np
        >>> from autosnn_hw import trace
        >>> document = trace("tiny.net", "npz:frames.npz", out="tiny.trace.npz")
        >>> with np.load("tiny.trace.npz") as arrays:
        ...     arrays[document["layers"][0]["spikes"]].shape, int(arrays["layer0_v"][0, 0, 0])
        ((2, 4, 2), 640)
    """
    from autosnn_hw.simulate import exact, stimulus, trace_file
    from autosnn_hw.simulate.frame_values import cut_values
    from autosnn_hw.simulate.sample_inputs import remarks, suited

    out, timesteps = given.path(out, "a trace is written to a path"), given.whole(timesteps, "timesteps")
    data = samples_of(dataset, None, split, data_dir, download).first(given.whole(samples, "samples"))
    found = network
    if not isinstance(found, ChipNetwork):
        found = read(found, input_shape=input_shape, sample_shape=data.inputs.shape[1:], layers=layers)
    inputs, notes = suited(found, data.inputs)
    if backend == "exact":
        traced = exact.trace(found, inputs, timesteps=timesteps, graded=graded, states=True)
    elif backend == "lava":
        from autosnn_hw.simulate import lava

        traced = lava.trace(found, inputs, timesteps=timesteps, graded=graded, states=True)
    else:
        raise InputError(f"unknown backend {backend!r}; exact and lava give traces.")
    about = {
        "network": {"file": None if isinstance(network, ChipNetwork) else str(network)},
        "dataset": {"name": data.dataset, "split": data.split},
        "backend": backend,
        "notes": [*notes, *cut_values(found, inputs, graded), *remarks(found, inputs)],
    }
    sent = stimulus.stimulus(found, inputs, timesteps=timesteps, graded=graded)
    return trace_file.write(out, found, sent, traced, about)


def trace_schema() -> dict[str, Any]:
    """JSON schema of the document beside a trace file."""
    from autosnn_hw.simulate import trace_file

    return trace_file.schema()


def compare_traces(a: str | Path, b: str | Path) -> dict[str, Any]:
    """Two trace files: the first value that differs, in the lowest sample, there the first layer, there the earliest step.

    Returns:
        {"equal", "layers", "samples", "timesteps", "first_difference": {layer, sample, step, neuron, quantity, a, b} or None,
        "differ": how many values do}.

    Raises:
        InputError: a file that is none, or traces of other layers, samples or steps.
    """
    from autosnn_hw.simulate import trace_file
    from autosnn_hw.simulate.trace import compare

    a, b = (given.path(file, "a trace is the path of an npz file") for file in (a, b))
    (first, document), (second, _) = trace_file.read(a), trace_file.read(b)
    found = compare(first, second)
    where = None
    if found is not None:
        where = {
            "layer": found.layer,
            "sample": found.sample,
            "step": found.step,
            "neuron": list(found.neuron),
            "quantity": found.quantity,
            "a": found.values[0],
            "b": found.values[1],
        }
    return {
        "equal": found is None,
        "layers": [layer.name for layer in first.layers],
        "samples": document["samples"],
        "timesteps": document["timesteps"],
        "first_difference": where,
        "differ": 0 if found is None else found.count,
    }
