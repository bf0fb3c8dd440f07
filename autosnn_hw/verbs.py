"""The verbs in Python: each does in one call what the command of its name does, and returns what the command prints, typed.

`from autosnn_hw import read, simulate` and so on. In the examples `tiny.net` is a network of three inputs and two neurons, and
`frames.npz` holds spike frames for it (x_test, uint8 (2, 4, 3), all ones).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import hw_profiles
from autosnn_hw import cost
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from hw_profiles import Profile

if TYPE_CHECKING:
    from autosnn_hw.activity import Activity
    from autosnn_hw.cost import Placement
    from autosnn_hw.cost_report import CostReport, FitReport
    from autosnn_hw.progress import Reporter
    from autosnn_hw.run_and_price import Measurement, Samples

DEFAULT_TARGET = "loihi2"
FORMATS = {"netx": ".net", "onnx": ".onnx", "onnx-step": ".step.onnx", "nir": ".nir", "cores": ".cores.json"}
"""Formats that are written, with the ending of their files."""

Network = ChipNetwork | str | Path
Target = Profile | str | Path | None


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

    Example:
        >>> from autosnn_hw import search
        >>> summary = search("run", strategy="random", epochs=6, budget=4, mean_cost_samples=2,
        ...     measure=0, finalists=1, finetune_epochs=1, baselines=False, workers=1)
        >>> summary["target"], summary["winner"]["weights"], summary["evaluated"]
        ('loihi2', 'inherited', 4)
    """
    from autosnn_hw import pipeline

    return pipeline.search(pipeline.config_for(choices, "search"), out, reporter)


def read(
    path: str | Path,
    *,
    input_shape: tuple[int, ...] | None = None,
    sample_shape: tuple[int, ...] | None = None,
    layers: int | None = None,
) -> ChipNetwork:
    """The network in a NetX file (.net), whoever wrote it.

    Args:
        input_shape: (C, H, W) or (N,), for a file that does not say it.
        sample_shape: shape of one sample, from which the input's is taken where the file does not say it.
        layers: read only so many entries, input and flatten counted.

    Raises:
        InputError: damaged, or not a network that can be run; names the layer.

    Example:
        >>> from autosnn_hw import read
        >>> [(layer.name, layer.shape) for layer in read("tiny.net").layers]
        [('in', (3,)), ('out', (2,))]
    """
    from exporters import netx

    return netx.read(path, input_shape=input_shape, sample_shape=sample_shape, num_layers=layers)


def write(
    network: Network,
    path: str | Path,
    *,
    form: str | None = None,
    target: Target = None,
    dt: float | None = None,
    fires_at_threshold: bool = False,
) -> Path:
    """Write a network: `autosnn-hw export`.

    Args:
        path: written whole or not at all; an existing file is replaced.
        form: one of `FORMATS`; by the ending of `path` where it is not given.
        target: refuse what this chip cannot hold; "cores" is written for it.
        dt, fires_at_threshold: of "nir": what a step lasts (1e-4), and for readers that fire at v >= threshold already.

    Raises:
        InputError: an unknown ending or form, or a network that the format cannot hold. RunError: the file cannot be written.
        DoesNotFitError: the target cannot hold the network.

    Example:
        >>> import numpy as np
        >>> from autosnn_hw import ChipNetwork, CubaNeuron, DenseLayer, InputLayer, read, write
        >>> neuron = CubaNeuron(vth_mant=10, v_decay=1024)
        >>> fc = DenseLayer("fc", (1,), np.array([[6, -2]]), neuron)
        >>> written = write(ChipNetwork((InputLayer("in", (2,)), fc)), "fc.net")
        >>> read(written).layers[1].weight.tolist()
        [[6, -2]]
        >>> write(written, "fc.onnx").name
        'fc.onnx'
    """
    path, network = Path(path), _network(network)
    form = form or _form_of(path)
    if form not in FORMATS:
        raise InputError(f"format {form!r} is not known; {', '.join(FORMATS)} are.")
    if target is not None:
        _refuse_what_does_not_fit(network, load_profile(target))
    if form != "nir" and (dt is not None or fires_at_threshold):
        raise InputError(f"dt and fires_at_threshold are of the format nir; {form} has neither.")
    if form == "netx":
        from exporters import netx

        netx.write(network, path)
    elif form == "nir":
        from exporters import nir

        nir.write(network, path, dt=nir.DT if dt is None else dt, fires_at_threshold=fires_at_threshold)
    elif form == "cores":
        from autosnn_hw.cost.cores import core_network
        from exporters import cores

        cores.write(core_network(network, load_profile(target or "truenorth")), path)
    else:
        from exporters import onnx

        onnx.write(network, path, form="scan" if form == "onnx" else "step")
    return path


def load_profile(target: Profile | str | Path) -> Profile:
    """The profile of a chip: `autosnn-hw targets NAME`.

    Args:
        target: a name, the path of a TOML file, or a profile, which comes back.

    Raises:
        InputError: unknown, or the file is no profile.

    Example:
        >>> from autosnn_hw import load_profile
        >>> loihi2 = load_profile("loihi2")
        >>> loihi2.name, load_profile(loihi2) is loihi2
        ('loihi2', True)
    """
    return target if isinstance(target, Profile) else hw_profiles.load(str(target))


def profile_for(network: ChipNetwork, target: Target = None, where: str | Path = "the network") -> Profile:
    """The target that is asked for, else the one that the network names, else Loihi 2.

    Args:
        where: the file, for the error.

    Raises:
        InputError: no such target. What a file names is taken as a name alone: a path in it is not read.
    """
    if target is not None:
        return load_profile(target)
    named = network.target or DEFAULT_TARGET
    if named not in hw_profiles.names():
        raise InputError(
            f"{where} was made for the target {named!r}, which is not among {', '.join(hw_profiles.names())}; give --target NAME, or the path of its profile."
        )
    return hw_profiles.load(named)


def check(network: Network, target: Target = None, *, remedies: bool = True) -> FitReport:
    """Whether a network fits a target, on which cores, and what would make it fit: `autosnn-hw check`.

    Args:
        network: or the path of a .net file.
        target: the one that the network names, else Loihi 2, where it is not given.
        remedies: look for the smallest changes that would fit.

    Raises:
        InputError: unknown target, or a file that is no network. Not fitting is an answer.

    Example:
        >>> from autosnn_hw import check
        >>> report = check("tiny.net", "truenorth")
        >>> report.fits, report.violations[0].resource
        (False, 'neuron kind leaky (allowed: memoryless)')
    """
    found = _network(network)
    return cost.check(found, profile_for(found, target, _name(network)), remedies=remedies)


def place(network: Network, target: Target = None) -> Placement:
    """The cores of every layer on a target; a layer that fits nowhere has cores None and says what is broken.

    Example:
        >>> from autosnn_hw import place
        >>> place("tiny.net", "loihi2").cores_used
        1
    """
    found = _network(network)
    return cost.place(found, profile_for(found, target, _name(network)))


def price(network: Network, activity: Activity, target: Target = None) -> CostReport:
    """Energy, time and messages of one inference on a target, for what a network did.

    Args:
        activity: of this network, as `simulate(..).activity` holds it: one run prices on many chips.

    Raises:
        DoesNotFitError: a layer fits on no core. InputError: the activity is not one of this network.

    Example:
        >>> from autosnn_hw import price, simulate
        >>> activity = simulate("tiny.net", "npz:frames.npz").activity
        >>> [price("tiny.net", activity, chip).cores_used for chip in ("loihi1", "loihi2")]
        [1, 1]
    """
    found = _network(network)
    return cost.price(found, activity, profile_for(found, target, _name(network)))


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
) -> Measurement:
    """Run a network and price what it did: `autosnn-hw simulate`.

    Args:
        network: or the path of a .net file.
        dataset: "digits", "cifar10", "npz:PATH", or the inputs themselves: images (N, C, H, W), frames (N, T, ..).
        labels: int (N,) of inputs that are given themselves.
        target: the one that the network names, else Loihi 2, where it is not given.
        split, samples: part of the dataset, and the first so many of it.
        backend: "exact", "lava" or "board".
        timesteps, graded, device, input_shape, layers, predictions: as the command's options.

    Returns:
        the activity, its price, and `document`, the JSON document of the command.

    Raises:
        InputError: bad input. DoesNotFitError: a layer fits on no core.

    Example:
        >>> import numpy as np
        >>> from autosnn_hw import simulate
        >>> done = simulate("tiny.net", np.ones((2, 4, 3), np.uint8), target="loihi2")
        >>> done.document["spikes"]["chip"], done.cost.cores_used
        (2.0, 1)
        >>> done.activity.outputs.tolist()
        [[2, 0], [2, 0]]
    """
    from autosnn_hw.run_and_price import measure

    data = _samples(dataset, labels, split, data_dir, download).first(samples)
    if isinstance(network, ChipNetwork):
        found, file = network, None
    else:
        found, file = read(network, input_shape=input_shape, sample_shape=data.inputs.shape[1:], layers=layers), network
    return measure(
        found,
        data,
        profile_for(found, target, _name(network)),
        backend=backend,
        timesteps=timesteps,
        graded=graded,
        device=device,
        file=file,
        with_predictions=predictions,
    )


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

    Example:
        >>> import numpy as np
        >>> from autosnn_hw import trace
        >>> document = trace("tiny.net", "npz:frames.npz", out="tiny.trace.npz")
        >>> with np.load("tiny.trace.npz") as arrays:
        ...     arrays[document["layers"][0]["spikes"]].shape, int(arrays["layer0_v"][0, 0, 0])
        ((2, 4, 2), 640)
    """
    from autosnn_hw.simulate import exact, stimulus, trace_file
    from autosnn_hw.simulate.sample_inputs import suited

    data = _samples(dataset, None, split, data_dir, download).first(samples)
    found = network
    if not isinstance(found, ChipNetwork):
        found = read(found, input_shape=input_shape, sample_shape=data.inputs.shape[1:], layers=layers)
    inputs, _ = suited(found, data.inputs)
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


def _samples(
    dataset: str | np.ndarray, labels: np.ndarray | None, split: str, data_dir: str | None, download: bool
) -> Samples:
    from autosnn_hw.run_and_price import Samples, load_samples

    if isinstance(dataset, str):
        return load_samples(dataset, split, data_dir=data_dir, download=download)
    if labels is not None and np.shape(labels) != (len(dataset),):
        raise InputError(f"there are {len(dataset)} inputs and labels of shape {np.shape(labels)}; one each is needed.")
    return Samples(np.asarray(dataset), None if labels is None else np.asarray(labels, np.int64), "given", split)


def _network(network: Network) -> ChipNetwork:
    return network if isinstance(network, ChipNetwork) else read(network)


def _name(network: Network) -> str | Path:
    return "the network" if isinstance(network, ChipNetwork) else network


def _form_of(path: Path) -> str:
    for form, ending in sorted(FORMATS.items(), key=lambda item: -len(item[1])):
        if path.name.endswith(ending):
            return form
    raise InputError(f"{path} has none of the endings {', '.join(FORMATS.values())}; give one of them, or the format.")


def _refuse_what_does_not_fit(network: ChipNetwork, profile: Profile) -> None:
    from autosnn_hw.errors import DoesNotFitError

    report = cost.check(network, profile)
    if not report.fits:
        first = report.violations[0]
        raise DoesNotFitError(
            f"the network does not fit {report.target}: layer {first.layer!r} needs {first.needed:g} of {first.resource}, the limit is {first.limit:g}; nothing was written."
        )
