"""Full traces of a run, and the first place where two of them differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autosnn_hw.errors import InputError


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """One layer, every neuron, every step.

    Args:
        name: the layer's name.
        spikes: uint8 (N, T, *shape); of sigma-delta layers int32, the messages.
        u: int32 (N, T, *shape) current after the step's wrap, or None where not recorded.
        v: int32 (N, T, *shape) voltage after the step, 0 where the neuron fired, or None.
            Of sigma-delta layers u is the sum of what arrived, and v the value whose changes are sent.
    """

    name: str
    spikes: np.ndarray
    u: np.ndarray | None = None
    v: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Trace:
    """Traces of the layers that were asked for, in the network's order."""

    layers: tuple[LayerTrace, ...]


@dataclass(frozen=True)
class Difference:
    """The first value that differs (see `compare` for what first means).

    Args:
        layer: name; sample, step: from 0; neuron: index into the layer's shape; quantity: "spikes", "u" or "v".
        values: of the first and the second trace.
        count: how many values differ in all, over all layers and quantities.
    """

    layer: str
    sample: int
    step: int
    neuron: tuple[int, ...]
    quantity: str
    values: tuple[int, int]
    count: int

    def __str__(self) -> str:
        return (
            f"layer {self.layer!r}, sample {self.sample}, step {self.step}, neuron {self.neuron}: "
            f"{self.quantity} is {self.values[0]} and {self.values[1]} ({self.count} values differ in all)"
        )


_QUANTITIES = ("u", "v", "spikes")  # the order in which a step computes them


def compare(a: Trace, b: Trace) -> Difference | None:
    """The first difference of two traces, or None where they are equal.

    First means in the lowest sample, there in the first layer that differs (later layers follow from it), there in the
    earliest step. u and v are compared where both traces hold them.

    Raises:
        InputError: the traces are not of the same layers and shapes.
    """
    names = [[layer.name for layer in trace.layers] for trace in (a, b)]
    if names[0] != names[1]:
        raise InputError(f"traces of different layers cannot be compared: {names[0]} and {names[1]}.")
    found: list[tuple[tuple[int, ...], Difference]] = []
    total = 0
    for index, (left, right) in enumerate(zip(a.layers, b.layers)):
        for rank, quantity in enumerate(_QUANTITIES):
            x, y = getattr(left, quantity), getattr(right, quantity)
            if x is None or y is None:
                continue
            if x.shape != y.shape:
                raise InputError(f"layer {left.name!r}: traces have shapes {x.shape} and {y.shape}.")
            differ = x != y
            total += int(differ.sum())
            if differ.any():
                where = tuple(int(i) for i in np.unravel_index(int(differ.argmax()), differ.shape))
                values = (int(x[where]), int(y[where]))
                difference = Difference(left.name, where[0], where[1], where[2:], quantity, values, 0)
                found.append(((where[0], index, where[1], rank), difference))
    if not found:
        return None
    first = min(found, key=lambda item: item[0])[1]
    return Difference(first.layer, first.sample, first.step, first.neuron, first.quantity, first.values, total)
