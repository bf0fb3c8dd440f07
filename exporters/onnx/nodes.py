"""Building an ONNX graph node by node, and the integer idioms that onnxruntime computes exactly.

int64 Clip, Min, Max and Sign are left out on purpose: onnxruntime 1.23.2 returns wrong values from |x| >= 2^31 on (seen).
Div truncates toward zero and BitShift refuses signed integers, so a floor is written with Mod.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from autosnn_hw.errors import InputError
from autosnn_hw.exact_floats import EXACT_IN_FLOAT32
from autosnn_hw.network.chip_layers import DECAY_ONE


class Nodes:
    """The nodes and constants of one graph; `prefix` keeps the names of a Scan body apart from those around it."""

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[NodeProto] = []
        self._constants: dict[tuple[bytes, str, tuple[int, ...]], TensorProto] = {}
        self._prefix = prefix

    @property
    def constants(self) -> list[TensorProto]:
        return list(self._constants.values())

    def constant(self, value: Any, dtype: Any = np.int64) -> str:
        """Name of an initializer; equal ones are stored once."""
        array = np.ascontiguousarray(np.asarray(value, dtype))
        array = array.reshape(np.shape(value))
        key = (array.tobytes(), str(array.dtype), array.shape)
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"{self._prefix}c{len(self._constants)}")
        return str(self._constants[key].name)

    def __call__(self, op: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """Add a node and return the name of its (only) output."""
        name = f"{self._prefix}{op}_{len(self.nodes)}"
        result = out or name
        self.nodes.append(helper.make_node(op, list(inputs), [result], name=name, **attributes))
        return result

    def to_int(self, x: str) -> str:
        return self("Cast", x, to=TensorProto.INT64)

    def to_float(self, x: str) -> str:
        return self("Cast", x, to=TensorProto.FLOAT)

    def floor_divide(self, x: str, bits: int) -> str:
        """x >> bits for signed int64."""
        rest = self("Mod", x, self.constant(1 << bits))
        return self("Div", self("Sub", x, rest), self.constant(1 << bits))

    def clamp(self, x: str, low: int, high: int) -> str:
        x = self("Where", self("Greater", x, self.constant(high)), self.constant(high), x)
        return self("Where", self("Less", x, self.constant(low)), self.constant(low), x)

    def wrap(self, x: str, bits: int) -> str:
        """Two's complement of `bits` bits."""
        half = self.constant(1 << (bits - 1))
        return self("Sub", self("Mod", self("Add", x, half), self.constant(1 << bits)), half)

    def decay(self, x: str, keep: np.ndarray) -> str:
        """x * keep / 4096, rounded toward zero."""
        return self("Div", self("Mul", x, self.constant(keep)), self.constant(DECAY_ONE))

    def total(self, parts: list[str]) -> str:
        result = parts[0]
        for part in parts[1:]:
            result = self("Add", result, part)
        return result


def digits(weight: np.ndarray, largest_input: int = 1) -> list[tuple[int, np.ndarray]]:
    """Split integer weights so that float32 sums of each part are exact.

    Args:
        weight: int64 (outputs, ...): a row is summed over.
        largest_input: largest absolute input.

    Returns:
        (factor, part) with weight = sum of factor * part and sum |part| * largest_input < 2^24 in every row.

    Raises:
        InputError: a row is too long for that.
    """
    limit = EXACT_IN_FLOAT32 // largest_input
    rows = weight.reshape(len(weight), -1)
    if np.abs(rows).sum(axis=1).max() < limit:
        return [(1, weight)]
    bits = (limit // rows.shape[1]).bit_length() - 1
    if bits < 1:
        raise InputError(f"{rows.shape[1]} inputs to one neuron are too many for exact float32 sums in ONNX.")
    return [
        (1, weight & ((1 << bits) - 1)),
        *((factor << bits, part) for factor, part in digits(weight >> bits, largest_input)),
    ]
