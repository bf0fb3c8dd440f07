"""Values of event frames that are not sent as they are: counted, and said in one way wherever frames are run or trained on."""

from __future__ import annotations

import numpy as np

from autosnn_hw.network import ChipNetwork
from autosnn_hw.words.quantities import percent

BYTE = 255
AT_ONCE = 64  # samples that are looked at together: frames may lie in a mapped file larger than memory


GRADED = "with --graded they are sent as they are"


def cut_values(network: ChipNetwork, inputs: np.ndarray, graded: bool, remedy: str | None = GRADED) -> list[str]:
    """A sentence about frame values that a network without input neurons does not take as they are, where there are any.

    Args:
        remedy: what would send whole values as they are; None where nothing does.
    """
    if graded or network.encoder is not None or network.input_layer.neuron is not None:
        return []
    if inputs.dtype.kind == "f" and (fractions := int((inputs != np.trunc(inputs)).sum())):
        below = below_zero(inputs)
        return [
            f"{fractions} of {inputs.size} frame values are fractions, and were sent as single spikes where they are above 0"
            f"{f'; {below} values are below 0 and were not sent' if below else ''}: this network takes no currents"
        ]
    return cut_at(network.input_layer.payload, inputs, remedy)


def cut_at(payload: int, inputs: np.ndarray, remedy: str | None) -> list[str]:
    """A sentence about frame values that were sent as `payload`, because they are above it, or not at all, because they are below 0,
    where there are any.

    Args:
        remedy: what would send them as they are; None where nothing does.
    """
    sent = "single spikes" if payload == 1 else f"{payload}, the most that this network was trained on"
    said = []
    if (above := above_payload(payload, inputs)) is not None:
        said.append(f"{above} and were sent as {sent}")
    if below := below_zero(inputs):
        said.append(f"{below}{'' if said else f' of {inputs.size} frame values'} are below 0 and were not sent")
    return ["; ".join([", and ".join(said), *([] if remedy is None else [remedy])])] if said else []


def above_payload(payload: int, frames: np.ndarray) -> str | None:
    """How many values are above the most that is sent, in words; None where none is."""
    if payload >= BYTE and frames.dtype.itemsize == 1:
        return None  # not read: no byte is above it
    above = filled = 0
    for low in range(0, len(frames), AT_ONCE):
        some = frames[low : low + AT_ONCE]
        above += int(np.count_nonzero(some > payload))
        filled += int(np.count_nonzero(some))
    if not above:
        return None
    return (
        f"{above} of {frames.size} frame values are above {payload} ({percent(above / filled)} of those that are not 0)"
    )


def below_zero(frames: np.ndarray) -> int:
    """How many values are below 0, which no spike and no count is."""
    if frames.dtype.kind in "bu":
        return 0
    return sum(int(np.count_nonzero(frames[low : low + AT_ONCE] < 0)) for low in range(0, len(frames), AT_ONCE))
