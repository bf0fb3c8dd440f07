"""Samples as pictures inside the page: images as they are, event frames side by side with the polarities in two colours."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from autosnn_hw.documents.behaviour import unpacked
from autosnn_hw.report.figures.canvas import BLUE, ORANGE

GAP = 1  # pixels between frames


def picture_uri(picture: Mapping[str, Any] | None) -> str | None:
    """A data URI with a PNG of a picture of `documents.behaviour.picture_of`; None where there is none."""
    if picture is None:
        return None
    from PIL import Image

    values = unpacked(picture)
    pixels = _frames(values) if values.ndim == 4 else _image(values)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode()


def _image(values: np.ndarray) -> np.ndarray:
    """uint8 (H, W) or (H, W, 3) of an image (C, H, W), which three channels make a coloured one; what is dark is stretched."""
    if len(values) == 3:
        return np.ascontiguousarray(values.transpose(1, 2, 0))
    grey = values.astype(np.float64).mean(axis=0)
    return (grey * (255.0 / max(1.0, float(grey.max())))).round().astype(np.uint8)


def _frames(values: np.ndarray) -> np.ndarray:
    """uint8 (H, W of all frames, 4) of frames (F, C, H, W): the first channel orange, the second blue, nothing transparent."""
    colours = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (ORANGE, BLUE)], float)
    if values.shape[1] == 1:
        colours = colours[1:]
    seen = values[:, : len(colours)].astype(np.float64)
    total = seen.sum(axis=1)
    mixed = np.einsum("fchw,cr->fhwr", seen, colours) / np.maximum(total, 1e-9)[..., None]
    alpha = 255.0 * np.minimum(1.0, total / max(1.0, float(seen.max())))
    frames = np.concatenate([mixed, alpha[..., None]], axis=3).round().astype(np.uint8)
    between = np.zeros((frames.shape[1], GAP, 4), np.uint8)
    between[..., 3] = 60
    strip = [part for frame in frames for part in (frame, between)][:-1]
    return np.concatenate(strip, axis=1)
