"""The chip's integer neuron differentiated: the PLIF gradient at the voltages that the integers reach.

In PLIF's units V = v k / (64 S), x = a / S, so that V[t] = d V[t-1] + k x[t] with the chip's decay d = 1 - vDecay / 4096,
whose gradient goes to k as 1 - k's would. It goes straight through the truncation; S is taken as constant. The forward is `autosnn_hw.deploy.integer_neuron.fire`.
"""

from __future__ import annotations

import numba
import numpy as np

from autosnn_hw.network import chip_layers

V_LIMIT, WRAP = float(chip_layers.V_LIMIT), float(chip_layers.WRAP)
DECAY_ONE, ALIGN = float(chip_layers.DECAY_ONE), float(chip_layers.ALIGN)


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def fire_backward(current, bias, inverse, shift, keep, threshold, k, a, c, grad, grad_current, grad_k):
    """Fill grad_current (T, M) and grad_k (one entry a block).

    Args:
        current: float32 (T, M) integers, channels last.
        bias: float64, 64 x mantissa, repeated over one block of whole positions; inverse: 1 / S and shift: what is added to
            V, likewise (0 for PLIF; 1 - 1 / S where memoryless, so that V = 1 at the first integer that fires).
        keep: 4096 - vDecay; threshold: 64 x vThMant; k: PLIF constant.
        a, c: of the surrogate a / (1 + c (V - 1)^2).
        grad: float32 (T, M) of the spikes.
    """
    steps, count = current.shape
    block = bias.shape[0]
    share = keep / DECAY_ONE
    for b in numba.prange((count + block - 1) // block):
        low = b * block
        size = min(low + block, count) - low
        before = np.zeros((steps + 1, size), np.float64)  # v before each step's input
        reached = np.empty((steps, size), np.float64)
        for t in range(steps):
            inputs = current[t, low : low + size]
            for i in range(size):
                u = np.float64(inputs[i]) * ALIGN
                u = u - 2 * WRAP if u > WRAP else u
                u = u + 2 * WRAP if u <= -WRAP else u
                v = np.trunc(before[t, i] * share) + u + bias[i]
                v = min(max(v, -V_LIMIT), V_LIMIT)
                reached[t, i] = v
                before[t + 1, i] = 0.0 if v > threshold else v
        carried = np.zeros(size, np.float64)
        partial = 0.0
        for s in range(steps):
            t = steps - 1 - s
            g = grad[t, low : low + size]
            out = grad_current[t, low : low + size]
            inputs = current[t, low : low + size]
            for i in range(size):
                unit = inverse[i] / 64.0
                distance = reached[t, i] * unit * k + shift[i] - 1.0
                g_v = g[i] * a / (1.0 + c * distance * distance)
                g_v += 0.0 if reached[t, i] > threshold else carried[i]
                x = (np.float64(inputs[i]) * ALIGN + bias[i]) * unit
                partial += g_v * (x - before[t, i] * unit * k)
                carried[i] = g_v * share
                out[i] = g_v * k * inverse[i]
        grad_k[b] = partial
