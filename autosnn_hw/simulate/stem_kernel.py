"""The loops of `stem.encode`, compiled: an image's stem must cost less than its simulation."""

from __future__ import annotations

import numpy as np

from autosnn_hw.arithmetic.compiled import compiled


@compiled
def convolve(padded, weight, bias, multiplier, half, shift, limit, stride_h, stride_w, result):  # type: ignore[no-untyped-def]
    """clip((conv(padded) + bias) * multiplier + half >> shift, -limit, limit) into result, int64 (N, C, H', W').

    A tap is added to all positions of a padded plane in one long loop, strides or not; what is no output is left out at
    the end. padded: integers (N, Cin, H + padding, W + padding), wide enough for the sums.
    """
    images, outs, rows, columns = result.shape
    channels, kernel_h, kernel_w = weight.shape[1:]
    pitch = padded.shape[3]
    size = (rows - 1) * stride_h * pitch + (columns - 1) * stride_w + 1
    sums = np.empty(size, padded.dtype)
    for n in range(images):
        for c in range(outs):
            sums[:] = 0
            for i in range(channels):
                plane = padded[n, i].reshape(-1)
                for a in range(kernel_h):
                    for b in range(kernel_w):
                        w = padded.dtype.type(weight[c, i, a, b])
                        if w != 0:
                            part = plane[a * pitch + b : a * pitch + b + size]
                            for k in range(size):
                                sums[k] += w * part[k]
            for y in range(rows):
                for x in range(columns):
                    total = np.int64(sums[y * stride_h * pitch + x * stride_w])
                    value = ((total + bias[c]) * multiplier[c] + half) >> shift
                    result[n, c, y, x] = min(max(value, -limit), limit)
