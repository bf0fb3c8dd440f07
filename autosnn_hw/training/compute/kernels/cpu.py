"""The neurons as fused numba kernels: forward and backward each one parallel pass over (T, M) in blocks that stay in cache.

The backward recomputes the voltages of a block from its inputs, so that nothing but the input is kept. Sums over neurons are
taken block by block in a fixed order: the number of threads does not change a bit.
"""

from __future__ import annotations

import numba
import numpy as np

BLOCK = 2048  # neurons a block: T x BLOCK floats fit the second-level cache up to T = 32


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def plif_forward(x, k, spikes):
    """spikes (T, M) of x (T, M) or (1, M); k of x's dtype."""
    timesteps, count = spikes.shape
    constant = x.shape[0] == 1
    zero = x.dtype.type(0)
    one = x.dtype.type(1)
    for block in numba.prange((count + BLOCK - 1) // BLOCK):
        low = block * BLOCK
        high = min(low + BLOCK, count)
        voltage = np.zeros(high - low, x.dtype)
        for t in range(timesteps):
            inputs = x[0 if constant else t, low:high]
            fired = spikes[t, low:high]
            for i in range(high - low):
                v = voltage[i] + (inputs[i] - voltage[i]) * k
                fires = v >= one
                fired[i] = one if fires else zero
                voltage[i] = zero if fires else v


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def plif_backward(x, k, a, c, grad, grad_x, grad_k):
    """Fill grad_x (as x) and grad_k (float64, one entry a block) from grad (T, M); a, c: `surrogate.atan_constants`."""
    timesteps, count = grad.shape
    constant = x.shape[0] == 1
    zero = x.dtype.type(0)
    one = x.dtype.type(1)
    kept = one if constant else zero  # a constant input's gradient is the sum over the steps
    for block in numba.prange((count + BLOCK - 1) // BLOCK):
        low = block * BLOCK
        high = min(low + BLOCK, count)
        size = high - low
        reached = np.empty((timesteps, size), x.dtype)  # voltage behind each step's input, before the reset
        voltage = np.zeros(size, x.dtype)
        for t in range(timesteps):
            inputs = x[0 if constant else t, low:high]
            h = reached[t]
            for i in range(size):
                v = voltage[i] + (inputs[i] - voltage[i]) * k
                h[i] = v
                voltage[i] = zero if v >= one else v
        carried = np.zeros(size, x.dtype)
        slope = np.zeros(size, x.dtype)
        total = np.zeros(size, x.dtype)
        for s in range(timesteps):
            t = timesteps - 1 - s
            h = reached[t]
            previous = reached[max(t - 1, 0)]
            started = zero if t == 0 else one
            g = grad[t, low:high]
            out = grad_x[0 if constant else t, low:high]
            for i in range(size):
                d = h[i] - one
                g_h = g[i] * a / (one + c * d * d) + (zero if d >= zero else carried[i])
                v_before = zero if previous[i] >= one else previous[i] * started
                slope[i] += g_h * (h[i] - v_before)  # k times the derivative by k: h - v_before = k (x - v_before)
                carried[i] = g_h * (one - k)
                total[i] = total[i] * kept + g_h * k
                out[i] = total[i]
        partial = 0.0
        for i in range(size):
            partial += slope[i]
        grad_k[block] = partial / k


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def memoryless_forward(x, spikes):
    """spikes = 1 where x >= 1; both flat."""
    zero = x.dtype.type(0)
    one = x.dtype.type(1)
    for block in numba.prange((x.size + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min((block + 1) * BLOCK, x.size)):
            spikes[i] = one if x[i] >= one else zero


@numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def memoryless_backward(x, a, c, grad, grad_x):
    """grad_x = grad a / (1 + c (x - 1)^2); all flat."""
    one = x.dtype.type(1)
    for block in numba.prange((x.size + BLOCK - 1) // BLOCK):
        for i in range(block * BLOCK, min((block + 1) * BLOCK, x.size)):
            d = x[i] - one
            grad_x[i] = grad[i] * a / (one + c * d * d)


def blocks(count: int) -> int:
    return -(-count // BLOCK)
