"""Neurons of the general path: one fused numba kernel with 64-bit arithmetic, exact for any current and any parameters.

Products reach 2^35, beyond 32 bits: an arithmetic shift of the 64-bit product, corrected by the sign, rounds toward zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autosnn_hw.arithmetic.compiled import compiled, share
from autosnn_hw.network import Layer
from autosnn_hw.network.chip_layers import ALIGN, DECAY_ONE, V_LIMIT, WRAP, cuba, effective_bias, every_neuron

_FRACTION = DECAY_ONE - 1  # of a product of a state and what it keeps


class NeuronRun(NamedTuple):
    """One layer over a whole run: spikes uint8 (N, T, neurons), u and v int32 likewise or None, final_v int32 (N, neurons)."""

    spikes: np.ndarray
    u: np.ndarray | None
    v: np.ndarray | None
    final_v: np.ndarray


@compiled
def _integrate(currents, keep_u, keep_v, threshold, bias, spikes, final_v, u_trace, v_trace):  # type: ignore[no-untyped-def]
    """All steps of some samples; traces are written where they have room (their first axis is not 0)."""
    samples, steps, neurons = currents.shape
    traced = u_trace.shape[0] > 0
    u, v = np.empty(neurons, np.int64), np.empty(neurons, np.int64)
    for n in range(samples):
        u[:] = 0
        v[:] = 0
        for t in range(steps):
            current, fired = currents[n, t], spikes[n, t]
            for j in range(neurons):
                product = u[j] * keep_u[j]
                aligned = np.int64(np.int32(np.int64(current[j]) * ALIGN))  # Lava's activation is an int32
                now = np.int64(np.int32(((product + ((product >> 63) & _FRACTION)) >> 12) + aligned))
                if now > WRAP:
                    now -= 2 * WRAP
                elif now <= -WRAP:
                    now += 2 * WRAP
                product = v[j] * keep_v[j]
                voltage = np.int64(np.int32(((product + ((product >> 63) & _FRACTION)) >> 12) + now + bias[j]))
                voltage = min(max(voltage, np.int64(-V_LIMIT)), np.int64(V_LIMIT))
                spike = voltage > threshold[j]
                u[j] = now
                v[j] = 0 if spike else voltage
                fired[j] = np.uint8(spike)
            if traced:
                u_trace[n, t] = u
                v_trace[n, t] = v
        final_v[n] = v


def parameters(layer: Layer) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What `_integrate` and its twin on CUDA read: what u and v keep in a step, of 4096, threshold and bias, int64 (neurons,)."""
    neuron, shape = cuba(layer), layer.shape
    return (
        DECAY_ONE - every_neuron(neuron.i_decay, shape),
        DECAY_ONE - every_neuron(neuron.v_decay, shape),
        ALIGN * every_neuron(neuron.vth_mant, shape),
        every_neuron(effective_bias(layer), shape),
    )


def integrate(layer: Layer, currents: np.ndarray, *, states: bool = False, threads: int = 1) -> NeuronRun:
    """Run a layer's neurons over T steps from reset state.

    Args:
        layer: its neuron parameters and bias.
        currents: int32 or int64 (N, T, neurons), what the synapses deliver in each step.
        states: return u and v of every step.
        threads: samples are shared out over so many threads.
    """
    read = parameters(layer)
    samples = len(currents)
    spikes = np.empty(currents.shape, np.uint8)
    final_v = np.empty((samples, currents.shape[2]), np.int32)
    u, v = (np.empty(currents.shape if states else (0, 0, 0), np.int32) for _ in range(2))

    def work(low: int, high: int) -> None:
        part = slice(low, high)
        _integrate(currents[part], *read, spikes[part], final_v[part], u[part], v[part])

    share(work, samples, threads)
    return NeuronRun(spikes, u if states else None, v if states else None, final_v)
