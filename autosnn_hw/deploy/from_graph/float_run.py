"""A planned network in floats, neuron by neuron as its framework's equations say: the reference where the framework is not there."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from autosnn_hw.arithmetic.torch_cpu import conv2d
from autosnn_hw.deploy.from_graph.beside_floats import FloatRun
from autosnn_hw.deploy.from_graph.image_input import SeenImages
from autosnn_hw.deploy.from_graph.layer_maps import Plan, PlannedLayer
from autosnn_hw.deploy.from_graph.maps import ConvMap
from autosnn_hw.deploy.from_graph.rounding import FloatNeurons


def run(plan: Plan, samples: np.ndarray, images: SeenImages | None = None) -> FloatRun:
    """Every spike of a planned network in float64, with its framework's reset and at its framework's threshold.

    Args:
        samples: frames (N, T, ..), taken as they are; or images.
        images: what the network sees of images.
    """
    came = _as_they_are(plan, samples) if images is None else entering(plan, samples, images)
    fired = {plan.start: came.double()}
    outputs = np.zeros(())
    for layer in plan.layers:
        spikes, voltage = _neurons(layer.floats, _currents(layer, fired), plan)
        if spikes is None:
            outputs = voltage.flatten(1).numpy()
        else:
            fired[layer.name] = spikes
            outputs = spikes.sum(1).flatten(1).numpy()
    kept = {name: spikes.numpy().astype(np.uint8) for name, spikes in fired.items() if name != plan.start}
    return FloatRun(kept, outputs)


def entering(plan: Plan, samples: np.ndarray, images: SeenImages | None = None) -> torch.Tensor:
    """What comes in, float32 (N, T, *shape): spikes where frames are above 0, or images held over the steps."""
    if images is None:
        return _as_they_are(plan, samples > 0)
    seen = torch.from_numpy(images.seen(samples)).reshape(len(samples), 1, *plan.input_shape)
    return seen.expand(-1, images.timesteps, *plan.input_shape)


def _as_they_are(plan: Plan, frames: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frames.astype(np.float32)).reshape(*frames.shape[:2], *plan.input_shape)


def arriving(layer: PlannedLayer, fired: dict[str, torch.Tensor]) -> torch.Tensor:
    """What reaches a layer, (N, T, C, H, W) or (N, T, Nin); relays are copies."""
    if isinstance(layer.joint, ConvMap):
        return torch.cat([fired[place.source] for place in layer.heard], dim=2)
    return torch.cat([fired[place.source].flatten(2) for place in layer.heard], dim=2)


def heard(layer: PlannedLayer, fired: dict[str, torch.Tensor]) -> torch.Tensor:
    """What reaches a layer, delayed where the layer delays it."""
    flat = arriving(layer, fired)
    delay = None if isinstance(layer.joint, ConvMap) else layer.joint.delay
    if delay is None:
        return flat
    late = torch.zeros_like(flat)
    for steps in np.unique(delay):
        columns = torch.from_numpy(np.flatnonzero(delay == steps))
        late[:, steps:, columns] = flat[:, : flat.shape[1] - int(steps), columns]
    return late


def currents(layer: PlannedLayer, weight: torch.Tensor, entering: torch.Tensor) -> torch.Tensor:
    """Weighted sums (N, T, *shape) of what a layer hears."""
    count, steps = entering.shape[:2]
    flat = entering.flatten(0, 1)
    joint = layer.joint
    if isinstance(joint, ConvMap):
        found = conv2d(flat, weight, joint.stride, joint.padding, groups=joint.groups)
    else:
        found = F.linear(flat, weight)
    return found.unflatten(0, (count, steps))


def columns(values: np.ndarray, shape: tuple[int, ...]) -> torch.Tensor:
    """Values of channels, or of neurons, as they broadcast to (N, *shape)."""
    array = np.asarray(values, float)
    return torch.tensor(array.reshape(array.shape + (1,) * (len(shape) - array.ndim)))


def _currents(layer: PlannedLayer, fired: dict[str, torch.Tensor]) -> torch.Tensor:
    return currents(layer, torch.from_numpy(layer.floats.weight), heard(layer, fired))


def _neurons(floats: FloatNeurons, current: torch.Tensor, plan: Plan) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Spikes (N, T, *shape), None where there is no threshold, and the voltage at the end."""
    shape = tuple(current.shape[2:])
    bias, v_decay, i_decay = (columns(values, shape) for values in (floats.bias, floats.v_decay, floats.i_decay))
    threshold = None if floats.threshold is None else columns(floats.threshold, shape)
    u = v = torch.zeros_like(current[:, 0])
    spikes = []
    for step in range(current.shape[1]):
        u = u * (1 - i_decay) + current[:, step]
        v = v * (1 - v_decay) + u + bias
        if threshold is not None:
            fires = v >= threshold if plan.how.fires_at else v > threshold
            v = torch.where(fires, v - threshold if plan.how.subtracts else torch.zeros_like(v), v)
            spikes.append(fires.double())
    return (torch.stack(spikes, 1) if spikes else None), v
