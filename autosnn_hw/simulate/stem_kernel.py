"""The loops of `stem.encode`, compiled: an image's stem must cost less than its simulation."""

from __future__ import annotations

import numpy as np

from autosnn_hw.simulate.compiled import compiled


@compiled
def convolve(
    levels, weight, bias, multiplier, half, shift, limit, stride_h, stride_w, pad_h, pad_w, result
):  # type: ignore[no-untyped-def]  # fmt: skip
    """clip((conv(levels) + bias) * multiplier + half >> shift, -limit, limit) into result, int64 (N, C, H, W)."""
    images, outs, rows, columns = result.shape
    channels, kernel_h, kernel_w = weight.shape[1:]
    height, breadth = levels.shape[2:]
    sums = np.empty(columns, levels.dtype)
    for n in range(images):
        for c in range(outs):
            for y in range(rows):
                sums[:] = 0
                for i in range(channels):
                    for a in range(kernel_h):
                        row = y * stride_h + a - pad_h
                        if row < 0 or row >= height:
                            continue
                        line = levels[n, i, row]
                        for b in range(kernel_w):
                            w = levels.dtype.type(weight[c, i, a, b])
                            first = max(0, -((b - pad_w) // stride_w))
                            last = min(columns, (breadth - 1 - b + pad_w) // stride_w + 1)
                            start = first * stride_w + b - pad_w
                            if stride_w == 1:
                                part, target = line[start : start + last - first], sums[first:last]
                                for x in range(last - first):
                                    target[x] += w * part[x]
                            else:
                                for x in range(last - first):
                                    sums[first + x] += w * line[start + x * stride_w]
                for x in range(columns):
                    value = ((np.int64(sums[x]) + bias[c]) * multiplier[c] + half) >> shift
                    result[n, c, y, x] = min(max(value, -limit), limit)
