"""Networks and profiles, read and written."""

from __future__ import annotations

import shlex
from pathlib import Path

import hw_profiles
from autosnn_hw import cost
from autosnn_hw.default_target import DEFAULT_TARGET
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from autosnn_hw.verbs import given
from hw_profiles import Profile

A_NETWORK = "a network is a ChipNetwork or the path of a .net file"
FORMATS = {"netx": ".net", "onnx": ".onnx", "onnx-step": ".step.onnx", "nir": ".nir", "cores": ".cores.json"}
"""Formats that are written, with the ending of their files."""

OTHER_KINDS = {
    ".onnx": "an ONNX file, and the NetX file (.net) that it was exported from is needed; `simulate {file} --backend onnxruntime` runs it",
    ".nir": "a NIR file, and a NetX file (.net) is needed; `import {file} -o net.net` makes one of it",
    ".py": "a Python file, and a NetX file (.net) is needed; `import {file}:NAME -o net.net` makes one of the torch module NAME in it",
}
"""Files that are taken for networks and that other verbs take, by their ending: what they are, and what would work."""

Network = ChipNetwork | str | Path
Target = Profile | str | Path | None


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
        InputError: damaged, or not a network that can be run; names the layer. The folder of a run, or a file of another format:
            says what would work.

    Examples:
        >>> from autosnn_hw import read
        >>> [(layer.name, layer.shape) for layer in read("tiny.net").layers]
        [('in', (3,)), ('out', (2,))]
    """
    from exporters import netx

    path = given.path(path, A_NETWORK)
    _refuse_another_kind(Path(path))
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
        form: one of `FORMATS`; by the ending of `path` where it is not given, which may not be another format's where it is.
        target: refuse what this chip cannot hold; "cores" is written for it.
        dt, fires_at_threshold: of "nir": what a step lasts (1e-4), and for readers that fire at v >= threshold already.

    Raises:
        InputError: an unknown ending or form, or a network that the format cannot hold. RunError: the file cannot be written.
        DoesNotFitError: the target cannot hold the network.

    Examples:
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
    path, network = Path(given.path(path, "a network is written to a path")), loaded(network)
    form = form_for(path, form)
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

    Examples:
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


def loaded(network: Network) -> ChipNetwork:
    return network if isinstance(network, ChipNetwork) else read(network)


def name_of(network: Network) -> str | Path:
    return "the network" if isinstance(network, ChipNetwork) else network


def form_for(path: Path, form: str | None = None) -> str:
    """The format that a file is written in: `form`, or by the ending of its path where that is None.

    Raises:
        InputError: an unknown form; an ending that no format has, and no form; or an ending that is another format's.
    """
    endings = sorted(FORMATS.items(), key=lambda item: -len(item[1]))
    of_path = next((known for known, ending in endings if path.name.endswith(ending)), None)
    if form is None:
        if of_path is None:
            raise InputError(
                f"{path} has none of the endings {', '.join(FORMATS.values())}; give one of them, or the format."
            )
        return of_path
    if form not in FORMATS:
        raise InputError(f"format {form!r} is not known; {', '.join(FORMATS)} are.")
    if of_path is not None and not FORMATS[form].endswith(FORMATS[of_path]):  # .onnx is an ending of onnx-step, too
        raise InputError(
            f"{path} ends as files of the format {of_path} do, and {form} was asked for; an ending {FORMATS[form]}, or no format, would work."
        )
    return form


def _refuse_another_kind(path: Path) -> None:
    from autosnn_hw.run_folder import CONFIG, WINNER_NET

    if path.is_dir() and (path / WINNER_NET).is_file():
        raise InputError(
            f"{path} is the folder of a run, and a NetX file is needed: {path / WINNER_NET} is its network."
        )
    if path.is_dir() and (path / CONFIG).is_file():
        raise InputError(
            f"{path} is the folder of a run that has no {WINNER_NET} yet; `search --resume {shlex.quote(str(path))}` goes on with it."
        )
    if path.is_file() and path.suffix in OTHER_KINDS:
        raise InputError(f"{path} is {OTHER_KINDS[path.suffix].format(file=shlex.quote(str(path)))}.")


def _refuse_what_does_not_fit(network: ChipNetwork, profile: Profile) -> None:
    from autosnn_hw.errors import DoesNotFitError

    report = cost.check(network, profile)
    if not report.fits:
        first = report.violations[0]
        raise DoesNotFitError(
            f"the network does not fit {report.target}: layer {first.layer!r} needs {first.needed:g} of {first.resource}, the limit is {first.limit:g}; nothing was written."
        )
