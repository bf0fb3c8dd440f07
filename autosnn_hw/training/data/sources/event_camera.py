"""A simulated event camera that looks at moving shapes: the embedded event dataset, made anew from its seed wherever it is used.

A dark or bright shape crosses a grey field and turns. A pixel remembers the logarithm of the intensity it last fired at and
gives an ON or OFF event where the present one is `CONTRAST` above or below it (Lichtsteiner et al. 2008; simulated as in ESIM,
Rebecq et al. 2018). Pixels differ in their thresholds, fire by themselves now and then, and are silent for the rest of a step
after an event of one polarity, so that frames hold zeros and ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autosnn_hw.seeds import generator

SIDE, STEPS = 16, 5  # pixels, frames a sample
SUBSTEPS = 4  # looks at the scene a frame
CONTRAST = 0.25  # of the logarithm of the intensity
MISMATCH = 0.1  # standard deviation of a pixel's thresholds, of `CONTRAST`
NOISE = 0.005  # events of its own a pixel, polarity and frame
SEED = 2022

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _disc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.hypot(x, y) - 0.85


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(abs(x), abs(y)) - 0.75


def _bar(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(abs(x) - 1.3, abs(y) - 0.3)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.minimum(
        np.maximum(abs(x) - 1.1, abs(y) - 0.3),
        np.maximum(abs(y) - 1.1, abs(x) - 0.3),
    )


def _triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(abs(x) * 0.866 + y * 0.5, -y) - 0.55


def _ring(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return abs(np.hypot(x, y) - 0.85) - 0.25


# Signed distance from the outline, roughly, in radii of the shape: negative inside.
SHAPES: dict[str, Field] = {
    "disc": _disc,
    "square": _square,
    "bar": _bar,
    "cross": _cross,
    "triangle": _triangle,
    "ring": _ring,
}


def samples(count: int, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Event frames uint8 (count, T, 2, H, W) of zeros and ones, channel 0 ON and 1 OFF, and labels int64 (count,), as many of each
    class as of any other but for one.

    Args:
        part: of the dataset; each is drawn from a seed of its own.
    """
    random = generator(SEED, "events", part)
    labels = random.permutation(np.arange(count) % len(SHAPES))
    frames = np.empty((count, STEPS, 2, SIDE, SIDE), np.uint8)
    for number, field in enumerate(SHAPES.values()):
        chosen = np.flatnonzero(labels == number)
        frames[chosen] = _events(_intensities(field, len(chosen), random), random)
    return frames, labels.astype(np.int64)


def _intensities(field: Field, count: int, random: np.random.Generator) -> np.ndarray:
    """Logarithms of intensities (looks, count, H, W) of a shape that moves on a straight line and turns."""
    looks = STEPS * SUBSTEPS + 1
    time = np.linspace(-0.5, 0.5, looks).reshape(
        -1, 1
    )  # of a sample; in its middle the shape is near the field's middle
    angle = random.uniform(0, 2 * np.pi, count) + time * random.uniform(-1.2, 1.2, count)
    way = random.uniform(0, 2 * np.pi, count)
    length = random.uniform(4.0, 8.0, count)
    middle = random.uniform(-1.5, 1.5, (2, count)) + (SIDE - 1) / 2
    radius = random.uniform(4.0, 5.5, count)
    contrast = random.uniform(0.8, 1.2, count) * random.choice([-1, 1], count)
    place = [middle[axis] + time * length * part for axis, part in enumerate((np.sin(way), np.cos(way)))]
    row, column = np.mgrid[:SIDE, :SIDE]
    dy, dx = ((grid - centre[..., None, None]) / radius[:, None, None] for grid, centre in zip((row, column), place))
    cos, sin = np.cos(angle)[..., None, None], np.sin(angle)[..., None, None]
    distance = field(cos * dx + sin * dy, cos * dy - sin * dx) * radius[:, None, None]
    cover = np.clip(0.5 - distance, 0, 1)  # an edge is a pixel wide
    return contrast[:, None, None] * cover


def _events(scene: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Frames uint8 (count, T, 2, H, W) of a scene (looks, count, H, W)."""
    threshold = CONTRAST * np.maximum(0.3, 1 + MISMATCH * random.standard_normal((2, *scene.shape[1:])))
    frames = random.random((STEPS, 2, *scene.shape[1:])) < NOISE
    memory = scene[0].copy()
    for look, now in enumerate(scene[1:]):
        frame = frames[look // SUBSTEPS]
        for polarity, sign in enumerate((1, -1)):
            fires = sign * (now - memory) >= threshold[polarity]
            frame[polarity] |= fires
            memory = np.where(fires, now, memory)
    return np.ascontiguousarray(frames.transpose(2, 0, 1, 3, 4)).astype(np.uint8)
