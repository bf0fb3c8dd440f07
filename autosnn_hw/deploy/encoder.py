"""The stem of direct encoding in integers: host work, done once an image, that travels inside the network file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autosnn_hw.deploy.quantise import EVEN, WeightFormat, neuron_for
from autosnn_hw.errors import InputError
from autosnn_hw.folded import FoldedConv, FoldedNetwork
from autosnn_hw.network import Encoder, InputLayer, conv_output_size
from autosnn_hw.network.chip_layers import BIAS_LIMIT

BYTE_PEAK = 127  # int8 weights and pixels, symmetric
BIAS_BITS = 24  # the bias inside the int32 convolution stays far below 2^31
MULTIPLIER_BITS = 23
FLOAT_RANGE = (
    4.0  # float images have no largest value: mean +- 4 standard deviations are kept, what lies beyond saturates
)


def build_encoder(
    stem: FoldedConv, k: float, folded: FoldedNetwork, weights: WeightFormat = EVEN
) -> tuple[Encoder, InputLayer]:
    """Encoder and input layer of a network with direct encoding.

    A pixel becomes q = round(unit x normalised pixel), int8, so that normalised zero is 0 and zero padding is exact; the
    stem's scale is S = bias_max / max over channels of (sum |w| max |pixel| + |b|), so that the final clip never acts.

    Args:
        stem: (C, Cin, k, k), batch norm folded.
        k: PLIF constant of the stem's neurons.
        folded: gives the image's shape and the constants of its normalisation.
        weights: what the target holds; where it is ternary the stem's neuron runs on the host.

    Raises:
        InputError: the stem or the normalisation is not finite, k is not in (0, 1], or float images have a mean and padding.
    """
    weight, bias = np.asarray(stem.weight, np.float64), np.asarray(stem.bias, np.float64)
    _refuse(weight, bias, k, folded)
    table, scale, unit, shift_in = _pixels(folded)
    if stem.padding and shift_in.any():
        raise InputError(
            "the stem pads with normalised zeros, and float images are only scaled: at the border they would differ; train on float images with pixel_mean 0."
        )
    bias = bias + (weight.sum(axis=(2, 3)) @ shift_in)
    encoder, stem_scale = encoder_of(
        weight,
        bias,
        (table, scale, unit),
        stride=(stem.stride, stem.stride),
        padding=(stem.padding, stem.padding),
        limit=BIAS_LIMIT if weights.kind == "ternary" else min(BIAS_LIMIT, weights.bias_max),
    )
    if folded.float_images:
        encoder = replace(encoder, pixel_range=folded.pixel_range)
    height, width = (conv_output_size(n, weight.shape[-1], stem.stride, stem.padding) for n in folded.image[1:])
    layer = InputLayer(
        "stem",
        (len(weight), height, width),
        neuron_for(stem_scale, k),
        scale=stem_scale,
        k=float(k),
        host=weights.host_stem,
    )
    return encoder, layer


def encoder_of(
    weight: np.ndarray,
    bias: np.ndarray,
    pixels: tuple[np.ndarray | None, np.ndarray | None, float],
    *,
    stride: tuple[int, int],
    padding: tuple[int, int],
    limit: int = BIAS_LIMIT,
) -> tuple[Encoder, float]:
    """A convolution of images as the host does it, and the scale S of what it gives.

    Args:
        weight, bias: float64 (C, Cin, kh, kw) and (C,).
        pixels: int8 table (Cin, 256), or None; float32 scale (Cin,), or None; and the unit q / value of both.
        limit: largest bias mantissa. Where the host runs the neuron (ternary) the mantissa is still NetX's, so that every backend
            reads one file.
    """
    table, scale, unit = pixels
    integer, inside, gain = _channels(weight, bias, unit)
    largest = _largest(weight, bias, unit, integer, inside, gain)
    stem_scale = limit / largest if largest > 0 else float(limit)
    multiplier, shift = _fixed_point(stem_scale / gain)
    encoder = Encoder(
        weight=integer.astype(np.int8),
        bias=inside.astype(np.int32),
        multiplier=multiplier,
        shift=shift,
        table=table,
        scale=scale,
        stride=stride,
        padding=padding,
    )
    return encoder, stem_scale


def _refuse(weight: np.ndarray, bias: np.ndarray, k: float, folded: FoldedNetwork) -> None:
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise InputError("layer 'stem': its weight or bias holds NaN or infinite values; train again.")
    if not 0 < k <= 1:
        raise InputError(f"layer 'stem': its PLIF constant k is {k}; a value in (0, 1] is needed.")
    constants = [folded.pixel_mean, folded.pixel_std, np.array([folded.pixel_max])]
    if not all(np.isfinite(c).all() for c in constants) or (np.asarray(folded.pixel_std) <= 0).any():
        raise InputError("the pixel mean, deviation and maximum must be finite and the deviation positive.")


def _pixels(folded: FoldedNetwork) -> tuple[np.ndarray | None, np.ndarray | None, float, np.ndarray]:
    """(table, scale, unit, shift): q = unit x normalised pixel; shift (Cin,) is what float images lack of being normalised."""
    mean, deviation = (np.asarray(a, np.float64).reshape(-1) for a in (folded.pixel_mean, folded.pixel_std))
    if folded.float_images:
        # A float image is only scaled. A mean goes into the stem's bias, which is exact without padding.
        unit = BYTE_PEAK / float(((np.abs(mean) + FLOAT_RANGE * deviation) / deviation).max())
        return None, (unit / (deviation * folded.pixel_max)).astype(np.float32), unit, -mean / deviation
    pixels = (np.arange(256) / folded.pixel_max - mean[:, None]) / deviation[:, None]
    legal = pixels[:, : min(255, int(folded.pixel_max)) + 1]
    unit = BYTE_PEAK / float(np.abs(legal).max())
    table = np.clip(np.rint(pixels * unit), -BYTE_PEAK, BYTE_PEAK).astype(np.int8)
    return table, None, unit, np.zeros(len(mean))


def _channels(weight: np.ndarray, bias: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(int8 weights, int32 biases, gain (C,)): convolution of integers = gain x convolution of floats."""
    peak = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    peak = np.where(peak > 0, peak, max(peak[peak > 0].min(initial=np.inf), 1e-30) if (peak > 0).any() else 1.0)
    gain = unit * BYTE_PEAK / peak
    gain = np.minimum(gain, 2**BIAS_BITS / np.maximum(np.abs(bias), 1e-300))
    integer = np.rint(weight * (gain / unit)[:, None, None, None]).astype(np.int64)
    return integer, np.rint(bias * gain).astype(np.int64), gain


def _largest(
    weight: np.ndarray, bias: np.ndarray, unit: float, integer: np.ndarray, inside: np.ndarray, gain: np.ndarray
) -> float:
    """Largest |value| that the stem can give for any legal image, in floats and in its integers."""
    floats = np.abs(weight).reshape(len(weight), -1).sum(axis=1) * (BYTE_PEAK / unit) + np.abs(bias)
    integers = (np.abs(integer).reshape(len(integer), -1).sum(axis=1) * BYTE_PEAK + np.abs(inside)) / gain
    return max(float(floats.max()), float(integers.max()))


def _fixed_point(ratio: np.ndarray) -> tuple[np.ndarray, int]:
    """int32 multipliers and one shift with ratio ~ multiplier / 2^shift, the largest multiplier of 23 bits."""
    shift = int(np.clip(MULTIPLIER_BITS - 1 - np.floor(np.log2(ratio.max())), 1, 40))
    multiplier = np.floor(ratio * 2.0**shift)  # downward: the largest bias stays within its range
    return np.clip(multiplier, 0, 2**31 - 1).astype(np.int32), shift
