"""A trained module of torch as a plan of layers, with an account of what was read and assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from autosnn_hw.deploy.from_graph.euler_steps import Conventions
from autosnn_hw.deploy.from_graph.layer_maps import Plan, plan_of
from autosnn_hw.deploy.from_torch.framework_neurons import Neurons
from autosnn_hw.deploy.from_torch.traced_module import Traced
from autosnn_hw.errors import InputError
from autosnn_hw.problems import Problems


def module_of(value: Any) -> nn.Module:
    """The module that was given.

    Raises:
        InputError: it is none.
    """
    if not isinstance(value, nn.Module):
        raise InputError(f"{type(value).__name__} is no torch.nn.Module; one is needed.")
    return value


def plan_torch(traced: Traced, input_shape: Sequence[int], reset: str | None = None) -> Plan:
    """The layers of a traced module before anything is rounded.

    Raises:
        InputError: all that cannot be mapped, by name, a line each.
    """
    soft = [name for name, found in traced.neurons.items() if found.reset == "subtract"]
    problems, notes = Problems("the module"), []
    with problems.kept():
        _check_reset(reset, soft, len(traced.neurons))
    if soft:
        notes.append(
            f"{len(soft)} of {len(traced.neurons)} layers of neurons were trained with reset by subtraction ({', '.join(soft[:4])}) and are reset to 0 here"
        )
    at = False
    with problems.kept():
        at = fires_at(traced.neurons.values())
    about: dict[str, Any] = {
        "format": "torch",
        "dt": 1.0,
        "dt_is": "one step",
        "reset": "hard",
        "fires": "at the threshold" if at else "above the threshold",
    }
    graph = traced.graph(tuple(int(n) for n in input_shape))
    return plan_of(graph, Conventions(1.0, fires_at=at), about, notes, problems)


def fires_at(neurons: Any) -> bool:
    """Whether the neurons fire at v >= threshold.

    Raises:
        InputError: some do and some do not.
    """
    found: list[Neurons] = list(neurons)
    ways = {one.fires_at for one in found if "v_threshold" in one.node.values}
    if len(ways) > 1:
        raise InputError(
            "neurons of several frameworks, some firing at and some above their threshold; one kind is needed."
        )
    return ways == {True}


def _check_reset(reset: str | None, soft: list[str], count: int) -> None:
    if reset not in (None, "hard", "subtract"):
        raise InputError(f"reset {reset!r} is not known; hard is.")
    if reset == "subtract" or (soft and reset is None):
        named = f"neurons {', '.join(map(repr, soft[:4]))} subtract" if soft else "reset by subtraction takes off"
        raise InputError(
            f"{named} their threshold when they fire; a chip's neuron is set to 0. --reset hard runs the network so, and with --dataset its "
            "accuracy is measured beside the framework's; trained with reset to zero it is the same."
        )
