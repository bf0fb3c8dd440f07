"""In which order people write the axes of samples: what can only be meant is taken and said, the rest is refused with the line that helps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import numpy as np

from autosnn_hw.architecture import SMALLEST_SIDE
from autosnn_hw.errors import InputError
from autosnn_hw.training.data.sources.sample_values import ValueRange
from autosnn_hw.words.quantities import numbered

Shape = tuple[int, ...]
USUAL_CHANNELS = 4  # RGB and alpha; polarities are fewer
POLARITIES = 2
COLOURS = 3  # RGB
MOST_COUNTED = 15  # events of a pixel and step: images of whole numbers go higher
MOST_CHANNELS = 32  # more, of samples that are not square, are taken for a side


class AxisOrder(Enum):
    """What the axes behind that of samples are."""

    WRITTEN = "as they are documented"
    CHANNELS_LAST = "channels last"
    TIME_LAST = "(N, C, H, W, T), as lava-dl has it"
    UNCLEAR = "one or the other"


def of_frames(shape: Shape) -> AxisOrder:
    """How frames of five axes are read: (N, T, C, H, W), (N, T, H, W, C) or (N, C, H, W, T)."""
    _, first, second, third, last = shape
    few = first <= POLARITIES  # it may be that of polarities
    if _channels_last(shape):
        return AxisOrder.UNCLEAR if few and not first == last == 1 else AxisOrder.CHANNELS_LAST
    if not few or second <= USUAL_CHANNELS or second == third == last <= MOST_CHANNELS:
        return AxisOrder.WRITTEN
    if second == third == last:
        return AxisOrder.UNCLEAR
    return AxisOrder.TIME_LAST if second == third or (second > MOST_CHANNELS and third != last) else AxisOrder.WRITTEN


def by_polarity(shape: Shape, positive: str, negative: str) -> str:
    """The line of numpy that puts both polarities of frames into channels of their own, (N, T, 2 C, H, W).

    Args:
        shape: of the frames, samples first.
        positive, negative: expressions of what each polarity is.
    """
    axis, moved = {AxisOrder.CHANNELS_LAST: (4, "4, 2"), AxisOrder.TIME_LAST: (1, "4, 1")}.get(
        of_frames(shape), (2, "")
    )
    line = f"np.concatenate([{positive}, {negative}], axis={axis})"
    return f"np.moveaxis({line}, {moved})" if moved else line


def steps_of(shapes: Mapping[str, Shape | None]) -> int | None:
    """T of event frames, as the headers of a file say it; None for all else, and where the order of axes is refused.

    Args:
        shapes: of arrays by name, x_test .. and y_test ..; None where there is none.
    """
    samples = {name: shape for name, shape in shapes.items() if name.startswith("x") and shape is not None}
    if len(shape := samples.get("x_test", ())) != 5:
        return None
    if _second_axis_is_samples(samples, _label_counts(shapes)):
        shape = (shape[1], shape[0], *shape[2:])
    reading = of_frames(shape)
    return None if reading is AxisOrder.UNCLEAR else shape[-1 if reading is AxisOrder.TIME_LAST else 1]


def samples_first(
    arrays: Mapping[str, np.ndarray], labels: Mapping[str, Shape | None], path: Path
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Arrays whose first axis is that of samples, as far as the number of labels says which that is, and what was made of them.

    Args:
        arrays: x_test, x_train, x_val, as far as there are any.
        labels: shapes of y_test ..; None, or no key, where there is none.

    Raises:
        InputError: there are as many labels as another axis is long, and it is not that of frames (T, N, C, H, W).
    """
    counts = _label_counts(labels)
    if _second_axis_is_samples({name: x.shape for name, x in arrays.items()}, counts):
        notes = [
            f"{name} {x.shape} has its samples on the second axis, that of time first" for name, x in arrays.items()
        ]
        return {name: np.moveaxis(x, 0, 1) for name, x in arrays.items()}, notes
    for name, x in arrays.items():
        count = counts.get(name)
        if count is None or count == len(x) or count not in x.shape:
            continue
        axis = x.shape.index(count)
        raise InputError(
            f"{path}: {name} {x.shape} has {len(x)} samples, and y{name[1:]} {count} labels, as many as axis {axis} of {name} is long; samples come "
            f"first: np.moveaxis({name}, {axis}, 0) makes {_moved(x.shape, axis, 0)} of it."
        )
    return dict(arrays), []


def as_images(x: np.ndarray, name: str, values: ValueRange, path: Path) -> tuple[np.ndarray, str | None]:
    """Samples as something that a network is trained on: images (N, C, H, W) or event frames (N, T, C, H, W).

    Args:
        values: those of all parts of the data set, which are read alike.

    Returns:
        The array, and what was made of it where its axes were in another order.

    Raises:
        InputError: flat inputs, or axes that may mean one thing or another.
    """
    if x.ndim == 2:
        raise InputError(
            f"{path}: {name} is {x.shape}, flat inputs; a network is trained on images (N, C, H, W): "
            f"{name}.reshape(-1, C, H, W) makes them."
        )
    if x.ndim == 3:
        return _grey(x, name, values, path)
    if (_channels_last(x.shape) and x.ndim == 4) or (x.ndim == 5 and of_frames(x.shape) is AxisOrder.CHANNELS_LAST):
        last, (height, width) = x.shape[-1], x.shape[-3:-1]
        side = f"{height} x {width} with {numbered(last, 'channel')}"
        return np.moveaxis(x, -1, -3), f"{name} {x.shape} has its channels last: {side}"
    return (_images if x.ndim == 4 else _frames)(x, name, values, path)


def _grey(x: np.ndarray, name: str, values: ValueRange, path: Path) -> tuple[np.ndarray, str]:
    advice = f"{name}[:, None] makes (N, 1, H, W) of them"
    if values.binary:
        raise InputError(
            f"{path}: {name} is {x.shape} of zeros and ones. If they are black and white images, {advice}; spike trains (N, T, F) "
            "can be simulated, but no network is trained on them."
        )
    if not (values.whole or values.shares):
        raise InputError(
            f"{path}: {name} is {x.dtype} {x.shape} with fractions outside of 0 to 1. If they are grey images, {advice}; no network is "
            "trained on series (N, T, F)."
        )
    return x[:, None], f"{name} {x.shape} is taken as {len(x)} grey images of {x.shape[1]} x {x.shape[2]}"


def _images(x: np.ndarray, name: str, values: ValueRange, path: Path) -> tuple[np.ndarray, str | None]:
    channels, height, width = x.shape[1:]
    size = f"{channels} channels of {height} x {width}"
    frames = f"{name}[:, :, None] makes frames (N, T, 1, H, W)"
    taken = f"{name} {x.shape} is taken as images of {size}; if axis 1 is time, {frames}"
    if channels <= USUAL_CHANNELS:
        return x, taken if channels > 1 and _like_counts(values, channels) else None
    if height != width and (channels > MOST_CHANNELS or channels == height > width):
        raise InputError(
            f"{path}: {name} {x.shape} would be images of {size}, (N, C, H, W). If channels come last, np.moveaxis({name}, -1, 1) makes "
            f"{_moved(x.shape, 3, 1)} of it; if axis 1 is time, {name}[:, :, None] makes frames (N, T, 1, H, W)."
        )
    if values.binary:
        raise InputError(
            f"{path}: {name} {x.shape} is of zeros and ones. If axis 1 is time, {frames}; if they are images of {size}, "
            f"{name}.astype(np.uint8) * 255 makes bytes of them."
        )
    return x, taken if values.whole else None


def _like_counts(values: ValueRange, channels: int) -> bool:
    """Whether images of few channels hold what frames (N, T, H, W) do: zeros and ones, or small counts where they are no colours."""
    counts = values.whole and values.low >= 0 and values.high <= MOST_COUNTED
    return values.binary or (counts and channels != COLOURS)


def _frames(x: np.ndarray, name: str, values: ValueRange, path: Path) -> tuple[np.ndarray, str | None]:
    _, first, second, third, last = x.shape
    reading = of_frames(x.shape)
    time_first = f"np.moveaxis({name}, -1, 1) makes {_moved(x.shape, 4, 1)}"
    if reading is AxisOrder.UNCLEAR:
        other = f", and if it is that of channels, np.moveaxis({name}, -1, 2)" if last <= USUAL_CHANNELS else ""
        raise InputError(
            f"{path}: {name} {x.shape} may be frames with time or with channels last; they are (N, T, C, H, W). If the last axis is time, "
            f"{time_first} of it{other}."
        )
    if reading is AxisOrder.TIME_LAST:
        said = f"{numbered(last, 'step')} of {numbered(first, 'channel')} of {second} x {third}"
        return np.moveaxis(x, -1, 1), f"{name} {x.shape} has time last: {said}"
    if first <= POLARITIES and second == third == last > USUAL_CHANNELS:
        return x, (
            f"{name} {x.shape} is taken as {first} steps of {second} channels of {third} x {last}; if the last axis is time, {time_first} of it"
        )
    return x, None


def _channels_last(shape: Shape) -> bool:
    """Whether (.., H, W, C) is meant: read as (.., C, H, W) they would be images a few pixels wide, which no network is trained on."""
    return shape[-1] <= USUAL_CHANNELS and min(shape[-3:-1]) >= max(SMALLEST_SIDE, shape[-1] + 1)


def _label_counts(shapes: Mapping[str, Shape | None]) -> dict[str, int]:
    """Labels of x_test .., where there are any; of a row of them, which is refused later, it is not said that samples lie elsewhere."""
    return {
        f"x{name[1:]}": shape[0]
        for name, shape in shapes.items()
        if name.startswith("y") and shape and not (len(shape) == 2 and shape[0] == 1 < shape[1])
    }


def _second_axis_is_samples(shapes: Mapping[str, Shape], counts: Mapping[str, int]) -> bool:
    """Whether all parts are frames (T, N, C, H, W): with one label a sample, and with one T."""
    if not all(len(shape) == 5 and counts.get(name) == shape[1] for name, shape in shapes.items()):
        return False
    alike = len({shape[0] for shape in shapes.values()}) == 1
    return alike and any(shape[0] != shape[1] and counts[name] not in shape[2:] for name, shape in shapes.items())


def _moved(shape: Shape, source: int, destination: int) -> Shape:
    order = [n for axis, n in enumerate(shape) if axis != source]
    return (*order[:destination], shape[source], *order[destination:])
