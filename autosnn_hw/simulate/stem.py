"""The host's stem convolution in integers: the only place that turns an image into the stem neurons' bias mantissas.

Equations: see `autosnn_hw.network.Encoder`; numpy only, exact, the same numbers as the nodes in winner.onnx.
"""

from __future__ import annotations

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import Encoder, conv_output_size

BIAS_LIMIT = 4095  # 13 bit signed bias mantissa, the clip of the encoder's definition
_EXACT_FLOAT32 = 1 << 24
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
        first = np.arange(conv_output_size(size, k, stride, padding)) * stride - padding
        position = first[:, None] + np.arange(k)
        inside *= int(((position >= 0) & (position < size)).sum())
    return out * channels * inside


def encode(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    """Bias mantissas of the stem neurons.

    Args:
        encoder: the stem; with a pixel table the images are bytes, with a scale they are float32.
        images: uint8 or float (N, Cin, H, W).

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
    bias = np.empty((len(images), out, *size), np.int64)
    for low in range(0, len(images), _IMAGES_AT_ONCE):
        part = slice(low, low + _IMAGES_AT_ONCE)
        bias[part] = _rescaled(encoder, _convolved(encoder, _levels(encoder, images[part]), size))
    return bias


def _checked(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    channels = encoder.weight.shape[1]
    if images.ndim != 4 or images.shape[1] != channels:
        raise InputError(f"images have shape {images.shape}; the encoder takes (N, {channels}, H, W).")
    if encoder.table is not None and images.dtype != np.uint8:
        raise InputError(f"images have dtype {images.dtype}; this encoder's pixel table takes bytes (uint8).")
    if encoder.table is None:
        if images.dtype.kind != "f":
            raise InputError(f"images have dtype {images.dtype}; this encoder's scale takes float32 pixels.")
        if not np.isfinite(images).all():
            raise InputError("images hold NaN or infinite pixels; finite float32 values are needed.")
    return images


def _levels(encoder: Encoder, images: np.ndarray) -> np.ndarray:
    """Pixels as integers q, int64 (N, Cin, H, W)."""
    if encoder.table is not None:
        table = np.asarray(encoder.table, np.int64)
        return np.stack([table[channel][images[:, channel]] for channel in range(images.shape[1])], axis=1)
    scale = np.asarray(encoder.scale, np.float32).reshape(1, -1, 1, 1)
    return np.rint(images.astype(np.float32) * scale).astype(np.int64)


def _convolved(encoder: Encoder, levels: np.ndarray, size: list[int]) -> np.ndarray:
    """Exact convolution, int64 (N, C, H', W'), by a matrix product in the narrowest float that holds every sum exactly."""
    weight = np.asarray(encoder.weight, np.int64)
    out, _, kernel_h, kernel_w = weight.shape
    largest = int(np.abs(weight).reshape(out, -1).sum(axis=1).max()) * int(np.abs(levels).max(initial=0))
    dtype = np.float32 if largest < _EXACT_FLOAT32 else np.float64
    (pad_h, pad_w), (stride_h, stride_w) = encoder.padding, encoder.stride
    padded = np.pad(levels.astype(dtype), ((0, 0), (0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_h, kernel_w), axis=(2, 3))  # type: ignore[call-overload]
    windows = windows[:, :, ::stride_h, ::stride_w].transpose(1, 4, 5, 0, 2, 3)
    columns = np.ascontiguousarray(windows).reshape(weight[0].size, -1)
    sums = weight.reshape(out, -1).astype(dtype) @ columns
    return sums.reshape(out, len(levels), *size).transpose(1, 0, 2, 3).astype(np.int64)


def _rescaled(encoder: Encoder, sums: np.ndarray) -> np.ndarray:
    column = (1, -1, 1, 1)
    sums = (sums + np.asarray(encoder.bias, np.int64).reshape(column)) * np.asarray(
        encoder.multiplier, np.int64
    ).reshape(column)
    half = (1 << int(encoder.shift)) >> 1
    return np.clip((sums + half) >> int(encoder.shift), -BIAS_LIMIT, BIAS_LIMIT)
