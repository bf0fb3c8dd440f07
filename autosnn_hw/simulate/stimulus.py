"""What is sent into a network: a value per stem neuron held over the sample, or one frame a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from autosnn_hw.errors import InputError
from autosnn_hw.network import MAX_TIMESTEPS, ChipNetwork
from autosnn_hw.network.integer_values import integers
from autosnn_hw.network.sigma_delta import SPIKE_EXP
from autosnn_hw.simulate.stem import encode, host_macs
from autosnn_hw.words.quantities import numbered


@dataclass(frozen=True, eq=False)
class Stimulus:
    """Input of a run, the same for every backend.

    Args:
        kind: "constant": one value per input neuron, driven every step; "frames": one frame a step.
        values: int64 (N, *shape) for "constant", (N, T, *shape) for "frames"; without an input neuron and without
            `graded` they are spikes, 0 or 1.
        timesteps: T.
        graded: frames meet the first synapse with their value instead of as spikes.
        host_macs: multiply-accumulates of the host's stem per image, None without an encoder.
    """

    kind: Literal["constant", "frames"]
    values: np.ndarray
    timesteps: int
    graded: bool
    host_macs: int | None = None


def stimulus(
    network: ChipNetwork, inputs: np.ndarray, *, timesteps: int | None = None, graded: bool = False, threads: int = 1
) -> Stimulus:
    """Turn images or frames into what the network's first layer is driven by.

    Args:
        network: with an encoder it takes images (N, Cin, H, W); with an input neuron and no encoder an image
            (N, *shape) is that neuron's bias mantissa as it is, and frames (N, T, *shape) its value in each step; without
            an input neuron only frames, spikes where > 0 unless `graded`, or counts up to the input's payload.
        inputs: images or frames.
        timesteps: T for images where the network has none, or to run it for another T.
        graded: let frames meet the first synapse with their value.
        threads: that an encoder may use.

    Raises:
        InputError: wrong shape or dtype, no timesteps, fractions where integers are needed, or no samples.
    """
    inputs = np.asarray(inputs)
    if timesteps is not None and not 1 <= timesteps <= MAX_TIMESTEPS:
        raise InputError(f"timesteps is {timesteps}; at least 1 and at most {MAX_TIMESTEPS} are allowed.")
    if inputs.ndim == 0 or len(inputs) == 0:
        raise InputError("there are no samples to run; at least one is needed.")
    if network.encoder is not None:
        return _encoded(network, inputs, timesteps, threads)
    shape = network.input_layer.shape
    if inputs.shape[1:] == shape and network.input_layer.neuron is not None:
        return Stimulus("constant", _values(network, inputs, "the images"), _steps(network, timesteps), graded)
    if inputs.ndim == len(shape) + 2 and inputs.shape[2:] == shape:
        return _frames(network, inputs, timesteps, graded)
    if inputs.shape[1:] == shape:
        raise InputError(
            f"this network's input has no neuron and no encoder, so it takes frames (N, T, {_text(shape)}); images of shape {inputs.shape} were given. Repeat or rate-code them over T."
        )
    wanted = f"(N, T, {_text(shape)})"
    if network.input_layer.neuron is not None:
        wanted = f"(N, {_text(shape)}) or {wanted}"
    raise InputError(f"inputs have shape {inputs.shape}; this network takes {wanted}.")


def _text(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def _steps(network: ChipNetwork, timesteps: int | None) -> int:
    steps = network.timesteps if timesteps is None else timesteps
    if steps is None:
        raise InputError("this network does not say for how many timesteps it runs; give timesteps (--timesteps).")
    return int(steps)


def _values(network: ChipNetwork, inputs: np.ndarray, what: str) -> np.ndarray:
    """Inputs that are taken as they are, int64."""
    if network.sigma_delta and inputs.dtype.kind == "f" and (inputs != np.trunc(inputs)).any():
        raise InputError(
            f"{what} hold fractions; a sigma-delta network takes integers, {1 << SPIKE_EXP} for 1.0 of the trained network: np.rint({1 << SPIKE_EXP} * x)."
        )
    return integers(inputs, what)


def _encoded(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None, threads: int) -> Stimulus:
    assert network.encoder is not None
    values = encode(network.encoder, inputs, threads=threads)
    shape = network.input_layer.shape
    if values.shape[1:] != shape:
        raise InputError(
            f"images of shape {inputs.shape[1:]} give {values.shape[1:]} stem neurons; this network has {shape}."
        )
    macs = host_macs(network.encoder, (inputs.shape[1], inputs.shape[2], inputs.shape[3]))
    return Stimulus("constant", values, _steps(network, timesteps), False, macs)


def _frames(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None, graded: bool) -> Stimulus:
    steps = inputs.shape[1]
    if timesteps is not None and timesteps != steps:
        raise InputError(
            f"the frames have {numbered(steps, 'step')}, timesteps says {timesteps}; leave timesteps out or give {steps}."
        )
    if steps < 1:
        raise InputError("the frames have no steps; at least one is needed.")
    if network.input_layer.neuron is not None or graded:
        values = _values(network, inputs, "the frames")
    elif network.input_layer.payload > 1:
        values, graded = integers(inputs, "the frames").clip(0, network.input_layer.payload), True
    else:
        if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
            raise InputError("the frames hold NaN or infinite values; spikes are where a value is > 0.")
        values = (inputs > 0).astype(np.int64)
    return Stimulus("frames", values, steps, graded)
