"""`from_nir`: a NIR graph as a chip network, with an account of every constant that was read, assumed and rounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autosnn_hw.deploy.from_graph.euler_steps import Conventions, any_step, step_of
from autosnn_hw.deploy.from_graph.layer_maps import Plan, plan_of
from autosnn_hw.deploy.from_graph.network import chip_network
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork
from exporters import nir
from exporters.nir import graph as nir_graph

RESETS = ("hard", "subtract")


def from_nir(
    graph: str | Path | Any,
    *,
    dt: float | None = None,
    reset: str | None = None,
    fires_at_threshold: bool = False,
    exponential: bool = False,
) -> ChipNetwork:
    """A NIR graph as an integer network; `provenance["import"]` says what was read, assumed and rounded.

    Args:
        graph: path of a .nir file, or a `nir.NIRGraph`.
        dt: time step in the file's unit, which the file does not say; None where its constants give it away.
        reset: "hard": a neuron that fires is set to 0, as a chip does it; the file cannot say otherwise, and what was trained
            with reset by subtraction runs differently.
        fires_at_threshold: the framework fires at v >= threshold (sinabs, SpikingJelly), not above it.
        exponential: its neurons keep exp(-dt / tau) of their voltage (sinabs), not 1 - dt / tau.

    Returns:
        the network; of a file that `export` wrote and nobody has changed the very network that was written.

    Raises:
        InputError: damaged file; what cannot be mapped, by node, with the nearest that can.
    """
    own = read_back(graph, dt, reset, fires_at_threshold or exponential) if isinstance(graph, str | Path) else None
    if own is not None:
        return own
    return chip_network(plan_nir(graph, dt, reset, fires_at_threshold=fires_at_threshold, exponential=exponential))


def plan_nir(
    graph: str | Path | Any,
    dt: float | None,
    reset: str | None,
    *,
    fires_at_threshold: bool = False,
    exponential: bool = False,
) -> Plan:
    """`from_nir` before anything is rounded.

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
