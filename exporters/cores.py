"""winner.cores.json: a network laid out on crossbar cores, written and read (docs/truenorth.md describes every key)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.files import input_file
from autosnn_hw.files.whole_file import replace
from autosnn_hw.network.core_network import AXON, NOWHERE, OUT, SPLITTER, Core, CoreLayer, CoreNetwork

FORMAT = 1
LARGEST = 2**31 - 1
LARGEST_FILE = 512 << 20
"""Bytes; a full chip of a million neurons takes a third of it."""
NEURON_KEYS = ("weights", "leak", "alpha", "beta", "delay", "dest", "source")


def write(network: CoreNetwork, path: str | Path) -> None:
    """Write a cores file; it appears whole or not at all.

    Raises:
        RunError: the folder cannot be written to, or the disk is full.
    """
    replace(path, "".join(_document(network)).encode("ascii"))


def _document(network: CoreNetwork) -> Iterator[str]:
    """The JSON text core by core: a whole chip has a million neurons, too many to hold as Python objects at once."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "T": network.timesteps,
        "depth": network.depth,
        "layers": [{"name": layer.name, "shape": list(layer.shape), "start": layer.start} for layer in network.layers],
        "readout": {"classes": network.classes, "voters": network.voters},
        "provenance": dict(network.provenance),
    }
    yield json.dumps(head)[:-1]
    targets = network.input_targets.tolist()
    bounds = network.input_pointer.tolist()
    inputs = [targets[begin:end] for begin, end in zip(bounds, bounds[1:])]
    yield ',\n"inputs": ' + json.dumps(inputs, separators=(",", ":"))
    yield ',\n"cores": ['
    for index, core in enumerate(network.cores):
        yield ("" if index == 0 else ",") + "\n" + _core_text(core)
    yield "\n]}\n"


def _core_text(core: Core) -> str:
    columns = (core.weights, core.leak, core.alpha, core.beta, core.delay, core.dest, core.source)
    neurons = [
        {
            "weights": weights,
            "leak": leak,
            "alpha": alpha,
            "beta": beta,
            "delay": delay,
            "dest": _dest_out(dest),
            "source": "splitter" if source[0] == SPLITTER else source,
        }
        for weights, leak, alpha, beta, delay, dest, source in zip(*(column.tolist() for column in columns))
    ]
    bits = base64.b64encode(np.packbits(core.crossbar, axis=1).tobytes()).decode("ascii")
    record = {"axon_types": core.axon_types.tolist(), "crossbar": bits, "neurons": neurons}
    return json.dumps(record, separators=(",", ":"))


def _dest_out(dest: Sequence[int]) -> list[Any] | None:
    kind, first, second = dest
    return [first, second] if kind == AXON else ["out", first, second] if kind == OUT else None


def read(path: str | Path) -> CoreNetwork:
    """Read a cores file, which may come from anywhere: every value is checked before it is used.

    Raises:
        InputError: not a cores file; names the core and neuron.
    """
    found = input_file.json_document(path, "a cores file", most=LARGEST_FILE)
    reader = _Reader(str(path))
    return reader.network(found)


class _Reader:
    """Checks one file; keeps its name for the messages.

    Whole columns of a core are checked at once. A pydantic model of the same shape and ranges took 5.1 s and 0.8 GB more for a
    chip of a million neurons where this takes 3.6 s, and its errors would have to be put into words again.
    """

    def __init__(self, path: str):
        self.path = path

    def fail(self, what: str) -> NoReturn:
        raise InputError(f"{self.path} is not a cores file: {what}.")

    def network(self, found: Any) -> CoreNetwork:
        self.mapping(found, "the document", ("format", "T", "depth", "layers", "readout", "inputs", "cores"))
        if found["format"] != FORMAT or isinstance(found["format"], bool):
            self.fail(f"format is {found['format']!r}; {FORMAT} is known")
        timesteps = self.integer(found["T"], "T", 1)
        depth = self.integer(found["depth"], "depth", 0)
        readout = self.mapping(found["readout"], "readout", ("classes", "voters"))
        classes = self.integer(readout["classes"], "readout.classes", 1)
        voters = self.integer(readout["voters"], "readout.voters", 1)
        layers = self.layers(found["layers"], depth)
        records = self.sequence(found["cores"], "cores")
        cores = tuple(self.core(record, f"core {index}") for index, record in enumerate(records))
        axons = np.array([len(core.axon_types) for core in cores], np.int64)
        for index, core in enumerate(cores):
            self.destinations(core, f"core {index}", axons, (classes, voters))
            self.sources(core, f"core {index}", layers)
        pointer, targets = self.inputs(found["inputs"], axons, int(np.prod(layers[0].shape, dtype=object)))
        provenance = found.get("provenance", {})
        if not isinstance(provenance, Mapping):
            self.fail("provenance is not an object")
        return CoreNetwork(timesteps, depth, layers, pointer, targets, cores, classes, voters, provenance)

    def layers(self, found: Any, depth: int) -> tuple[CoreLayer, ...]:
        layers = []
        for index, entry in enumerate(self.sequence(found, "layers")):
            where = f"layer {index}"
            self.mapping(entry, where, ("name", "shape", "start"))
            if not isinstance(entry["name"], str):
                self.fail(f"{where}: name is not text")
            shape = tuple(self.integers(entry["shape"], f"{where}: shape", 1, LARGEST).tolist())
            if len(shape) not in (1, 3):
                self.fail(f"{where}: shape has {len(shape)} sizes; 1 or 3 are needed")
            layers.append(CoreLayer(entry["name"], shape, self.integer(entry["start"], f"{where}: start", 0)))
        if len(layers) < 2 or layers[-1].start != depth:
            self.fail("layers must be an input and at least one more, and the last must start at depth")
        return tuple(layers)

    def core(self, found: Any, where: str) -> Core:
        self.mapping(found, where, ("axon_types", "crossbar", "neurons"))
        axon_types = self.integers(found["axon_types"], f"{where}: axon_types", 0, 255)
        neurons = self.sequence(found["neurons"], f"{where}: neurons")
        if not neurons:
            self.fail(f"{where} has no neurons")
        for index, neuron in enumerate(neurons):
            self.mapping(neuron, f"{where}, neuron {index}", NEURON_KEYS)
        columns = {
            key: self.integers([neuron[key] for neuron in neurons], f"{where}: {key}", low, high)
            for key, low, high in (
                ("leak", -LARGEST, LARGEST),
                ("alpha", 0, LARGEST),
                ("beta", 0, LARGEST),
                ("delay", 1, 255),
            )
        }
        rows = [self.sequence(neuron["weights"], f"{where}: weights") for neuron in neurons]
        if len({len(row) for row in rows}) > 1:
            self.fail(f"{where}: neurons have different numbers of weights")
        weights = self.table(rows, f"{where}: weights", -32768, 32767, len(rows[0])).astype(np.int16)
        if len(axon_types) and int(axon_types.max()) >= weights.shape[1]:
            self.fail(f"{where}: axon type {int(axon_types.max())} has no weight")
        return Core(
            axon_types.astype(np.uint8),
            self.crossbar(found["crossbar"], where, len(neurons), len(axon_types)),
            weights,
            columns["leak"].astype(np.int32),
            columns["alpha"].astype(np.int32),
            columns["beta"].astype(np.int32),
            columns["delay"].astype(np.uint8),
            self.dests([neuron["dest"] for neuron in neurons], f"{where}: dest"),
            self.neuron_sources([neuron["source"] for neuron in neurons], f"{where}: source"),
        )

    def crossbar(self, found: Any, where: str, neurons: int, axons: int) -> np.ndarray:
        row = -(-axons // 8)
        try:
            packed = np.frombuffer(base64.b64decode(found, validate=True), np.uint8)
        except (TypeError, ValueError, binascii.Error):
            self.fail(f"{where}: crossbar is not base64 text")
        if len(packed) != neurons * row:
            self.fail(f"{where}: crossbar has {len(packed)} bytes; {neurons} rows of {row} are needed")
        bits = np.unpackbits(packed.reshape(neurons, row), axis=1).astype(bool)
        if bits[:, axons:].any():
            self.fail(f"{where}: crossbar has bits beyond its {axons} axons")
        return bits[:, :axons]

    def dests(self, found: list[Any], where: str) -> np.ndarray:
        outs = [isinstance(entry, list) and len(entry) == 3 and entry[0] == "out" for entry in found]
        kinds = [NOWHERE if entry is None else OUT if out else AXON for entry, out in zip(found, outs)]
        pairs = [[0, 0] if entry is None else entry[1:] if out else entry for entry, out in zip(found, outs)]
        return np.column_stack([kinds, self.table(pairs, where, 0, LARGEST, 2)]).astype(np.int32)

    def neuron_sources(self, found: list[Any], where: str) -> np.ndarray:
        passing = [entry == "splitter" for entry in found]
        rows = self.table([[0] * 4 if p else entry for entry, p in zip(found, passing)], where, 0, LARGEST, 4)
        rows[np.array(passing), 0] = SPLITTER
        return rows.astype(np.int32)

    def destinations(self, core: Core, where: str, axons: np.ndarray, out: tuple[int, int]) -> None:
        reads = core.dest[core.dest[:, 0] == AXON]
        if (reads[:, 1] >= len(axons)).any() or (reads[:, 2] >= axons[np.minimum(reads[:, 1], len(axons) - 1)]).any():
            self.fail(f"{where}: a destination is an axon that does not exist")
        votes = core.dest[core.dest[:, 0] == OUT]
        if (votes[:, 1] >= out[0]).any() or (votes[:, 2] >= out[1]).any():
            self.fail(f"{where}: a destination is a voter that does not exist")

    def sources(self, core: Core, where: str, layers: tuple[CoreLayer, ...]) -> None:
        of_layer = core.source[core.source[:, 0] != SPLITTER]
        for index in np.unique(of_layer[:, 0]):
            if not 1 <= index < len(layers):
                self.fail(f"{where}: source names layer {index}, and there are 1 to {len(layers) - 1}")
            shape = layers[index].shape if len(layers[index].shape) == 3 else (layers[index].shape[0], 1, 1)
            if (of_layer[of_layer[:, 0] == index, 1:] >= np.array(shape)).any():
                self.fail(f"{where}: source lies outside layer {index} of shape {shape}")

    def inputs(self, found: Any, axons: np.ndarray, neurons: int) -> tuple[np.ndarray, np.ndarray]:
        entries = self.sequence(found, "inputs")
        if len(entries) != neurons:
            self.fail(f"inputs has {len(entries)} entries; {neurons} input neurons are there")
        pairs = [
            self.integers(target, f"input {index}", 0, LARGEST, count=2)
            for index, entry in enumerate(entries)
            for target in self.sequence(entry, f"input {index}")
        ]
        targets = np.array(pairs, np.int64).reshape(-1, 2)
        known = targets[:, 0] < len(axons)
        if not known.all() or (targets[:, 1] >= axons[targets[:, 0]]).any():
            self.fail("an input leads to an axon that does not exist")
        pointer = np.cumsum([0] + [len(entry) for entry in entries])
        return pointer.astype(np.int64), targets.astype(np.int32)

    def mapping(self, found: Any, where: str, keys: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(found, dict):
            self.fail(f"{where} is not an object")
        missing = [key for key in keys if key not in found]
        if missing:
            self.fail(f"{where} lacks {', '.join(missing)}")
        return found

    def sequence(self, found: Any, where: str) -> list[Any]:
        if not isinstance(found, list):
            self.fail(f"{where} is not a list")
        return found

    def integer(self, found: Any, where: str, low: int) -> int:
        return int(self.integers([found], where, low, LARGEST)[0])

    def table(self, rows: list[Any], where: str, low: int, high: int, count: int) -> np.ndarray:
        """int64 (rows, count); a whole core's rows are checked at once, because a chip has a million of them."""
        if any(type(row) is not list or len(row) != count for row in rows):
            for row in rows:
                self.integers(row, where, low, high, count)
        flat = [value for row in rows for value in row]
        return self.integers(flat, where, low, high).reshape(len(rows), count)

    def integers(self, found: Any, where: str, low: int, high: int, count: int | None = None) -> np.ndarray:
        values = self.sequence(found, where)
        if count is not None and len(values) != count:
            self.fail(f"{where} has {len(values)} values; {count} are needed")
        if values and (set(map(type, values)) != {int} or min(values) < low or max(values) > high):
            bad = next(v for v in values if type(v) is not int or not low <= v <= high)
            self.fail(f"{where} is {bad!r}; an integer from {low} to {high} is needed")
        return np.array(values, np.int64)
