"""Neurons of snnTorch, norse and SpikingJelly: their constants in steps, how they reset and fire, and one step of their own.

They are known by the names of their classes, so that no framework is imported but the one that the user's module has. Their
equations: docs/import.md, with where each differs from a chip's neuron.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autosnn_hw.errors import InputError
from exporters.nir.chain import FOREVER
from exporters.nir.graph import NirNode

Step = Callable[[torch.Tensor, Any], tuple[torch.Tensor, Any]]


@dataclass(frozen=True, eq=False)
class Neurons:
    """A neuron module as a node, and what a node does not say.

    Args:
        node: constants in steps (dt is 1).
        reset: "hard" or "subtract".
        fires_at: at v >= threshold, not above it.
        step: one step of the module itself: inputs and state, or None to begin with, to spikes and state.
    """

    node: NirNode
    reset: str
    fires_at: bool
    step: Step


def neurons_of(module: torch.nn.Module, name: str) -> Neurons | None:
    """The neurons of a module, or None where it is none that is known.

    Raises:
        InputError: a known neuron with a setting that no chip has; names it.
    """
    package, kind = type(module).__module__.split(".")[0], type(module).__name__
    found = _KNOWN.get((package, kind))
    return None if found is None else found(module, name)


def is_neuron(module: torch.nn.Module) -> bool:
    return (type(module).__module__.split(".")[0], type(module).__name__) in _KNOWN


def known() -> str:
    """In words, the neurons that are known."""
    names: dict[str, list[str]] = {}
    for package, kind in _KNOWN:
        names.setdefault(package, []).append(kind)
    return "; ".join(f"{package}: {', '.join(kinds)}" for package, kinds in names.items())


def _array(value: Any) -> np.ndarray:
    tensor = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
    return np.asarray(tensor, float)


def _tau(keeps: np.ndarray) -> np.ndarray:
    """Steps, of the share that is kept in one."""
    gone = 1 - np.clip(keeps, 0, 1)
    return np.divide(1.0, gone, out=np.full(np.shape(keeps), FOREVER), where=gone > 0)


def _together(**values: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays of one shape."""
    one = {key: value.reshape(()) if value.size == 1 else value for key, value in values.items()}
    return dict(zip(one, np.broadcast_arrays(*one.values())))


# snnTorch: mem = beta mem + x (Synaptic: syn = alpha syn + x; mem = beta mem + syn), fires above its threshold.


def _snntorch(module: Any, name: str) -> Neurons:
    where = f"neuron {name!r} ({type(module).__name__})"
    for setting, why in (("inhibition", "only one neuron of a layer may fire"), ("state_quant", "quantised states")):
        if getattr(module, setting, False):
            raise InputError(f"{where}: {setting} ({why}) cannot be mapped; without it it can.")
    if np.any(_array(module.graded_spikes_factor) != 1):
        raise InputError(f"{where}: graded_spikes_factor must be 1; put the factor into the weights behind it.")
    keeps = _array(module.beta)
    memory = _tau(keeps)
    values = {"r": memory, "v_leak": np.zeros(()), "v_threshold": _array(module.threshold)}
    if type(module).__name__ == "Synaptic":
        current = _tau(_array(module.alpha))
        values = {"tau_mem": memory, "tau_syn": current, "w_in": current, **values}
    else:
        values = {"tau": memory, **values}
    reset = {"zero": "hard", "subtract": "subtract", "none": "none"}[module._reset_mechanism]
    kind = "CubaLIF" if "tau_mem" in values else "LIF"
    if reset == "none":
        kind, reset = kind[:-1], "hard"
        del values["v_threshold"]

    def step(x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        if state is None:
            module.reset_mem()
        out = module(x) if module.init_hidden else module(x, *(state or ()))
        spikes, *kept = out if isinstance(out, tuple) else (out,)
        return (module.mem if kind in ("LI", "CubaLI") else spikes), tuple(kept)

    return Neurons(NirNode(name, kind, _together(**values)), reset, False, step)


# norse: i += x, v += dt / tau_mem (v_leak - v + i), then i -= dt / tau_syn i; Box neurons have no i. Fires above its threshold.


def _norse(module: Any, name: str) -> Neurons:
    p, dt = module.p, float(module.dt)
    kind = type(module).__name__
    where = f"neuron {name!r} ({kind})"
    sequence = not kind.endswith("Cell")
    zero = np.zeros(())
    silent = kind.startswith("LI") and not kind.startswith("LIF")
    if np.any(_array(getattr(p, "v_reset", 0.0))):
        raise InputError(f"{where} resets to {float(_array(p.v_reset).max()):g}; a chip's neuron resets to 0.")
    method = getattr(getattr(p, "reset_method", None), "__name__", "reset_value")
    firing = {} if silent else {"v_threshold": _array(p.v_th)}
    if kind.startswith("IAF"):
        node = NirNode(name, "IF", _together(r=np.ones(()), **firing))
    else:
        memory = 1 / (dt * _array(p.tau_mem_inv))
        leak = {"v_leak": _array(getattr(p, "v_leak", zero))}
        if "Box" in kind:
            node = NirNode(name, "LI" if silent else "LIF", _together(tau=memory, r=np.ones(()), **leak, **firing))
        else:
            current = 1 / (dt * _array(p.tau_syn_inv))
            values = _together(tau_mem=memory, tau_syn=current, w_in=current, r=np.ones(()), **leak, **firing)
            node = NirNode(name, "CubaLI" if silent else "CubaLIF", values)

    def step(x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        spikes, state = module(x[None] if sequence else x, state)
        return (spikes[0] if sequence else spikes), state

    return Neurons(node, "subtract" if method == "reset_subtract" else "hard", False, step)


# SpikingJelly: v += x (IF), v += (x - v) / tau or v += x - v / tau (LIF, ParametricLIF), fires at its threshold already.


def _spikingjelly(module: Any, name: str) -> Neurons:
    kind = type(module).__name__
    where = f"neuron {name!r} ({kind})"
    if module.v_reset not in (None, 0, 0.0):
        raise InputError(f"{where} resets to {module.v_reset:g}; a chip's neuron resets to 0 (v_reset=0.).")
    firing = {"v_threshold": _array(float(module.v_threshold))}
    if kind == "IFNode":
        node = NirNode(name, "IF", _together(r=np.ones(()), **firing))
    else:
        tau = 1 / _array(module.w.sigmoid()) if kind == "ParametricLIFNode" else _array(float(module.tau))
        r = np.ones(()) if module.decay_input else tau
        node = NirNode(name, "LIF", _together(tau=tau, r=r, v_leak=np.zeros(()), **firing))

    def step(x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        if state is None:
            module.reset()
        return module.single_step_forward(x), True

    return Neurons(node, "subtract" if module.v_reset is None else "hard", True, step)


_KNOWN: dict[tuple[str, str], Callable[[Any, str], Neurons]] = {
    **{("snntorch", kind): _snntorch for kind in ("Leaky", "Synaptic")},
    **{
        ("norse", kind): _norse
        for kind in ("LIFCell", "LIF", "LIFBoxCell", "IAFCell", "IAF", "LICell", "LI", "LIBoxCell")
    },
    **{("spikingjelly", kind): _spikingjelly for kind in ("IFNode", "LIFNode", "ParametricLIFNode")},
}
