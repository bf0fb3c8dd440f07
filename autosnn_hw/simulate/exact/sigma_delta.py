"""Sigma-delta networks, step by step in the 32-bit integers of Lava's models (equations: docs/simulator.md).

Nothing is reset before a sample but the whole network at once, as when Lava starts: layer i then sees i steps of biases
alone before the first frame has come through. Those steps are computed, and only those of the frames are given.

Sources: lava-nc 0.10.0 `lava/proc/sdn/models.py` (PyDeltaModelFixed, PySigmaDeltaModelFixed, PySigmaModelFixed),
lava-dl 0.6.0 `lava/lib/dl/netx/hdf5.py` (which exponents they get).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, Layer, SigmaDeltaNeuron, SigmaDeltaPart
from autosnn_hw.network.chip_layers import per_neuron
from autosnn_hw.network.sigma_delta import FRACTION, STATE_EXP
from autosnn_hw.simulate.exact import reference
from autosnn_hw.simulate.exact.layer_run import LayerRun
from autosnn_hw.simulate.exact.synapse_paths import deliver, possible
from autosnn_hw.simulate.stimulus import Stimulus
from exporters import lava_dense

VALUES_AT_ONCE = 1 << 21


class Values(NamedTuple):
    """One layer over a whole run, int32 (N, T, *shape): messages sent, sums that arrived, and the values encoded of them; the
    latter two None where nobody wants them."""

    messages: np.ndarray
    sigma: np.ndarray | None
    act: np.ndarray | None


def runs(network: ChipNetwork, sent: Stimulus, *, states: bool) -> Iterator[LayerRun]:
    """Each layer with neurons in order; u is the sum of what arrived (sigma), v the value that is sent on (act).

    Args:
        states: u and v are wanted of every layer; otherwise they, the outputs and the final v are given of the last alone.
    """
    frames = reference.first_frames(sent, torch.device("cpu")).numpy()
    early = 0  # steps that a layer runs before the first frame reaches it
    for layer in network.layers:
        if isinstance(layer, InputLayer):
            if layer.neuron is None:
                continue
            done = encode(layer, frames)
        else:
            done = integrate(layer, _arriving(layer, frames), states=states or layer is network.layers[-1])
            early += 1
        frames = done.messages
        messages, sigma, act = (None if part is None else torch.from_numpy(part[:, early:]) for part in done)
        assert messages is not None
        run = LayerRun(layer, messages, u=sigma, v=act)
        if act is not None:
            samples = len(messages)
            outputs = (messages != 0).sum(dim=1, dtype=torch.int64).reshape(samples, -1).numpy()
            final = act[:, -1].reshape(samples, -1).numpy().astype(np.int64)
            run = run._replace(outputs=outputs, final_v=final)
        yield run


def encode(layer: InputLayer, frames: np.ndarray) -> Values:
    """The delta encoder of an input, of frames (N, T, *shape): values of 32 bits."""
    act = np.left_shift(frames.astype(np.int32), FRACTION)
    messages, residue = np.empty_like(act), np.zeros_like(act[:, 0])
    before = np.zeros_like(residue)
    for step in range(act.shape[1]):
        messages[:, step], residue = _changes(layer, act[:, step], before, residue)
        before = act[:, step]
    return Values(messages, act, act)


def integrate(layer: ConvLayer | DenseLayer, currents: np.ndarray, *, states: bool = True) -> Values:
    """A layer's sigma-delta neurons, or sigma decoders, over currents int32 (N, T, *shape) from reset state."""
    neuron = _neuron(layer)
    bias = np.left_shift(per_neuron(0 if layer.bias is None else layer.bias, layer.shape).astype(np.int32), FRACTION)
    run = Values(np.empty_like(currents), *(np.empty_like(currents) if states else None for _ in range(2)))
    sigma, before, residue = (np.zeros_like(currents[:, 0]) for _ in range(3))
    for step in range(currents.shape[1]):
        sigma = sigma + currents[:, step]
        if neuron.part is SigmaDeltaPart.SIGMA:
            act = message = sigma
        else:
            act = np.maximum(sigma + bias, 0)
            message, residue = _changes(layer, act, before, residue)
            before = act
        run.messages[:, step] = message
        if run.sigma is not None and run.act is not None:
            run.sigma[:, step], run.act[:, step] = sigma, act
    return run


def _changes(layer: Layer, act: np.ndarray, before: np.ndarray, residue: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The messages of a step, and the changes that were too small to be sent."""
    delta = act - before + residue
    due = np.where(np.abs(delta) >= _neuron(layer).vth_mant << FRACTION, delta, 0)
    return np.right_shift(due, STATE_EXP), delta - due


def _neuron(layer: Layer) -> SigmaDeltaNeuron:
    assert isinstance(layer.neuron, SigmaDeltaNeuron)
    return layer.neuron


def _arriving(layer: ConvLayer | DenseLayer, frames: np.ndarray) -> np.ndarray:
    """What a layer receives, one step late: int32 (N, T + 1, *shape) of messages (N, T, *source shape)."""
    messages = torch.from_numpy(frames)
    largest = max(-int(messages.min()), int(messages.max()))
    path = next(name for name in possible(layer, max(1, largest), graded=True) if name != "int8")
    currents = np.zeros((len(frames), frames.shape[1] + 1, *layer.shape), np.int32)
    # A delay reaches over any border between steps; else a few steps at a time, as 64-bit copies of all would take much room.
    delayed = isinstance(layer, DenseLayer) and layer.delay is not None
    at_once = frames.shape[1] if delayed else max(1, VALUES_AT_ONCE // max(1, messages[:, 0].numel()))
    for low in range(0, frames.shape[1], at_once):
        sums = deliver(layer, messages[:, low : low + at_once].to(torch.int64), path).to(torch.int64)
        if isinstance(layer, DenseLayer):
            sums = reference.wrap(sums, _register(layer, largest))
        currents[:, low + 1 : low + 1 + sums.shape[1]] = sums.to(torch.int32).numpy()
    return currents


def _register(layer: DenseLayer, largest: int) -> int:
    """Bits in which Lava's sums of a dense layer wrap.

    Raises:
        InputError: Lava's layer with delays would wrap single products, too, which nothing here does.
    """
    bits = lava_dense.sum_bits(layer.weight if layer.stored is None else layer.stored)
    if layer.delay is None:
        return bits
    if int(np.abs(layer.weight).max()) * largest >= 1 << (bits - 1):
        raise InputError(
            f"layer {layer.name!r}: a message of {largest} times a weight leaves 32 bits; smaller inputs, weights or biases are needed."
        )
    return 32
