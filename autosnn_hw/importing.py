"""One network of another framework: from a NIR file or a torch module to the chip's integers, beside the framework where data is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork


@dataclass(frozen=True, eq=False)
class Imported:
    """A network that was made elsewhere.

    Args:
        about: what was read, assumed and rounded, JSON-able.
        comparison: the framework beside the integers (`from_torch.compare`), or None without data.
    """

    network: ChipNetwork
    about: Mapping[str, Any]
    comparison: Mapping[str, Any] | None = None


def import_network(
    source: str | Path,
    frames: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    input_shape: tuple[int, ...] | None = None,
    timesteps: int | None = None,
) -> Imported:
    """What `autosnn-hw import` does, but for writing.

    Args:
        source: path of a NIR file, or MODULE:NAME of a torch module.
        frames, labels: spike frames (N, T, ..) and int64 (N,), to be compared on; in Lava, too, where it is installed.
        dt, fires_at_threshold: of a NIR file.
        input_shape: of a module; that of a frame where it is not given.

    Raises:
        InputError: what cannot be read or mapped; an option that the source has no use for.
    """
    from autosnn_hw.deploy.from_torch.source import is_source

    if is_source(str(source)):
        if dt is not None or fires_at_threshold:
            raise InputError("dt and firing at the threshold are of NIR files; a module says both itself.")
        return _module(str(source), frames, labels, reset, input_shape, timesteps)
    return _nir(source, frames, labels, dt, reset, fires_at_threshold, timesteps)


def _module(
    source: str,
    frames: np.ndarray | None,
    labels: np.ndarray | None,
    reset: str | None,
    input_shape: tuple[int, ...] | None,
    timesteps: int | None,
) -> Imported:
    from autosnn_hw.deploy.from_torch import compare, from_torch
    from autosnn_hw.deploy.from_torch.source import load

    module = load(source)
    if input_shape is None and frames is None:
        raise InputError(
            f"{source} does not say the shape of its input; give --input-shape C,H,W (or N), or --dataset."
        )
    shape = tuple(frames.shape[2:]) if input_shape is None and frames is not None else input_shape
    assert shape is not None
    network = from_torch(module, shape, reset=reset, timesteps=timesteps)
    comparison = None if frames is None else compare(module, network, frames, labels, lava=_has_lava())
    return Imported(network, network.provenance["import"], comparison)


def _nir(
    source: str | Path,
    frames: np.ndarray | None,
    labels: np.ndarray | None,
    dt: float | None,
    reset: str | None,
    fires_at_threshold: bool,
    timesteps: int | None,
) -> Imported:
    from autosnn_hw.deploy.from_nir import from_nir, read_back

    own = read_back(source, dt, reset, fires_at_threshold)
    network = own or from_nir(source, dt=dt, reset=reset, fires_at_threshold=fires_at_threshold)
    if timesteps is not None:
        network = ChipNetwork(**{**vars(network), "timesteps": timesteps})
    about = {"format": "nir", "read_back": True, "layers": []} if own else network.provenance["import"]
    return Imported(network, about, None if frames is None else _integers(network, frames, labels))


def _integers(network: ChipNetwork, frames: np.ndarray, labels: np.ndarray | None) -> dict[str, Any]:
    """The comparison of a network whose framework is not there: its integers and Lava."""
    from autosnn_hw.simulate import exact

    predictions = exact.run(network, frames).predictions(network.readout)
    accuracy = None if labels is None else float((predictions == labels).mean())
    mismatches = None
    if _has_lava():
        from autosnn_hw.simulate import lava, trace

        difference = trace.compare(exact.trace(network, frames), lava.trace(network, frames))
        mismatches = 0 if difference is None else difference.count
    return {
        "samples": len(frames),
        "timesteps": int(frames.shape[1]),
        "accuracy": {"float": None, "integer": accuracy, "lava": accuracy if mismatches == 0 else None},
        "equal_predictions": None,
        "layers": [],
        "first_difference": None,
        "lava_mismatches": mismatches,
    }


def _has_lava() -> bool:
    from autosnn_hw.simulate.lava import lava_status

    return lava_status()[0]
