"""The host's stem convolution in integers: the only place that turns an image into the stem neurons' bias mantissas.

Equations: see `autosnn_hw.network.Encoder`; exact, the same numbers as the nodes in winner.onnx.
"""

from __future__ import annotations

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import Encoder, conv_output_size
from autosnn_hw.network.chip_layers import BIAS_LIMIT
from autosnn_hw.network.connectivity import axis_taps

_IMAGES_AT_ONCE = 64


def host_macs(encoder: Encoder, image_shape: tuple[int, int, int]) -> int:
    """Multiply-accumulates of the stem for one image: taps that fall inside the image, over all its neurons.

    Args:
        encoder: the stem.
        image_shape: (Cin, H, W).
    """
    out, channels, *kernel = encoder.weight.shape
    inside = 1
    for axis in (0, 1):
        size, k, stride, padding = image_shape[1 + axis], kernel[axis], encoder.stride[axis], encoder.padding[axis]
        outputs = np.array([0, conv_output_size(size, k, stride, padding)])
        inside *= int(axis_taps(size, outputs, k, stride, padding, 1).sum())
    return out * channels * inside


def encode(encoder: Encoder, images: np.ndarray, *, threads: int = 1) -> np.ndarray:
    """Bias mantissas of the stem neurons.

    Args:
        encoder: the stem; with a pixel table the images are bytes, with a scale they are float32.
        images: uint8 or float (N, Cin, H, W).
        threads: images are shared out over so many threads.

    Returns:
        int64 (N, C, H', W') within [-4095, 4095].

    Raises:
        InputError: wrong shape or dtype, or NaN pixels.
    """
    images = _checked(encoder, np.asarray(images))
    out, _, *kernel = encoder.weight.shape
    size = [
        conv_output_size(images.shape[2 + axis], kernel[axis], encoder.stride[axis], encoder.padding[axis])
        for axis in (0, 1)
    ]
    if min(size) < 1:
        raise InputError(
            f"images of {images.shape[2]} x {images.shape[3]} are too small for the encoder's {kernel[0]} x {kernel[1]} kernel."
        )
    # Here and not at the top: commands that never encode do not wait for numba.
    from autosnn_hw.arithmetic.compiled import share
    from autosnn_hw.simulate.stem_kernel import convolve

    bias = np.empty((len(images), out, *size), np.int64)
    integers = [np.asarray(a, np.int64) for a in (encoder.weight, encoder.bias, encoder.multiplier)]
    half = (1 << int(encoder.shift)) >> 1

    def work(low: int, high: int) -> None:
        for first in range(low, high, _IMAGES_AT_ONCE):
            part = slice(first, min(first + _IMAGES_AT_ONCE, high))
            convolve(
                _levels(encoder, images[part]),
                *integers,
                half,
                int(encoder.shift),
                BIAS_LIMIT,
                *encoder.stride,
                bias[part],
            )

    share(work, len(images), threads)
    return bias


def _checked(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    channels = encoder.weight.shape[1]
    if images.ndim != 4 or images.shape[1] != channels:
        raise InputError(f"images have shape {images.shape}; the encoder takes (N, {channels}, H, W).")
    if encoder.table is not None and images.dtype != np.uint8:
        raise InputError(
            f"images have dtype {images.dtype}; this encoder's pixel table takes bytes (uint8): save them as x.astype(np.uint8), or "
            "np.rint(255 * x).astype(np.uint8) where they are bytes divided by 255, in the range that the training images had."
        )
    if encoder.table is None:
        if images.dtype.kind != "f":
            raise InputError(
                f"images have dtype {images.dtype}; this encoder's scale takes float32 pixels: save them as x.astype(np.float32), in the "
                "range that the training images had."
            )
        if not np.isfinite(images).all():
            raise InputError("images hold NaN or infinite pixels; finite float32 values are needed.")
    return images


def _levels(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    """Pixels as integers q, int32 (table) or int64 (N, Cin, H + padding, W + padding), 0 in the padding."""
    (count, channels, height, width), (pad_h, pad_w) = images.shape, encoder.padding
    dtype = np.int64 if encoder.table is None else np.int32
    levels = np.zeros((count, channels, height + 2 * pad_h, width + 2 * pad_w), dtype)
    inside = levels[:, :, pad_h : pad_h + height, pad_w : pad_w + width]
    if encoder.table is None:
        scale = np.asarray(encoder.scale, np.float32).reshape(1, -1, 1, 1)
        inside[...] = np.rint(images.astype(np.float32) * scale)
    else:
        for channel, row in enumerate(np.asarray(encoder.table)):
            inside[:, channel] = row[images[:, channel]]
    return levels
