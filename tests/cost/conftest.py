"""Networks of the shapes that the deployment makes of an architecture, with random integers: the cost model needs no training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autosnn_hw.activity import Activity, LayerActivity
from autosnn_hw.architecture import Architecture, Stage, layout
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Layer, Readout, Role
from hw_profiles import Profile, load, loader

NEURON = CubaNeuron(20, 1365)


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-60, 61, shape)


def _conv(name: str, weight: np.ndarray, source: tuple[int, ...], stride: int, **more) -> ConvLayer:
    k = weight.shape[2]
    size = tuple((n + 2 * (k // 2) - k) // stride + 1 for n in source[1:])
    padding = (k // 2, k // 2)
    return ConvLayer(name, (weight.shape[0], *size), weight, NEURON, stride=(stride, stride), padding=padding, **more)


def _centre(weight: np.ndarray, out: int, source: int, value: int) -> None:
    k = weight.shape[2]
    weight[out, source, k // 2, k // 2] = value


def _residual(stage: Stage, rng: np.random.Generator) -> list[Layer]:
    k, (cin, *_), (cout, *_) = int(stage.kind[5]), stage.in_shape, stage.out_shape
    first = np.zeros((cout + cin, cin, k, k), np.int64)
    first[:cout] = _weights(rng, (cout, cin, k, k))
    for c in range(cin):
        _centre(first, cout + c, c, 40)
    second = np.zeros((cout, cout + cin, k, k), np.int64)
    second[:, :cout] = _weights(rng, (cout, cout, k, k))
    for c in range(cout):
        if stage.widens:
            second[c, cout:, k // 2, k // 2] = _weights(rng, (cin,))
        else:
            _centre(second, c, cout + c, 38)
    roles = np.repeat([Role.OWN, Role.RELAY], [cout, cin])
    a = _conv(f"{stage.name}.a", first, stage.in_shape, stage.stride, roles=roles)
    return [a, _conv(f"{stage.name}.b", second, a.shape, 1)]


def _stage(stage: Stage, rng: np.random.Generator) -> list[Layer]:
    cin, cout = stage.in_shape[0], stage.out_shape[0]
    if stage.kind == "stem":
        return [InputLayer("stem", stage.out_shape, NEURON)]
    if stage.kind.startswith("SRB"):
        return _residual(stage, rng)
    if stage.kind.startswith("SCB"):
        k = int(stage.kind[5])
        a = _conv(f"{stage.name}.a", _weights(rng, (cout, cin, k, k)), stage.in_shape, stage.stride)
        return [a, _conv(f"{stage.name}.b", _weights(rng, (cout, cout, k, k)), a.shape, 1)]
    if stage.kind == "skip":
        if not stage.widens:
            return []
        return [_conv(stage.name, _weights(rng, (cout, cin, 1, 1)), stage.in_shape, stage.stride)]
    if stage.kind == "max_pool":
        weight = np.full((cout, 1, 2, 2), 40)
        shape = stage.out_shape
        roles = np.full(cout, Role.POOL)
        return [ConvLayer(stage.name, shape, weight, NEURON, stride=(2, 2), groups=cout, roles=roles)]
    inputs = int(np.prod(stage.in_shape))
    return [DenseLayer(stage.name, (cout,), _weights(rng, (cout, inputs)), NEURON)]


def network_of(
    architecture: str, width: int = 16, image=(3, 32, 32), classes: int = 10, voters: int = 10, seed: int = 0
):
    """The chip layers of an architecture with random weights."""
    parsed = Architecture.parse(architecture, width=width, timesteps=8)
    rng = np.random.default_rng(seed)
    layers = [layer for stage in layout(parsed, image, classes, voters) for layer in _stage(stage, rng)]
    return ChipNetwork(tuple(layers), timesteps=8, readout=Readout(classes, voters))


def activity_of(
    network: ChipNetwork, rate: float = 0.15, samples: int = 4, seed: int = 0, timesteps: int = 8
) -> Activity:
    """Random spikes of a mean rate per neuron and step."""
    rng = np.random.default_rng(seed)
    layers = []
    for layer in network.neuron_layers:
        spikes = rng.binomial(samples * timesteps, rate, layer.shape)
        roles = np.asarray(layer.roles)
        by_role = [spikes[roles == role].sum() for role in Role]
        table = np.zeros((3, samples, 1), np.int64)
        table[:, 0, 0] = by_role
        layers.append(LayerActivity(layer.name, table, neuron_spikes=spikes))
    outputs = np.zeros((samples, network.layers[-1].shape[0]), np.int64)
    frames = None
    if network.layers[0].neuron is None:
        frames = rng.binomial(samples * timesteps, rate, network.layers[0].shape)
    return Activity(tuple(layers), samples, timesteps, outputs, input_spikes=frames)


@pytest.fixture(scope="session")
def make_network() -> Callable[..., ChipNetwork]:
    return network_of


@pytest.fixture(scope="session")
def make_activity() -> Callable[..., Activity]:
    return activity_of


@pytest.fixture(scope="session")
def loihi2() -> Profile:
    return load("loihi2")


@pytest.fixture(scope="session")
def loihi1() -> Profile:
    return load("loihi1")


@pytest.fixture(scope="session")
def overlaid() -> Callable[..., Profile]:
    """A target with tables laid over it."""
    return lambda target, **tables: loader.from_table(loader.overlay(loader.read_table(target), tables), "test")
