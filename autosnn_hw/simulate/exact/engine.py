"""`run` and `trace`: a network over any number of samples, in chunks, so that memory does not grow with the samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

import autosnn_hw
from autosnn_hw.activity import Activity
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, InputLayer
from autosnn_hw.simulate.counting import LayerSums, activity, fans, join, layer_sums, source_sums
from autosnn_hw.simulate.exact import reference
from autosnn_hw.simulate.exact.reference import LayerRun
from autosnn_hw.simulate.stimulus import Stimulus, stimulus
from autosnn_hw.simulate.trace import LayerTrace, Trace

BACKEND = {"name": "exact", "kind": "simulator", "version": autosnn_hw.__version__}
_REFERENCE_VALUES = 1 << 22  # values of the largest layer that the reference holds at a time


def run(
    network: ChipNetwork,
    inputs: np.ndarray,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    per_step: bool = False,
    device: str = "cpu",
    chunk: int | None = None,
) -> Activity:
    """Run every sample from reset state and count.

    Args:
        network: any integer network.
        inputs: images or frames, see `simulate.stimulus.stimulus`.
        timesteps: T for images where the network has none.
        graded: frames meet the first synapse with their value.
        per_step: keep the steps apart in the counts; otherwise they are summed.
        device: "cpu" or a CUDA device.
        chunk: samples computed at a time; None chooses by memory.

    Raises:
        InputError: inputs of the wrong shape or dtype, see `stimulus`.
    """
    inputs = np.asarray(inputs)
    size = chunk or _chunk(network, inputs, timesteps)
    parts: list[list[LayerSums]] = []
    sources: list[LayerSums] = []
    outputs, final_v = [], []
    for low in range(0, max(1, len(inputs)), size):
        sent = stimulus(network, inputs[low : low + size], timesteps=timesteps, graded=graded)
        sums = []
        for layer, fan, layer_run in zip(
            _with_neurons(network), fans(network)[-len(network.neuron_layers) :], _layers(network, sent, device)
        ):
            spikes = layer_run.spikes.cpu().numpy()
            sums.append(layer_sums(layer, spikes, fan, per_step))
        parts.append(sums)
        outputs.append(spikes.sum(axis=1, dtype=np.int64).reshape(len(spikes), -1))
        final_v.append(layer_run.v[:, -1].cpu().numpy().astype(np.int64).reshape(len(spikes), -1))
        source = source_sums(network, sent, per_step)
        if source is not None:
            sources.append(source)
    return activity(
        network,
        [join(layer_parts) for layer_parts in zip(*parts)],
        join(sources) if sources else None,
        timesteps=sent.timesteps,
        outputs=np.concatenate(outputs),
        final_v=np.concatenate(final_v),
        host_macs=sent.host_macs,
        backend=BACKEND,
        details={"paths": paths(network)},
    )


def trace(
    network: ChipNetwork,
    inputs: np.ndarray,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    layers: Sequence[str] | None = None,
    states: bool = False,
    device: str = "cpu",
) -> Trace:
    """Every spike (and u and v with `states`) of the layers named, all layers with neurons by default.

    Memory is linear in samples and steps: it is what is returned.

    Raises:
        InputError: an unknown layer name, or bad inputs (`stimulus`).
    """
    known = [layer.name for layer in network.neuron_layers]
    unknown = sorted(set(layers or ()) - set(known))
    if unknown:
        raise InputError(f"no layer with neurons is called {unknown[0]!r}; there are {', '.join(known)}.")
    sent = stimulus(network, inputs, timesteps=timesteps, graded=graded)
    kept = []
    for name, layer_run in zip(known, _layers(network, sent, device)):
        if layers is None or name in layers:
            spikes, u, v = (tensor.cpu().numpy() for tensor in layer_run)
            kept.append(LayerTrace(name, spikes, u if states else None, v if states else None))
    return Trace(tuple(kept))


def paths(network: ChipNetwork) -> dict[str, str]:
    """Which way each layer with neurons is computed on the CPU, by name."""
    return {layer.name: "reference" for layer in network.neuron_layers}


def _with_neurons(network: ChipNetwork):
    return network.neuron_layers


def _chunk(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None) -> int:
    steps = timesteps or network.timesteps or (inputs.shape[1] if inputs.ndim > 1 else 1)
    largest = max(int(np.prod(layer.shape)) for layer in network.layers)
    return max(1, _REFERENCE_VALUES // (largest * steps))


def _layers(network: ChipNetwork, sent: Stimulus, device: str) -> Iterator[LayerRun]:
    """Each layer with neurons in order, by the reference."""
    frames = reference.first_frames(sent, torch.device(device))
    for layer in network.layers:
        if isinstance(layer, InputLayer):
            if layer.neuron is None:
                continue
            current = frames
        else:
            current = reference.synapses(layer, frames)
        layer_run = reference.integrate(layer, current)
        frames = layer_run.spikes
        yield layer_run
