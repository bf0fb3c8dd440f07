"""A module of torch as a graph of what it does in one time step: containers child by child, anything else by torch.fx.

A forward that loops over time calls its neurons again, with the states that they gave: the second call and what follows from it
are the next step and are left out.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional as F

from autosnn_hw.deploy.from_torch import modules
from autosnn_hw.deploy.from_torch.framework_neurons import Neurons, is_neuron, known, neurons_of
from autosnn_hw.deploy.from_torch.unmapped import Unmapped
from autosnn_hw.errors import InputError
from exporters.nir.graph import NirGraph, NirNode, refuse_not_finite

INPUT = "input"
FRAMEWORKS = ("snntorch", "norse", "spikingjelly")
Call = Callable[[torch.Tensor], torch.Tensor]


@dataclass(eq=False)
class Traced:
    """A graph that is being traced.

    Args:
        nodes, edges: as `NirGraph` has them.
        calls: what a linear node does, in torch: the module itself, or a function.
        neurons: the neuron modules, by node.
        unmapped: what was met and cannot be mapped.
    """

    nodes: dict[str, NirNode] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    neurons: dict[str, Neurons] = field(default_factory=dict)
    unmapped: Unmapped = field(default_factory=Unmapped)

    def add(self, node: NirNode, sources: Sources, call: Call) -> Sources:
        """A linear node behind others."""
        name = node.name
        while name in self.nodes:
            name += "_"
        self.nodes[name] = NirNode(name, node.kind, node.values)
        self.edges += [(source, name) for source in sources.names]
        self.calls[name] = call
        return Sources((name,))

    def fire(self, found: Neurons, sources: Sources) -> Sources:
        """Neurons behind other nodes."""
        name = found.node.name
        while name in self.nodes:
            name += "_"
        self.nodes[name] = NirNode(name, found.node.kind, found.node.values)
        self.edges += [(source, name) for source in sources.names]
        self.neurons[name] = found
        return Sources((name,))

    def graph(self, input_shape: tuple[int, ...]) -> NirGraph:
        """The finished graph; what leads to no neuron is left out."""
        start = NirNode(INPUT, "Input", {"shape": np.array(input_shape)})
        wanted, waiting = (
            set(),
            [*self.neurons, *(name for name, node in self.nodes.items() if node.kind == "MaxPool2d")],
        )
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                wanted.add(name)
                waiting += [source for source, end in self.edges if end == name]
        nodes = {name: node for name, node in self.nodes.items() if name in wanted}
        edges = tuple(edge for edge in self.edges if edge[1] in nodes)
        return NirGraph({INPUT: start, **nodes}, edges)


@dataclass(frozen=True)
class Sources:
    """A tensor: the nodes whose outputs are added in it."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class NeuronState:
    """What a neuron module keeps."""

    module: str


@dataclass(frozen=True)
class Later:
    """A tensor of a later time step."""


@dataclass(frozen=True)
class Unknown:
    """A tensor that is no node's: `what` made it."""

    what: str


def trace(module: nn.Module) -> Traced:
    """The graph of one time step of a module.

    Raises:
        InputError: what cannot be traced, or all that cannot be mapped, by name, with what can.
    """
    traced = Traced()
    if isinstance(module, nn.Sequential):
        _children(traced, module, "", Sources((INPUT,)))
    else:
        _by_fx(traced, module)
    traced.unmapped.refuse()
    if not traced.neurons:
        raise InputError(f"{type(module).__name__} has no neurons that are known; known are {known()}.")
    return traced


def _children(traced: Traced, module: nn.Sequential, prefix: str, value: Sources) -> Sources:
    for name, child in module.named_children():
        full = f"{prefix}{name}"
        if isinstance(child, nn.Sequential) and not is_neuron(child):
            value = _children(traced, child, f"{full}.", value)
        else:
            value = _module(traced, child, full, value)
    return value


def _module(traced: Traced, module: nn.Module, name: str, value: Sources) -> Sources:
    """What a module gives; one that cannot be mapped is noted, and what follows is looked at as if it did nothing."""
    try:
        return _mapped(traced, module, name, value)
    except InputError as problem:
        traced.unmapped.add(str(problem))
        return value


def _mapped(traced: Traced, module: nn.Module, name: str, value: Sources) -> Sources:
    where = f"module {name!r} ({type(module).__name__})"
    found = neurons_of(module, name)
    if found is not None:
        refuse_not_finite(found.node.values, where)
        return traced.fire(found, value)
    if isinstance(module, modules.PASSES):
        return value
    node = modules.node_of(module, name)
    if node is None:
        traced.unmapped.add_module(module, name)
        return value
    refuse_not_finite(node.values, where)
    call: Call = torch.nn.Flatten() if node.kind == "Flatten" else module
    return traced.add(node, value, _one_step(call))


def _one_step(call: Any) -> Call:
    """SpikingJelly's layers wait for a sequence of steps where they are told to."""
    if getattr(call, "step_mode", "s") == "m":
        base: Any = next(kind for kind in type(call).__mro__ if kind.__module__.startswith("torch."))
        return lambda x: base.forward(call, x)
    return call  # type: ignore[no-any-return]


class _Tracer(fx.Tracer):
    """Takes neurons, known modules and frameworks' own modules whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if isinstance(m, nn.Sequential):
            return False
        framework = type(m).__module__.split(".")[0] in FRAMEWORKS
        return framework or is_neuron(m) or modules.is_known(m) or super().is_leaf_module(m, module_qualified_name)


def _by_fx(traced: Traced, module: nn.Module) -> None:
    names = list(inspect.signature(module.forward).parameters.values())
    fixed = {p.name: p.default for p in names[1:] if p.default is not inspect.Parameter.empty}
    try:
        graph = _Tracer().trace(module, concrete_args=fixed or None)
    except InputError:
        raise
    except Exception as error:  # whatever the user's forward raises on something that is no tensor
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise InputError(
            f"{type(module).__name__}.forward cannot be traced ({type(error).__name__}: {reason}); a module of one time step, or one that loops "
            "over a fixed number of steps, can."
        ) from None
    _Walk(traced, module).walk(graph)


class _Walk:
    """Goes through the nodes of torch.fx in order; keeps what each of them is, and what was called already."""

    def __init__(self, traced: Traced, module: nn.Module) -> None:
        self.traced, self.root = traced, dict(module.named_modules())
        self.values: dict[fx.Node, Any] = {}
        self.fired: set[str] = set()

    def walk(self, graph: fx.Graph) -> None:
        first = True
        for node in graph.nodes:
            if node.op == "placeholder":
                self.values[node] = Sources((INPUT,)) if first else Unknown(f"argument {node.name!r}")
                first = False
            elif node.op == "output":
                return
            else:
                self.values[node] = self.value(node)

    def given(self, node: fx.Node) -> list[Any]:
        return [self.values[argument] for argument in node.all_input_nodes]

    def value(self, node: fx.Node) -> Any:
        given = self.given(node)
        if any(isinstance(value, Later) for value in given):
            return Later()
        if node.op == "call_module":
            return self.module(str(node.target), node, given)
        if node.op in ("call_function", "call_method"):
            return self.operation(node, given)
        return Unknown(f"{node.op} {node.target}")

    def module(self, name: str, node: fx.Node, given: list[Any]) -> Any:
        module = self.root[name]
        first = node.args[0] if node.args else None
        value = self.tensor(
            self.values[first] if isinstance(first, fx.Node) else Unknown("a number"), f"module {name!r}"
        )
        if is_neuron(module):
            states = [state for state in given[1:] if isinstance(state, NeuronState)]
            again = name in self.fired and (NeuronState(name) in states or len(node.args) < 2)
            if again:
                return Later()
            self.fired.add(name)
        return _module(self.traced, module, name, value)

    def tensor(self, value: Any, where: str) -> Sources:
        if isinstance(value, Sources):
            return value
        what = value.what if isinstance(value, Unknown) else "a neuron's voltage"
        self.traced.unmapped.add(f"{where} works on {what}, which cannot be mapped; spikes and sums of them can.")
        return Sources((INPUT,))  # anything that is a tensor: what follows is looked at, and refused all the same

    def operation(self, node: fx.Node, given: list[Any]) -> Any:
        target, value = node.target, (given or [Unknown("a number")])[0]
        name = str(getattr(target, "__name__", target))
        if target is operator.getitem:
            return self.item(node, value)
        if target in (operator.add, operator.iadd, torch.add) or name in ("add", "add_"):
            if len(given) == len(node.args) and all(isinstance(one, Sources) for one in given):
                return Sources(tuple(source for one in given for source in one.names))
        elif isinstance(value, Sources) and (made := self.linear(node, name, value)) is not None:
            return made
        return Unknown(f"what {name!r} gives")

    def item(self, node: fx.Node, value: Any) -> Any:
        index = node.args[1]
        before = node.args[0]
        if isinstance(before, fx.Node) and before.op == "call_module" and is_neuron(self.root[str(before.target)]):
            return value if index == 0 else NeuronState(str(before.target))
        if value == Sources((INPUT,)) or isinstance(value, NeuronState):
            return value  # a frame of the sequence; one of several states
        return Unknown("a part of a tensor")

    def linear(self, node: fx.Node, name: str, value: Sources) -> Sources | None:
        arguments = [argument for argument in node.args[1:] if not isinstance(argument, fx.Node)]
        if name in ("flatten", "view", "reshape") and arguments and (name == "flatten" or arguments[-1] == -1):
            if name != "flatten" and len(node.args) > 3:
                return None
            return self.traced.add(modules.flatten(node.name), value, torch.nn.Flatten())
        if name in ("max_pool2d", "avg_pool2d"):
            sides = dict(zip(("kernel_size", "stride", "padding"), arguments)) | dict(node.kwargs)
            if set(sides) - {"kernel_size", "stride", "padding"} or len(arguments) > 3:
                return None
            found: Any = (sides["kernel_size"], sides.get("stride"), sides.get("padding", 0))
            kind, function = ("MaxPool2d", F.max_pool2d) if name == "max_pool2d" else ("AvgPool2d", F.avg_pool2d)
            return self.traced.add(modules.pool(kind, node.name, *found), value, lambda x: function(x, *found))
        if name in ("mul", "imul", "truediv", "div") and len(arguments) == 1 and isinstance(arguments[0], int | float):
            factor = arguments[0] if "mul" in name else 1 / arguments[0]
            return self.traced.add(
                NirNode(node.name, "Scale", {"scale": np.array(factor)}), value, lambda x: x * factor
            )
        if name in ("dropout", "contiguous", "clone", "float", "detach"):
            return value
        return None
