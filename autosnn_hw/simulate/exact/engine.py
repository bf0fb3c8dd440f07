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
from autosnn_hw.simulate.counting import BatchCounts, Counter, batch_counts, fans, layer_sums
from autosnn_hw.simulate.exact import events, reference, sigma_delta
from autosnn_hw.simulate.exact.activeness import active_neurons
from autosnn_hw.simulate.exact.counting_cuda import layer_sums_on_cuda
from autosnn_hw.simulate.exact.layer_run import LayerRun
from autosnn_hw.simulate.exact.neuron_kernel import integrate
from autosnn_hw.simulate.exact.neurons_cuda import integrate_on_cuda
from autosnn_hw.simulate.exact.plan import SIGMA_DELTA, Planned, forced_path, plan
from autosnn_hw.simulate.exact.synapse_paths import deliver
from autosnn_hw.simulate.stimulus import Stimulus, stimulus
from autosnn_hw.simulate.trace import LayerTrace, Trace

BACKEND = {"name": "exact", "kind": "simulator", "version": autosnn_hw.__version__}
# Values of the largest layer over all steps that a chunk holds.
_VALUES_AT_ONCE = {"cpu": 1 << 22, "cuda": 1 << 24}
_EVENT_SAMPLES = 64  # samples of a chunk whose spikes need not be kept
# Of the inputs of a chunk; large event frames take some 45 bytes a value while they are laid out.
_INPUT_VALUES_AT_ONCE = 1 << 23


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
    inputs = np.asarray(inputs)
    counter = Counter(network, BACKEND)
    wanted = _Wanted(per_step, active)
    size = chunk or _chunk(network, inputs, timesteps, wanted, device)
    for low in range(0, max(1, len(inputs)), size):
        part, threads = inputs[low : low + size], torch.get_num_threads()
        sent = stimulus(network, part, timesteps=timesteps, graded=graded, threads=threads)
        planned = plan(network, sent, path, by_events=not active, cpu=_is_cpu(device))
        runs = _layers(network, sent, planned, device, keep=wanted.spikes, states=active)
        counter.add(_counted(network, sent, runs, wanted))
    return counter.activity({"paths": _named(network, planned)})


class _Wanted(NamedTuple):
    """What is counted: steps apart, active neurons."""

    per_step: bool
    active: bool

    @property
    def spikes(self) -> bool:
        """Whether counts need every layer's spikes."""
        return self.per_step or self.active


def _counted(network: ChipNetwork, sent: Stimulus, runs: Iterator[LayerRun], wanted: _Wanted) -> BatchCounts:
    layers = []
    before: torch.Tensor | None = None
    for done, fan in zip(runs, fans(network)[-len(network.neuron_layers) :]):
        counts = done.counts
        if counts is None:
            assert done.spikes is not None
            moving = (
                active_neurons(done.layer, sent, before, done.v) if wanted.active and not network.sigma_delta else None
            )
            counts = (
                layer_sums(done.layer, done.spikes.numpy(), fan, wanted.per_step, moving)
                if done.spikes.device.type == "cpu"
                else layer_sums_on_cuda(done.layer, done.spikes, fan, wanted.per_step, moving)
            )
        layers.append(counts)
        before = done.spikes
    assert done.outputs is not None
    values = done.v.flatten(2).numpy() if network.sigma_delta and done.v is not None else None
    return batch_counts(network, sent, layers, wanted.per_step, done.outputs, done.final_v, values)


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
    planned = plan(network, sent, forced_path(path), by_events=not states, cpu=_is_cpu(device))
    kept = []
    for done in _layers(network, sent, planned, device, keep=True, states=states):
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
    """Which path computes each layer with neurons on the CPU, by name.

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
    return _named(network, plan(network, sent, forced_path(path)))


def _named(network: ChipNetwork, planned: list[Planned]) -> dict[str, str]:
    return {network.layers[i].name: entry.path for entry in planned for i in range(entry.first, entry.last + 1)}


def _is_cpu(device: str) -> bool:
    return torch.device(device).type == "cpu"


def _chunk(network: ChipNetwork, inputs: np.ndarray, timesteps: int | None, wanted: _Wanted, device: str) -> int:
    steps = timesteps or network.timesteps or (inputs.shape[1] if inputs.ndim > 1 else 1)
    largest = max(math.prod(layer.shape) for layer in network.layers)
    held = max(1, _VALUES_AT_ONCE["cpu" if _is_cpu(device) else "cuda"] // (largest * steps))
    if wanted.spikes or network.sigma_delta:
        return held
    sent = max(1, _INPUT_VALUES_AT_ONCE // max(1, math.prod(inputs.shape[1:])))
    return max(held, min(_EVENT_SAMPLES, sent))


def _layers(
    network: ChipNetwork, sent: Stimulus, planned: list[Planned], device: str, *, keep: bool, states: bool
) -> Iterator[LayerRun]:
    """Each layer with neurons in order.

    Args:
        keep: every layer's spikes are wanted; otherwise only those that the next path needs.
        states: u and v are wanted.
    """
    frames = torch.as_tensor(sent.values, device=device)
    for entry in planned:
        runs = _runs(network, sent, entry, frames, keep, states)
        for done in runs:
            if done.spikes is not None:
                frames = done.spikes
            yield done


def _runs(
    network: ChipNetwork, sent: Stimulus, entry: Planned, frames: torch.Tensor, keep: bool, states: bool
) -> Iterator[LayerRun]:
    if entry.path == SIGMA_DELTA:
        return sigma_delta.runs(network, sent, states=states)
    if entry.path == "events":
        return _by_events(network, sent, entry, frames, keep)
    return iter([_by_layer(network.layers[entry.first], sent, frames, entry.path, states)])


def _by_events(
    network: ChipNetwork, sent: Stimulus, entry: Planned, frames: torch.Tensor, keep: bool
) -> Iterator[LayerRun]:
    tables = events.prepare(network, entry.first, entry.last, sent.timesteps)
    return events.run(tables, frames.numpy(), keep=keep or not tables.ends, threads=torch.get_num_threads())


def _by_layer(layer: Layer, sent: Stimulus, frames: torch.Tensor, path: str, states: bool) -> LayerRun:
    """One layer by one of `synapse_paths`, or by the reference."""
    assert layer.neuron is not None
    if isinstance(layer, InputLayer):
        currents = reference.first_frames(sent, frames.device)
    elif path == "reference":
        currents = reference.synapses(layer, frames)
    else:
        currents = deliver(layer, frames, path)
    if path == "reference":
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
