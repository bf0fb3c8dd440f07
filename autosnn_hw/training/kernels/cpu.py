"""The neurons as fused numba kernels: forward and backward each one parallel pass over (T, M) in blocks that stay in cache.

The backward recomputes the voltages of a block from its inputs, so that nothing but the input is kept. Sums over neurons are
taken block by block in a fixed order: the number of threads does not change a bit.
"""

from __future__ import annotations

import numba
import numpy as np
import torch

BLOCK = 1024  # neurons a block: T x BLOCK floats fit the second-level cache up to T = 64


def use_torch_threads() -> None:
    """Let numba use as many threads as torch does."""
    wanted = torch.get_num_threads()
    available: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    numba.set_num_threads(max(1, min(wanted, available)))
    if torch.get_num_threads() != wanted:
        # Where both sit on one libgomp, numba's first launch sets the number of threads for torch as well.
        torch.set_num_threads(wanted)


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
    for block in numba.prange((count + BLOCK - 1) // BLOCK):
        low = block * BLOCK
        high = min(low + BLOCK, count)
        size = high - low
        before = np.zeros((timesteps + 1, size), x.dtype)  # voltage before each step's input
        reached = np.empty((timesteps, size), x.dtype)  # and after it, before the reset
        for t in range(timesteps):
            inputs = x[0 if constant else t, low:high]
            v_before = before[t]
            v_after = before[t + 1]
            h = reached[t]
            for i in range(size):
                v = v_before[i] + (inputs[i] - v_before[i]) * k
                h[i] = v
                v_after[i] = zero if v >= one else v
        carried = np.zeros(size, x.dtype)
        slope = np.zeros(size, x.dtype)
        total = np.zeros(size, x.dtype)
        for s in range(timesteps):
            t = timesteps - 1 - s
            inputs = x[0 if constant else t, low:high]
            v_before = before[t]
            h = reached[t]
            g = grad[t, low:high]
            for i in range(size):
                d = h[i] - one
                g_h = g[i] * a / (one + c * d * d)
                g_h += zero if d >= zero else carried[i]
                slope[i] += g_h * (inputs[i] - v_before[i])
                carried[i] = g_h * (one - k)
                total[i] = g_h * k if not constant else total[i] + g_h * k
            if not constant:
                grad_x[t, low:high] = total
        if constant:
            grad_x[0, low:high] = total
        partial = 0.0
        for i in range(size):
            partial += slope[i]
        grad_k[block] = partial


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
