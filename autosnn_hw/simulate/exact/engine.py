"""`run` and `trace`: a network over any number of samples, in chunks, so that memory does not grow with the samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

import autosnn_hw
from autosnn_hw.activity import Activity
from autosnn_hw.arithmetic.device import require_device
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, InputLayer, Layer
from autosnn_hw.simulate.counting import LayerSums, activity, driven, fans, join, layer_sums, source_sums
from autosnn_hw.simulate.exact import reference
from autosnn_hw.simulate.exact.activeness import active_neurons
from autosnn_hw.simulate.exact.counting_cuda import layer_sums_on_cuda
from autosnn_hw.simulate.exact.events.execution import laid_out, last_layer, layer_counts, layer_spikes, run_events
from autosnn_hw.simulate.exact.neurons import integrate
from autosnn_hw.simulate.exact.neurons_cuda import integrate_on_cuda
from autosnn_hw.simulate.exact.plan import Stretch, event_tables, forced_path, stretches
from autosnn_hw.simulate.exact.synapse_paths import deliver
from autosnn_hw.simulate.stimulus import Stimulus, stimulus
from autosnn_hw.simulate.trace import LayerTrace, Trace

BACKEND = {"name": "exact", "kind": "simulator", "version": autosnn_hw.__version__}
# Values of the largest layer over all steps that a chunk holds.
_VALUES_AT_ONCE = {"cpu": 1 << 22, "cuda": 1 << 24}
_NOT_KEPT = np.zeros((), np.int64)
_EVENT_SAMPLES = 64  # samples of a chunk whose spikes need not be kept


class LayerRun(NamedTuple):
    """What one layer did in a chunk.

    Args:
        spikes: uint8 (N, T, *shape), None where nobody wants them. u, v: int32 likewise, where asked for.
        counts: where they were made on the way.
        outputs, final_v: int64 (N, neurons), of the last layer at least.
    """

    layer: Layer
    spikes: torch.Tensor | None
    counts: LayerSums | None = None
    u: torch.Tensor | None = None
    v: torch.Tensor | None = None
    outputs: np.ndarray | None = None
    final_v: np.ndarray | None = None


def run(
    network: ChipNetwork,
    inputs: np.ndarray,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    per_step: bool = False,
    active: bool = False,
    device: str = "cpu",
    chunk: int | None = None,
    path: str | None = None,
) -> Activity:
    """Run every sample from reset state and count.

    Args:
        network: any integer network.
        inputs: images or frames, see `simulate.stimulus.stimulus`.
        timesteps: T for images where the network has none.
        graded: frames meet the first synapse with their value.
        per_step: keep the steps apart in the counts; otherwise they are summed.
        active: count active neurons, too (slower: needs every v).
        device: "cpu" or a CUDA device.
        chunk: samples computed at a time; None chooses by memory. It changes no result.
        path: force one way of computing where it is exact, see `paths`; default the environment variable
            AUTOSNN_HW_EXACT_PATH, else the fastest. It changes no result.

    Raises:
        InputError: inputs of the wrong shape or dtype (see `stimulus`), an unknown path, or no CUDA device.
    """
    path = forced_path(path)
    require_device(device)
    cpu = torch.device(device).type == "cpu"
    inputs = np.asarray(inputs)
    keep = per_step or active
    size = chunk or _chunk(network, inputs, timesteps, keep, cpu)
    parts: list[list[LayerSums]] = [[] for _ in network.neuron_layers]
    totals: list[np.ndarray] = []
    sources: list[LayerSums] = []
    outputs, final_v = [], []
    for low in range(0, max(1, len(inputs)), size):
        sent = stimulus(
            network, inputs[low : low + size], timesteps=timesteps, graded=graded, threads=torch.get_num_threads()
        )
        ways = stretches(network, sent, path, not active, cpu)
        before: torch.Tensor | None = None
        all_fans = fans(network)[-len(network.neuron_layers) :]
        for index, done in enumerate(_layers(network, sent, ways, device, keep, states=active)):
            layer, fan = done.layer, all_fans[index]
            counts = done.counts
            if counts is None:
                assert done.spikes is not None
                moving = active_neurons(layer, sent, before, done.v) if active else None
                counts = (
                    layer_sums(layer, done.spikes.numpy(), fan, per_step, moving)
                    if cpu
                    else layer_sums_on_cuda(layer, done.spikes, fan, per_step, moving)
                )
            if index == 0 and counts.active is None:
                counts = counts._replace(active=driven(network, sent, per_step))
            before = done.spikes
            if len(totals) == index:
                totals.append(counts.neuron_spikes)
            else:
                totals[index] = totals[index] + counts.neuron_spikes
            # Only what is per sample is kept per chunk: memory must not grow with neurons x samples.
            parts[index].append(counts._replace(neuron_spikes=_NOT_KEPT))
        assert done.outputs is not None and done.final_v is not None
        outputs.append(done.outputs)
        final_v.append(done.final_v)
        source = source_sums(network, sent, per_step)
        if source is not None:
            sources.append(source)
    return activity(
        network,
        [join(part)._replace(neuron_spikes=total) for part, total in zip(parts, totals)],
        join(sources) if sources else None,
        timesteps=sent.timesteps,
        outputs=np.concatenate(outputs),
        final_v=np.concatenate(final_v),
        host_macs=sent.host_macs,
        backend=BACKEND,
        details={"paths": _named(network, ways)},
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
    path: str | None = None,
) -> Trace:
    """Every spike (and u and v with `states`) of the layers named, all layers with neurons by default.

    Memory is linear in samples and steps: it is what is returned.

    Raises:
        InputError: an unknown layer name, bad inputs (`stimulus`), or no CUDA device.
    """
    require_device(device)
    known = [layer.name for layer in network.neuron_layers]
    unknown = sorted(set(layers or ()) - set(known))
    if unknown:
        raise InputError(f"no layer with neurons is called {unknown[0]!r}; there are {', '.join(known)}.")
    sent = stimulus(network, inputs, timesteps=timesteps, graded=graded)
    ways = stretches(network, sent, forced_path(path), not states, torch.device(device).type == "cpu")
    kept = []
    for done in _layers(network, sent, ways, device, True, states):
        if layers is None or done.layer.name in layers:
            spikes, u, v = (
                None if tensor is None else tensor.cpu().numpy() for tensor in (done.spikes, done.u, done.v)
            )
            assert spikes is not None
            kept.append(LayerTrace(done.layer.name, spikes, u, v))
    return Trace(tuple(kept))


def paths(
    network: ChipNetwork,
    inputs: np.ndarray | None = None,
    *,
    timesteps: int | None = None,
    graded: bool = False,
    path: str | None = None,
) -> dict[str, str]:
    """Which way each layer with neurons is computed on the CPU, by name.

    "events": event by event, with lookup tables; "int8", "float32", "float64", "int64": a convolution or product of that
    arithmetic, then the fused neurons; "values": input neurons, no synapses; "reference": plain torch.
    Without inputs: for spikes, or for values that fit.
    """
    if inputs is None:
        steps = timesteps or network.timesteps or 1
        shape = network.input_layer.shape
        kind = "frames" if network.input_layer.neuron is None else "constant"
        values = np.zeros((1, steps, *shape) if kind == "frames" else (1, *shape), np.int64)
        sent = Stimulus(kind, values, steps, graded)  # type: ignore[arg-type]
    else:
        sent = stimulus(network, inputs, timesteps=timesteps, graded=graded)
    return _named(network, stretches(network, sent, forced_path(path)))


def _named(network: ChipNetwork, ways: list[Stretch]) -> dict[str, str]:
    return {network.layers[i].name: way.way for way in ways for i in range(way.first, way.last + 1)}


def _chunk(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None, keep: bool, cpu: bool) -> int:
    steps = timesteps or network.timesteps or (inputs.shape[1] if inputs.ndim > 1 else 1)
    largest = max(math.prod(layer.shape) for layer in network.layers)
    held = max(1, _VALUES_AT_ONCE["cpu" if cpu else "cuda"] // (largest * steps))
    return held if keep else max(held, _EVENT_SAMPLES)


def _layers(
    network: ChipNetwork, sent: Stimulus, ways: list[Stretch], device: str, keep: bool, states: bool
) -> Iterator[LayerRun]:
    """Each layer with neurons in order.

    Args:
        keep: every layer's spikes are wanted; otherwise only those that a following stretch needs.
        states: u and v are wanted.
    """
    frames = torch.as_tensor(sent.values, device=device)
    for stretch in ways:
        if stretch.way == "events":
            last = stretch.last == len(network.layers) - 1
            for done in _by_events(network, sent, stretch, frames, keep or not last):
                frames = frames if done.spikes is None else done.spikes
                yield done
        else:
            done = _by_layer(network.layers[stretch.first], sent, frames, stretch.way, states)
            assert done.spikes is not None
            frames = done.spikes
            yield done


def _by_layer(layer: Layer, sent: Stimulus, frames: torch.Tensor, way: str, states: bool) -> LayerRun:
    """One layer by one of `synapse_paths`, or by the reference."""
    assert layer.neuron is not None
    if isinstance(layer, InputLayer):
        currents = reference.first_frames(sent, frames.device)
    elif way == "reference":
        currents = reference.synapses(layer, frames)
    else:
        currents = deliver(layer, frames, way)
    if way == "reference":
        kept = reference.integrate(layer, currents)
        done = LayerRun(layer, kept.spikes, u=kept.u, v=kept.v, final_v=kept.v[:, -1].cpu().numpy())
    elif currents.device.type == "cuda":
        spikes, u, v, last = integrate_on_cuda(layer, currents, states)
        done = LayerRun(layer, spikes, u=u, v=v, final_v=last.cpu().numpy())
    else:
        flat = np.ascontiguousarray(currents.flatten(2).numpy())
        made = integrate(layer, flat, states=states, threads=torch.get_num_threads())
        tensors = [None if a is None else torch.as_tensor(a).reshape(currents.shape) for a in made[:3]]
        done = LayerRun(layer, tensors[0], u=tensors[1], v=tensors[2], final_v=made.final_v)
    assert done.spikes is not None and done.final_v is not None
    samples = len(done.spikes)
    done = done._replace(
        outputs=done.spikes.sum(dim=1, dtype=torch.int64).cpu().numpy().reshape(samples, -1),
        final_v=done.final_v.astype(np.int64).reshape(samples, -1),
    )
    return done if states else done._replace(u=None, v=None)


def _by_events(
    network: ChipNetwork, sent: Stimulus, stretch: Stretch, frames: torch.Tensor, keep: bool
) -> Iterator[LayerRun]:
    tables = event_tables(network, stretch, sent)
    threads = torch.get_num_threads()
    result = run_events(tables, laid_out(tables, frames.numpy(), threads), keep_spikes=keep, threads=threads)
    first = stretch.first if tables.held else stretch.first - 1
    counts = None if keep else layer_counts(tables, result)
    for index in range(stretch.first, stretch.last + 1):
        layer = network.layers[index]
        spikes = torch.as_tensor(layer_spikes(tables, result, index - first, layer.shape)) if keep else None
        done = LayerRun(layer, spikes, None if counts is None else counts[index - first])
        if index == len(network.layers) - 1:
            outputs, final_v = (last_layer(tables, values, layer.shape) for values in (result.outputs, result.final_v))
            done = done._replace(outputs=outputs, final_v=final_v)
        yield done
