"""NIR's neurons in steps of dt: what a differential equation becomes in the Euler steps that frameworks and chips take.

LIF: tau v' = (v_leak - v) + r I, so v += dt / tau ((v_leak - v) + r I). A `CubaLIF`'s current goes the same way:
tau_syn I' = -I + w_in S. Sources: Pedersen et al. 2024; conventions of each framework: docs/nir.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems
from exporters.nir.graph import NEEDED, OPTIONAL, NirGraph, NirNode

KINDS = ("IF", "LIF", "CubaLIF", "I", "LI", "CubaLI", "Threshold")
OR = "MaxPool2d"
"""Of spikes: neurons that fire where any of their inputs does."""
SILENT = ("I", "LI", "CubaLI")
"""Kinds that integrate and never fire: a readout."""
TIMES = ("tau", "tau_mem", "tau_syn")
AGREE = 1e-3  # relative; how closely the neurons of a file must agree on a dt that it does not say


@dataclass(frozen=True)
class Conventions:
    """What a graph does not say of how its framework runs it.

    Args:
        dt: of a step, in the graph's unit of time.
        exponential: between steps voltages follow the solution of their equation, v = a v + (1 - a) r I with a = exp(-dt / tau)
            (sinabs), and not Euler steps, a = 1 - dt / tau.
        fires_at: a neuron fires at v >= threshold, not above it.
        subtracts: a neuron that fires loses its threshold there; on the chip it is set to 0 all the same.
    """

    dt: float
    exponential: bool = False
    fires_at: bool = False
    subtracts: bool = False


@dataclass(frozen=True, eq=False)
class Discrete:
    """Constants of a neuron node in steps, arrays that broadcast to its shape.

    Args:
        gain: what a synaptic value is multiplied by before it reaches the voltage.
        drive: added to the voltage in every step (v_leak).
        v_decay, i_decay: share of voltage and current that is forgotten in a step; 1 where there is no memory.
        threshold: of the voltage; None where the neuron never fires.
    """

    gain: np.ndarray
    drive: np.ndarray
    v_decay: np.ndarray
    i_decay: np.ndarray
    threshold: np.ndarray | None


def discrete(node: NirNode, how: Conventions) -> Discrete:
    """The constants of a node in steps.

    Raises:
        InputError: a time constant is not above 0, the neuron resets to something else than 0, or its threshold is negative; all of it.
    """
    if node.kind == OR:
        return Discrete(np.ones(()), np.zeros(()), np.ones(()), np.ones(()), np.full((), 0.5))
    value = {
        key: np.asarray(array, float)
        for key, array in node.values.items()
        if key in NEEDED[node.kind] or (key in OPTIONAL and array is not None)
    }
    shapes = {array.shape for array in value.values() if array.size > 1}
    if len(shapes) > 1:
        raise InputError(
            f"node {node.name!r} ({node.kind}): its parameters have the shapes {sorted(shapes)}; one is needed."
        )
    value = {key: array if array.size > 1 else array.reshape(()) for key, array in value.items()}
    zero, one = np.zeros(()), np.ones(())
    problems = Problems(f"node {node.name!r}")
    if np.any(value.get("v_reset", zero)):
        problems.add(
            f"node {node.name!r} ({node.kind}) resets to {float(np.max(value['v_reset'])):g}; a chip's neuron resets to 0: shift v_leak, "
            "v_reset and v_threshold so that v_reset is 0."
        )
    threshold = value.get("threshold" if node.kind == "Threshold" else "v_threshold")
    with problems.kept():
        refuse_below_zero(threshold, node.name)
    shares = {}
    for time in [time for time in TIMES if time in value]:
        with problems.kept():
            shares[time] = _share(node, time, value[time], how)
    problems.refuse()
    if node.kind == "Threshold":
        return Discrete(one, zero, one, one, threshold)
    if node.kind in ("IF", "I"):
        return Discrete(value["r"] * how.dt, zero, zero, one, threshold)
    share = shares["tau_mem" if node.kind.startswith("Cuba") else "tau"]
    gain, current = share * value["r"], one
    if node.kind.startswith("Cuba"):
        current = shares["tau_syn"]
        gain = gain * current * value["w_in"]
    return Discrete(gain, share * value["v_leak"], share, current, threshold)


def refuse_long_step(nodes: Sequence[NirNode], how: Conventions) -> None:
    """Refuse an Euler step that is longer than a time constant of some neurons: once, as it is the step that is wrong.

    Raises:
        InputError: it is; names the first node of these.
    """
    short = [
        (node, time, float(np.min(node.values[time])))
        for node in nodes
        for time in TIMES
        if time in node.values and not how.exponential
    ]
    short = [(node, time, least) for node, time, least in short if least > 0 and how.dt > least * (1 + AGREE)]
    if short:
        node, time, least = short[0]
        others = len({one.name for one, _, _ in short} - {node.name})
        more = f", and than time constants of {others} other node{'s' if others > 1 else ''}" if others else ""
        raise InputError(
            f"node {node.name!r} ({node.kind}): dt {how.dt:g} is longer than its {time} {least:g}{more}; give the step that it was "
            "trained with (--dt), in the same unit."
        )


def refuse_below_zero(threshold: np.ndarray | None, name: str) -> None:
    """Refuse a threshold below 0 (the voltage at rest), which no chip has.

    Raises:
        InputError: there is one; names the node.
    """
    if threshold is not None and (threshold < 0).any():
        raise InputError(f"node {name!r}: its threshold is {float(threshold.min()):g}; 0 or more is needed.")


def _share(node: NirNode, name: str, tau: np.ndarray, how: Conventions) -> np.ndarray:
    """The share that is forgotten in a step."""
    if (tau <= 0).any():
        raise InputError(f"node {node.name!r} ({node.kind}): {name} is {float(tau.min()):g}; a time above 0 is needed.")
    share = how.dt / tau
    if how.exponential:
        return np.asarray(-np.expm1(-share))
    return np.minimum(share, 1.0)


def step_of(graph: NirGraph, dt: float | None) -> tuple[float, str]:
    """The step and how it is known.

    snnTorch and SpikingJelly write r = tau / dt (and w_in = tau_syn / dt), from which it can be told; nobody else writes it.

    Raises:
        InputError: it is neither given nor in the constants; names the neurons that need it.
    """
    if dt is not None:
        if not 0 < dt < np.inf:
            raise InputError(f"dt is {dt:g}; a time above 0 is needed.")
        return dt, "given"
    neurons = [
        node
        for node in graph.nodes.values()
        if node.kind in KINDS and node.kind != "Threshold" and node.name not in graph.broken
    ]
    if not neurons:
        return 1.0, "not needed"
    found: list[float] = []
    agree: list[float] = []  # what dt must be where a factor of 1 gives it away only if nothing is remembered
    for node in neurons:
        pairs = [("tau_mem", "r"), ("tau_syn", "w_in")] if node.kind.startswith("Cuba") else [("tau", "r")]
        for time, factor in pairs:
            gain = np.asarray(node.values[factor], float)
            if not gain.all():
                agree.append(np.nan)
            elif time not in node.values:
                agree += np.unique(1 / gain).tolist()
            elif (gain == 1).all():
                agree += np.unique(node.values[time]).tolist()
            else:
                found += np.unique(np.asarray(node.values[time], float) / gain).tolist()
    low, high = min(found + agree), max(found + agree)
    if not found or np.isnan(agree).any() or low <= 0 or high > low * (1 + AGREE):
        names = ", ".join(repr(node.name) for node in neurons[:4])
        raise InputError(
            f"a NIR file does not say its time step, and the constants of its neurons ({names}) do not give it away: give --dt, "
            "in the file's unit of time (norse 1e-3 s, snnTorch and SpikingJelly 1e-4, sinabs and Spyx 1)."
        )
    return float(np.median(found)), "found in r = tau / dt"


def any_step(graph: NirGraph) -> tuple[float, NirGraph]:
    """A step that no time constant is too short for, and the graph without delays: where the step is not known, what does not depend on it
    can still be looked at."""
    times = [
        float(np.min(node.values[time]))
        for node in graph.nodes.values()
        for time in TIMES
        if node.kind in KINDS and time in node.values
    ]
    undelayed = {
        name: NirNode(name, node.kind, {"delay": np.zeros(())}) if node.kind == "Delay" else node
        for name, node in graph.nodes.items()
    }
    return min((time for time in times if time > 0), default=1.0), replace(graph, nodes=undelayed)
