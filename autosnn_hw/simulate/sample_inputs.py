"""Samples as a network takes them: what people store with other axes is put in order where only one reading fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autosnn_hw.network import ChipNetwork, Encoder, conv_output_size
from autosnn_hw.words.quantities import numbered

Shape = tuple[int, ...]
SLACK = 0.25  # of the range of float pixels in training: other images on the same scale reach a little beyond it
ROUNDING = 8  # equal values at the end of a pixel table that say nothing


def suited(network: ChipNetwork, inputs: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Images (N, ..) or frames (N, T, ..) in the shape that `stimulus` takes, and what was made of them, in sentences.

    Taken are grey images and frames without an axis of channels, channels that come last, frames whose time comes last, images for
    a net whose input is flat, and axes of length 1 too many or too few. What fits as it is, or not at all, or in two ways, comes back as
    it is.
    """
    return _in_order(_Accepted(network.input_layer.shape, network.encoder, tuple(_readings(network))), inputs)


def suited_frames(shape: Shape, inputs: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """`suited` of frames (N, T, ..) for a network of which only the shape of a frame is known yet."""
    return _in_order(_Accepted(shape, None, (2,)), inputs)


@dataclass(frozen=True, eq=False)
class _Accepted:
    """What a network takes.

    Args:
        shape: of its input layer.
        encoder: of images.
        readings: axes before those of one sample's values: 2 where they are frames, 1 where they are images.
    """

    shape: Shape
    encoder: Encoder | None
    readings: tuple[int, ...]

    def takes(self, shape: Shape) -> bool:
        """Whether one image or one frame may have this shape."""
        if self.encoder is None:
            return shape == self.shape
        if len(shape) != 3 or shape[0] != self.encoder.weight.shape[1]:
            return False
        sides = zip(shape[1:], self.encoder.weight.shape[2:], self.encoder.stride, self.encoder.padding)
        return tuple(conv_output_size(*side) for side in sides) == self.shape[1:]


def _in_order(wanted: _Accepted, inputs: np.ndarray) -> tuple[np.ndarray, list[str]]:
    readings, takes = wanted.readings, wanted.takes
    if any(takes(inputs.shape[lead:]) for lead in readings if inputs.ndim > lead):
        return inputs, []
    if 2 in readings and inputs.ndim == 5 and takes(np.moveaxis(inputs, -1, 1).shape[2:]):
        if inputs.shape[1] * inputs.shape[4] > 1 and takes(np.moveaxis(inputs, -1, 2).shape[2:]):
            return inputs, []
        note = f"the frames {inputs.shape} are taken with time last, {numbered(inputs.shape[-1], 'step')}"
        return np.ascontiguousarray(np.moveaxis(inputs, -1, 1)), [note]
    for lead in readings:
        for changed, what in _arrangements(inputs, lead, wanted):
            if takes(changed.shape[lead:]):
                samples = "frames" if lead == 2 else "images"
                note = f"the {samples} of shape {_text(inputs.shape[lead:])} {what}"
                return np.ascontiguousarray(changed), [note] if what else []
    return inputs, []


def remarks(network: ChipNetwork, inputs: np.ndarray) -> list[str]:
    """What a user should know of samples that a network is run on, and of the network, in sentences."""
    return [
        *of_other_length(network, inputs),
        *beyond_training(network, inputs),
        *network.provenance.get("notes", []),
    ]


def of_other_length(network: ChipNetwork, inputs: np.ndarray) -> list[str]:
    """A sentence about frames of more or fewer steps than the network was made for: they are run, but its votes and its cost are others."""
    made_for, shape = network.timesteps, network.input_layer.shape
    if made_for is None or network.encoder is not None or inputs.ndim != len(shape) + 2 or inputs.shape[1] == made_for:
        return []
    steps = inputs.shape[1]
    return [
        f"the frames have {numbered(steps, 'step')}, and this network was made for {numbered(made_for, 'step')}: accuracy, spikes and cost are "
        f"those of {numbered(steps, 'step')}"
    ]


def beyond_training(network: ChipNetwork, inputs: np.ndarray) -> list[str]:
    """A sentence about pixels on another scale than training's: floats well beyond the range that the network's encoder keeps, or bytes
    that are brighter than any that it tells apart, where there are any.

    A pixel table ends in a run of one value where training knew no brighter pixels (16 for digits); a few equal values at its end are
    rounding.
    """
    table = None if network.encoder is None else network.encoder.table
    if network.encoder is not None and network.encoder.pixel_range is not None and inputs.dtype.kind == "f":
        return _floats_beyond(*network.encoder.pixel_range, inputs)
    if table is None or inputs.dtype != np.uint8:
        return []
    brightest = np.array([np.flatnonzero(row != row[-1]).max(initial=-1) + 1 for row in table])
    brightest[len(table[0]) - brightest < ROUNDING] = len(table[0]) - 1
    beyond = int((inputs > brightest.reshape(-1, 1, 1)).sum())
    if not beyond:
        return []
    return [
        f"{beyond} of {inputs.size} pixels are brighter than {brightest.max()}, the brightest that this network was trained on, and count as that: "
        "are these images on the scale of its training images?"
    ]


def _floats_beyond(low: float, high: float, inputs: np.ndarray) -> list[str]:
    slack = SLACK * (high - low)
    if inputs.min() >= low - slack and inputs.max() <= high + slack:
        return []
    beyond = int(((inputs < low) | (inputs > high)).sum())
    return [
        f"{beyond} of {inputs.size} pixels are outside {low:g} to {high:g}, the range that this network was trained on, and reach from "
        f"{inputs.min():g} to {inputs.max():g}: are these images on the scale of its training images?"
    ]


def _readings(network: ChipNetwork) -> Iterator[int]:
    if network.encoder is not None or network.input_layer.neuron is not None:
        yield 1
    if network.encoder is None:
        yield 2


def _arrangements(inputs: np.ndarray, lead: int, wanted: _Accepted) -> Iterator[tuple[np.ndarray, str]]:
    """Other readings of the axes after the first `lead`, with what they mean ("" where it is nothing but form)."""
    shape, frame = inputs.shape[lead:], wanted.shape
    head = inputs.shape[:lead]
    if wanted.encoder is None and [n for n in shape if n > 1] == [n for n in frame if n > 1]:
        yield inputs.reshape(head + frame), "" if len(shape) != 2 else "are taken as grey, with one channel"
    if len(shape) == 2:
        yield inputs.reshape((*head, 1, *shape)), "are taken as grey, with one channel"
    if len(shape) == 3:
        yield np.moveaxis(inputs, -1, lead), "are taken with their channels last"
    if wanted.encoder is None and len(shape) > 1 and frame in {(n := int(np.prod(shape)),), (n, 1, 1)}:
        yield inputs.reshape(head + frame), "are flattened in this order of their axes"


def _text(shape: Shape) -> str:
    return " x ".join(map(str, shape))
