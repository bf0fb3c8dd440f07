"""The values of one layer entry of a NetX file, read as lava-dl's NetX reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import h5py
import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import CubaNeuron, Layer, SigmaDeltaNeuron, SigmaDeltaPart
from autosnn_hw.network.chip_layers import LONGEST_DELAY
from autosnn_hw.network.sigma_delta import VTH_MAX as DELTA_VTH_MAX
from exporters import hdf5_input as source
from exporters.netx.root import LayerFacts, Root

VTH_MAX = 2**25 - 1
"""64 * vThMant must fit 32 bits. v never exceeds 64 * 131072, so a larger threshold is the same neuron."""
MAX_NEURONS = 2**26
INT32_MAX = 2**31 - 1
PARAMETERS = {"vth_mant": "vThMant", "v_decay": "vDecay", "i_decay": "iDecay"}
MEANS_NOTHING = {"refDelay": 1, "gradedSpike": 0, "wgtExp": 0, "weight_exp": 0}
"""Neuron datasets that NetX ignores, with the value that asks for nothing it does not do."""


@dataclass
class Reading:
    """What is collected while the entries of a file are walked; `place` names the entry in every sentence.

    Args:
        input_shape, sample_shape: as in `reading.read`.
        classes: of an average entry, once there was one.
        left_out: as many last entries are not read, and with them what the file says of its output.
    """

    root: Root
    input_shape: tuple[int, ...] | None = None
    sample_shape: tuple[int, ...] | None = None
    layers: list[Layer] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    flattened: bool = False
    classes: int | None = None
    left_out: int = 0
    index: int = 0
    place: str = ""

    @property
    def facts(self) -> LayerFacts:
        return self.root.layers.get(self.index, LayerFacts())

    def name(self, kind: str) -> str:
        return self.facts.name or f"{self.index}:{kind}"

    def note(self, sentence: str) -> None:
        self.notes.append((self.place, sentence))

    def sentences(self) -> list[str]:
        """The notes, each sentence once with all the places it was said of."""
        places: dict[str, list[str]] = {}
        for place, sentence in self.notes:
            places.setdefault(sentence, []).append(place)
        return [f"{', '.join(dict.fromkeys(where))}: {sentence}" for sentence, where in places.items()]

    def refuse(self, sentence: str) -> NoReturn:
        raise InputError(f"{self.place}: {sentence}.")


def _optional(reading: Reading, entry: h5py.Group, name: str) -> np.ndarray | None:
    """A dataset as int64, fractions cut toward zero as NetX does, or None."""
    values = source.numbers(entry, name)
    if values is None:
        return None
    if values.size and not -INT32_MAX <= values.min() <= values.max() <= INT32_MAX:
        reading.refuse(f"{name} holds values beyond 32 bits")
    whole = values.astype(np.int64)
    if values.dtype.kind == "f" and (whole != values).any():
        reading.note(f"{name} holds fractions; NetX cuts them toward zero, and so does this")
    return whole


def integers(reading: Reading, entry: h5py.Group, name: str) -> np.ndarray:
    """A dataset that must be there, as int64."""
    if name == "weight" and source.child_is_group(entry, "weight"):
        reading.refuse("weight is complex (weight/real, weight/imag), which RF neurons use; real weights are needed")
    values = _optional(reading, entry, name)
    if values is None:
        reading.refuse(f"{name} is missing")
    return values


def shape(reading: Reading, entry: h5py.Group) -> tuple[int, ...]:
    """(C, H, W) or (N,)."""
    sizes = tuple(int(size) for size in integers(reading, entry, "shape").reshape(-1))
    if len(sizes) not in (1, 3) or min(sizes) < 1 or float(np.prod(sizes, dtype=float)) > MAX_NEURONS:
        reading.refuse(f"shape is {sizes[:6]}; (C, H, W) or (N,) of 1 to {MAX_NEURONS} neurons in all is needed")
    return sizes


def bias(
    reading: Reading, entry: h5py.Group, layer_shape: tuple[int, ...], neuron: CubaNeuron | SigmaDeltaNeuron | None
) -> np.ndarray | None:
    """(C,) or the layer's full shape; NetX keeps a full one in Lava's order (W, H, C)."""
    values = _optional(reading, entry, "bias")
    if values is None:
        return None
    if values.size and not isinstance(neuron, SigmaDeltaNeuron) and (values != values.astype(np.int16)).any():
        reading.note(f"bias holds values up to {np.abs(values).max()}; Lava wraps them to 16 bits, and so does this")
        values = values.astype(np.int16).astype(np.int64)
    if values.ndim == 3:
        values = values.T
    if values.shape in ((layer_shape[0],), layer_shape):
        return values
    if values.size == 1:
        return np.full(layer_shape[0], values.reshape(-1)[0], np.int64)
    reading.refuse(
        f"bias has shape {values.shape}; {(layer_shape[0],)} or, in Lava's order, {layer_shape[::-1]} is needed"
    )


def delay(reading: Reading, entry: h5py.Group, weight_shape: tuple[int, ...]) -> np.ndarray | None:
    """(N, Nin) from one delay for all, one a neuron, one an input (in this order, as NetX takes it), or all of them."""
    values = _optional(reading, entry, "delay")
    if values is None or (values.ndim < 2 and not values.any()):
        return None
    if values.min() < 0:
        reading.refuse(f"delay holds {values.min()}; 0..{LONGEST_DELAY} is allowed")
    if values.max() > LONGEST_DELAY:
        reading.note(f"delays up to {values.max()}; Lava clips them to {LONGEST_DELAY}, and so does this")
        values = np.minimum(values, LONGEST_DELAY)
    rows, columns = weight_shape
    if values.ndim == 1 and values.size == rows:
        values = values[:, None]
    elif values.ndim == 1 and values.size in (1, columns):
        values = values[None, :]
    if values.ndim not in (0, 2) or any(have not in (1, want) for have, want in zip(values.shape, weight_shape)):
        reading.refuse(
            f"delay has shape {values.shape}; one value, {(rows,)}, {(columns,)} or {weight_shape} is needed"
        )
    return np.broadcast_to(values, weight_shape).copy()


def neuron(reading: Reading, entry: h5py.Group, *, is_input: bool = False) -> CubaNeuron | SigmaDeltaNeuron | None:
    """The neuron of an entry, or None where it has none."""
    group = source.group(entry, "neuron")
    if group is None:
        return None
    kind = source.text(group, "type")
    if kind is None:
        reading.refuse("neuron/type is missing; CUBA, LOIHI or SDNN is needed")
    if kind == "SDNN":
        return _sigma_delta(reading, group, is_input)
    if kind not in ("CUBA", "LOIHI"):
        reading.refuse(f"neuron type {kind[:40]!r} is not supported; CUBA, LOIHI or SDNN is needed")
    _note_ignored(reading, group, set(PARAMETERS.values()))
    return _cuba(
        reading,
        {
            field: _threshold(reading, group, key) if field == "vth_mant" else _parameter(reading, group, key)
            for field, key in PARAMETERS.items()
        },
    )


def _sigma_delta(reading: Reading, group: h5py.Group, is_input: bool) -> SigmaDeltaNeuron:
    """lava-dl's choice: Delta at the input, Sigma where the key `sigma_output` is, else SigmaDelta with a ReLU."""
    _note_ignored(reading, group, {"vThMant", "activation", "sigma_output"})
    part = (
        SigmaDeltaPart.DELTA
        if is_input
        else SigmaDeltaPart.SIGMA
        if "sigma_output" in source.names(group)
        else SigmaDeltaPart.SIGMA_DELTA
    )
    activation = source.text(group, "activation")
    if part is SigmaDeltaPart.SIGMA_DELTA and activation not in (None, "relu"):
        reading.note(f"neuron/activation is {str(activation)[:40]!r}; Lava runs relu, and so does this")
    threshold = _parameter(reading, group, "vThMant")
    if not isinstance(threshold, int):
        reading.refuse(
            f"neuron/vThMant has {threshold.size} values; Lava takes one for all sigma-delta neurons of a layer"
        )
    if not 0 <= threshold <= DELTA_VTH_MAX:
        reading.refuse(f"neuron/vThMant is {threshold}; 0..{DELTA_VTH_MAX} is allowed for sigma-delta neurons")
    return SigmaDeltaNeuron(part, 0 if part is SigmaDeltaPart.SIGMA else threshold)


def _note_ignored(reading: Reading, group: h5py.Group, known: set[str]) -> None:
    """Note every parameter that NetX does not read, unless it has the value that means nothing."""
    names = set(source.names(group)) - {"type", *known}
    if "messageBits" in names:
        reading.note("neuron/messageBits makes lava-dl fail to load the file; it is left out")
    ignored = []
    for name in sorted(names - {"messageBits"}):
        value = source.numbers(group, name) if source.is_numeric(group, name) else None
        if value is not None and name in MEANS_NOTHING and (value == MEANS_NOTHING[name]).all():
            continue
        said = f" = {value.item():g}" if value is not None and value.size == 1 else ""
        ignored.append(f"neuron/{name[:40]}{said}")
    if ignored:
        reading.note(f"NetX ignores {', '.join(ignored)}, and so does this")


def _cuba(reading: Reading, parameters: dict[str, int | np.ndarray]) -> CubaNeuron:
    try:
        return CubaNeuron(**parameters)
    except InputError as error:
        raise InputError(f"{reading.place}: {error}") from None


def _threshold(reading: Reading, group: h5py.Group, name: str) -> int | np.ndarray:
    """A threshold mantissa; what is beyond any voltage by far is kept as the largest that can be written again."""
    value = _parameter(reading, group, name)
    if np.max(value) > VTH_MAX:
        reading.note(f"neuron/{name} is {np.max(value)}; from 131072 on a neuron never fires, {VTH_MAX} is kept")
        value = min(value, VTH_MAX) if isinstance(value, int) else np.minimum(value, VTH_MAX)
    return value


def _parameter(reading: Reading, group: h5py.Group, name: str) -> int | np.ndarray:
    values = source.numbers(group, name)
    if values is None:
        reading.refuse(f"neuron/{name} is missing")
    if values.dtype.kind == "f" and (values != np.trunc(values)).any():
        reading.refuse(f"neuron/{name} holds fractions; integers are needed")
    if values.size == 0 or np.abs(values.astype(np.float64)).max() > INT32_MAX:
        reading.refuse(f"neuron/{name} is empty or holds values beyond 32 bits")
    whole = values.astype(np.int64)
    return int(whole.reshape(-1)[0]) if whole.size == 1 else whole
