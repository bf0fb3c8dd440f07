"""Random networks, and the equations of docs/simulator.md once more in plain numpy loops, sharing no code with the simulator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from support.networks.random_layers import Geometry, convolutions

from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer


def _int32(x):
    return (np.asarray(x, np.int64) & 0xFFFFFFFF).astype(np.uint32).view(np.int32).astype(np.int64)


def _toward_zero(x):
    return np.sign(x) * (np.abs(x) >> 12)


def _column(value, shape):
    value = np.asarray(value, np.int64).reshape(-1)
    return value.reshape((-1,) + (1,) * (len(shape) - 1))


def _received(layer, history):
    """What `layer` receives in the last step of `history`, a list of spike arrays."""
    if isinstance(layer, DenseLayer):
        if layer.delay is None:
            return layer.weight @ history[-1].reshape(-1)
        total = np.zeros(layer.shape, np.int64)
        for (row, column), late in np.ndenumerate(np.minimum(layer.delay, 62)):
            if late < len(history):
                total[row] += layer.weight[row, column] * history[-1 - late].reshape(-1)[column]
        return total
    x = history[-1]
    out, inputs, kernel_h, kernel_w = layer.weight.shape
    padded = np.pad(x, ((0, 0), (layer.padding[0],) * 2, (layer.padding[1],) * 2))
    result = np.zeros(layer.shape, np.int64)
    per_group = out // layer.groups
    for c in range(out):
        block = padded[c // per_group * inputs : (c // per_group + 1) * inputs]
        for y in range(layer.shape[1]):
            for z in range(layer.shape[2]):
                window = block[
                    :,
                    y * layer.stride[0] : y * layer.stride[0] + layer.dilation[0] * (kernel_h - 1) + 1 : layer.dilation[
                        0
                    ],
                    z * layer.stride[1] : z * layer.stride[1] + layer.dilation[1] * (kernel_w - 1) + 1 : layer.dilation[
                        1
                    ],
                ]
                result[c, y, z] = (window * layer.weight[c]).sum()
    return (result + (1 << 23)) % (1 << 24) - (1 << 23)


def by_equations(network, values, steps):
    """[(spikes, u, v)] of each layer with neurons, int64 (T, *shape), for one sample: values (*shape) or (T, *shape)."""
    first = network.input_layer
    history = [np.asarray(values, np.int64)] * steps if np.ndim(values) == len(first.shape) else list(values)
    runs = []
    for layer in network.layers:
        if layer.neuron is None:
            continue
        u = np.zeros(layer.shape, np.int64)
        v = np.zeros(layer.shape, np.int64)
        neuron, shape = layer.neuron, layer.shape
        bias = np.zeros((), np.int64)
        if layer.bias is not None:
            bias = layer.bias.astype(np.int16).astype(np.int64) * 64
            bias = bias if bias.shape == shape else _column(bias, shape)
        spikes = []
        states = []
        for step in range(steps):
            a = history[step] if isinstance(layer, InputLayer) else _received(layer, history[: step + 1])
            u = _int32(_toward_zero(u * (4096 - _column(neuron.i_decay, shape))) + _int32(a * 64))
            above, below = u > 1 << 23, u <= -(1 << 23)
            u = u - (1 << 24) * above + (1 << 24) * below
            v = _int32(_toward_zero(v * (4096 - _column(neuron.v_decay, shape))) + u + bias)
            v = np.clip(v, 1 - (1 << 23), (1 << 23) - 1)
            s = v > 64 * _column(neuron.vth_mant, shape)
            v = np.where(s, 0, v)
            spikes.append(s.astype(np.int64))
            states.append((u, v))
        history = spikes
        runs.append((np.stack(spikes), np.stack([s[0] for s in states]), np.stack([s[1] for s in states])))
    return runs


@st.composite
def random_neurons(draw, channels, largest):
    """Parameters that make neurons fire at all, per layer or per channel, decays over their whole range."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    decay = st.sampled_from([0, 1, 100, 1000, 2048, 3000, 4095, 4096])
    if draw(st.booleans()):
        decays = rng.integers(0, 4097, (2, channels))
        return CubaNeuron(rng.integers(0, largest, channels), decays[0], decays[1] if draw(st.booleans()) else 4096)
    return CubaNeuron(draw(st.integers(0, largest)), draw(decay), draw(decay))


@st.composite
def random_networks(draw, graded=None, delays=True, largest_weight=None):
    """(network, inputs, graded): 1 to 4 layers after the input, small enough for loops."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels, height, width = draw(st.integers(1, 5)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    shape: tuple[int, ...] = (channels, height, width)
    with_neuron = draw(st.booleans())
    weights = largest_weight or draw(st.sampled_from([3, 127, 254, 5000, 4_000_000]))
    neuron = draw(random_neurons(channels, 60)) if with_neuron else None
    layers: list = [
        InputLayer(
            "input",
            shape,
            neuron,
            bias=draw(st.sampled_from([None, rng.integers(-30, 60, channels)])) if with_neuron else None,
        )
    ]
    for index in range(draw(st.integers(1, 4))):
        if len(shape) == 3 and draw(st.integers(0, 3)):
            sparse, relays = draw(st.sampled_from([0.0, 0.5])), draw(st.booleans())

            def some(rng, size, sparse=sparse, relays=relays):
                weight = rng.integers(-weights, weights + 1, size)
                weight[rng.random(size) < sparse] = 0
                if relays and size[0] == size[1]:  # one tap, one channel each
                    half = np.arange(size[0] // 2)
                    weight[half] = 0
                    weight[half, half, size[2] // 2, size[3] // 2] = weights
                return weight

            anything = Geometry((1, 5), (1, 3), (0, 2), (1, 2), None, 20)
            drawn = draw(convolutions(shape, some, anything, roles=lambda rng, made: rng.integers(0, 3, made[0])))
            kind, shape, weight = ConvLayer, drawn.shape, drawn.weight
            rest = {name: getattr(drawn, name) for name in ("stride", "padding", "dilation", "groups", "roles")}
        else:
            out = draw(st.integers(1, 12))
            weight = rng.integers(-weights, weights + 1, (out, int(np.prod(shape))))
            delay = rng.integers(0, 4, weight.shape) if delays and draw(st.integers(0, 3)) == 0 else None
            shape = (out,)
            kind, rest = DenseLayer, {"delay": delay}
        bias = draw(st.sampled_from([None, "channel", "full"]))
        values = None if bias is None else rng.integers(-200, 400, shape[:1] if bias == "channel" else shape)
        neuron = draw(random_neurons(shape[0], 3 * weights))
        layers.append(kind(f"layer{index}", shape, weight, neuron, values, **rest))
    steps, samples = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    is_graded = draw(st.booleans()) if graded is None else graded
    if with_neuron and draw(st.booleans()):
        inputs = rng.integers(-100, 200, (samples, *layers[0].shape))
        return ChipNetwork(tuple(layers), timesteps=steps), inputs, False
    frames = (rng.random((samples, steps, *layers[0].shape)) < draw(st.sampled_from([0.05, 0.3, 0.9]))).astype(np.int64)
    if is_graded or with_neuron:
        frames = frames * rng.integers(-300 if draw(st.booleans()) else 0, 400, frames.shape)
    return ChipNetwork(tuple(layers), timesteps=steps), frames, is_graded


@pytest.fixture(scope="session")
def networks():
    return random_networks


@pytest.fixture(scope="session")
def equations():
    return by_equations
