"""A NIR graph as a plan of layers, with an account of every constant that was read and assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autosnn_hw.deploy.from_graph.euler_steps import Conventions, any_step, step_of
from autosnn_hw.deploy.from_graph.layer_maps import Plan, plan_of
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from exporters import nir
from exporters.nir import graph as nir_graph

RESETS = ("hard", "subtract")


def plan_nir(
    graph: str | Path | Any,
    dt: float | None,
    reset: str | None,
    *,
    fires_at_threshold: bool = False,
    exponential: bool = False,
) -> Plan:
    """The layers of a NIR graph before anything is rounded.

    Args:
        graph: path of a .nir file, or a `nir.NIRGraph`.
        dt, reset, fires_at_threshold, exponential: as `autosnn_hw.from_nir` has them.

    Raises:
        InputError: all that the file does not say and all that cannot be mapped, by node, a line each.
    """
    found, problems = nir_graph.survey(graph)
    if not found.whole:
        problems.refuse()  # what hangs on an edge to nowhere cannot be told
    with problems.kept():
        _check_reset(reset)
    step, known = 0.0, ""
    with problems.kept():
        step, known = step_of(found, dt)
    if not step:
        step, found = any_step(found)
    about = {
        "format": "nir",
        "dt": step,
        "dt_is": known,
        "reset": reset,
        "fires": "at the threshold" if fires_at_threshold else "above the threshold",
        "decay": "exponential" if exponential else "euler",
    }
    return plan_of(found, Conventions(step, exponential, fires_at_threshold), about, problems=problems)


def read_back(
    path: str | Path, dt: float | None = None, reset: str | None = None, other_conventions: bool = False
) -> ChipNetwork | None:
    """The network in a file that `export` wrote, where nothing else is asked of it than what it says itself; else None.

    Args:
        other_conventions: something is asked (a threshold that fires, exponential decays).
    """
    if reset not in (None, "hard") or other_conventions:
        return None
    return nir.read(path, dt=dt)


def _check_reset(reset: str | None) -> None:
    if reset == "hard":
        return
    if reset is None:
        raise InputError(
            "a NIR file does not say how its neurons reset: give --reset hard (set to 0) or --reset subtract (the threshold is taken off; "
            "snnTorch's and sinabs' default)."
        )
    if reset == "subtract":
        raise InputError(
            "reset by subtraction cannot be mapped: a chip's neuron that fires is set to 0. --reset hard runs the network so; its spikes "
            "then differ from the framework's, so measure its accuracy (simulate) or train it with reset to zero."
        )
    raise InputError(f"reset {reset!r} is not known; {', '.join(RESETS)} are.")
