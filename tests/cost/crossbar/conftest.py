"""Ternary networks of the shapes that a search for TrueNorth deploys, with random integers; and the independent interpreter."""

import math

import numpy as np
import pytest

from autosnn_hw.cost.crossbar.limits import CrossbarLimits
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, DenseLayer, InputLayer, Readout, Role
from hw_profiles import load

MEMORYLESS = CubaNeuron(0, 4096, 4096)
PAIR = 2  # a ternary input needs a + and a - axon


def _legal_groups(inputs, kernel, outputs, extra=0.0):
    """Fewest groups (a power of two) with at most 128 input pairs a neuron."""
    groups = 1
    while kernel * kernel * inputs / groups + extra > 128 or inputs % groups or outputs % groups:
        groups *= 2
    return groups


def _block_groups(kind, inputs, outputs):
    if kind == "skip":
        return (_legal_groups(inputs, 1, outputs),) * 2
    kernel, residual = int(kind[-1]), kind.startswith("SRB")
    second = _legal_groups(outputs, kernel, outputs, 0.5 if residual and inputs == outputs else 0)
    while residual and inputs != outputs and kernel * kernel * outputs / second + inputs / second > 128:
        second *= 2
    return _legal_groups(inputs, kernel, outputs), second


def _grouped(rng, outputs, inputs, kernel, groups):
    """(outputs, inputs, k, k) weights in {-1, 0, 1}, zeros outside the groups."""
    weight = np.zeros((outputs, inputs, kernel, kernel), np.int64)
    for g in range(groups):
        rows = slice(g * outputs // groups, (g + 1) * outputs // groups)
        columns = slice(g * inputs // groups, (g + 1) * inputs // groups)
        weight[rows, columns] = rng.integers(-1, 2, weight[rows, columns].shape)
    return weight


def _conv(name, weight, side, *, stride=1, padding=None, bias=None, roles=None, groups=1):
    kernel = weight.shape[2]
    padding = kernel // 2 if padding is None else padding
    out = (side + 2 * padding - kernel) // stride + 1
    outputs, inputs = weight.shape[0] // groups, weight.shape[1] // groups
    own = [weight[g * outputs : (g + 1) * outputs, g * inputs : (g + 1) * inputs] for g in range(groups)]
    shape = (weight.shape[0], out, out)
    return ConvLayer(
        name, shape, np.concatenate(own), MEMORYLESS, bias, stride=stride, padding=padding, groups=groups, roles=roles
    )


def _pool(name, channels, side):
    roles = np.full(channels, Role.POOL)
    half = (channels, side // 2, side // 2)
    return ConvLayer(name, half, np.ones((channels, 1, 2, 2), int), MEMORYLESS, stride=2, groups=channels, roles=roles)


def _residual(rng, name, inputs, outputs, side, kernel, first, second):
    """Layer A's channels stand as [own | relay] for each group of layer B."""
    centre = kernel // 2
    own = _grouped(rng, outputs, inputs, kernel, first)
    relay = np.zeros((inputs, inputs, kernel, kernel), np.int64)
    relay[np.arange(inputs), np.arange(inputs), centre, centre] = 1
    conv = _grouped(rng, outputs, outputs, kernel, second) * rng.integers(1, 256, (outputs, 1, 1, 1))
    side_weight = rng.integers(1, 256, outputs)
    shortcut = np.zeros((outputs, inputs, kernel, kernel), np.int64)
    if inputs == outputs:
        shortcut[np.arange(outputs), np.arange(outputs), centre, centre] = side_weight
    else:
        projection = _grouped(rng, outputs, inputs, 1, second)[:, :, 0, 0]
        shortcut[:, :, centre, centre] = projection * side_weight[:, None]
    rows, columns, roles = [], [], []
    for g in range(second):
        of_own = slice(g * outputs // second, (g + 1) * outputs // second)
        of_relay = slice(g * inputs // second, (g + 1) * inputs // second)
        rows += [own[of_own], relay[of_relay]]
        columns += [conv[:, of_own], shortcut[:, of_relay]]
        roles += [Role.OWN] * (outputs // second) + [Role.RELAY] * (inputs // second)
    roles = np.array(roles)
    bias = np.where(roles == Role.OWN, rng.integers(-3, 1, len(roles)), 0)
    a = _conv(f"{name}.a", np.concatenate(rows), side, bias=bias, roles=roles, groups=first)
    b_bias = -rng.integers(0, 255, outputs)
    return [a, _conv(f"{name}.b", np.concatenate(columns, axis=1), side, bias=b_bias, groups=second)]


def _block(rng, name, kind, inputs, outputs, side, groups):
    first, second = groups
    if kind == "skip":
        if inputs == outputs:
            return []
        weight = _grouped(rng, outputs, inputs, 1, first)
        return [_conv(name, weight, side, bias=rng.integers(-2, 2, outputs), groups=first)]
    kernel = int(kind[-1])
    if kind.startswith("SRB"):
        return _residual(rng, name, inputs, outputs, side, kernel, first, second)
    parts = ((f"{name}.a", inputs, first), (f"{name}.b", outputs, second))
    return [
        _conv(n, _grouped(rng, outputs, i, kernel, g), side, bias=rng.integers(-3, 1, outputs), groups=g)
        for n, i, g in parts
    ]


def _readout(rng, inputs, classes):
    blocks = math.ceil(inputs / 128)
    voters = max(10, blocks)
    reads = np.arange(classes * voters)[:, None] % voters % blocks == np.arange(inputs)[None, :] // 128
    weight = rng.integers(-1, 2, (classes * voters, inputs)) * reads
    bias = rng.integers(-5, 2, classes * voters)
    return DenseLayer("readout", (classes * voters,), weight, MEMORYLESS, bias=bias), Readout(classes, voters)


def _stem(channels, side):
    return InputLayer("stem", (channels, side, side), neuron=CubaNeuron(64, 2048, 4096), host=True)


def _snn1(blocks, width, side, pools, groups=None, timesteps=4, seed=0, classes=10):
    """The macro-architecture SNN_1: `groups` a block, or the fewest that are legal."""
    rng = np.random.default_rng(seed)
    layers, inputs = [_stem(width, side)], width
    for slot, (kind, factor) in enumerate(zip(blocks, (1, 2, 2, 4, 4))):
        outputs = factor * width
        chosen = _block_groups(kind, inputs, outputs) if groups is None else (groups[slot],) * 2
        layers += _block(rng, f"TBD{slot + 1}", kind, inputs, outputs, side, chosen)
        inputs = outputs
        if slot + 1 in pools:
            layers.append(_pool(f"pool{slot + 1}", inputs, side))
            side //= 2
    last, readout = _readout(rng, inputs * side * side, classes)
    return ChipNetwork((*layers, last), timesteps=timesteps, readout=readout)


def _convs(stem, spec, classes=None, timesteps=4, seed=0):
    """A chain of convolutions (outputs, kernel, groups, stride) over a (channels, side) host stem, and a readout."""
    rng = np.random.default_rng(seed)
    (inputs, side), layers = stem, [_stem(*stem)]
    for index, (outputs, kernel, groups, stride) in enumerate(spec):
        weight = _grouped(rng, outputs, inputs, kernel, groups)
        padding = kernel // 2 if kernel % 2 else kernel // 2 - 1
        bias = rng.integers(-3, 1, outputs)
        layers.append(_conv(f"c{index}", weight, side, stride=stride, padding=padding, bias=bias, groups=groups))
        inputs, side = outputs, layers[-1].shape[1]
    readout = None
    if classes:
        last, readout = _readout(rng, inputs * side * side, classes)
        layers.append(last)
    return ChipNetwork(tuple(layers), timesteps=timesteps, readout=readout)


@pytest.fixture(scope="session")
def truenorth():
    return load("truenorth")


@pytest.fixture(scope="session")
def limits():
    return CrossbarLimits(axons=256, neurons=256, axon_types=4, weight=255, leak=255, delay=15, cores=4096)


@pytest.fixture(scope="session")
def snn1():
    return _snn1


@pytest.fixture(scope="session")
def convs():
    return _convs


@pytest.fixture(scope="session")
def interpreter():
    """The class that executes a cores file; it shares no code with the package."""
    from support.peers import truenorth_interpreter

    return truenorth_interpreter.Chip


def _reference(network, spikes):
    """Spikes of every layer after the input, uint8 (samples, T, *shape): v = W s + bias > vThMant, by a loop over taps."""
    found, current = [], spikes.astype(np.int64)
    for layer in network.layers[1:]:
        samples, steps = current.shape[:2]
        if isinstance(layer, DenseLayer):
            total = current.reshape(samples, steps, -1) @ layer.weight.T
        else:
            total = _convolve(current.reshape(samples * steps, *current.shape[2:]), layer)
            total = total.reshape(samples, steps, *layer.shape)
        bias = 0 if layer.bias is None else layer.bias
        if layer.bias is not None and layer.bias.shape != layer.shape:
            bias = layer.bias.reshape(-1, *(1,) * (len(layer.shape) - 1))
        threshold = np.asarray(layer.neuron.vth_mant).reshape(-1, *(1,) * (len(layer.shape) - 1))
        current = (total + bias > threshold).astype(np.int64)
        found.append(current.astype(np.uint8))
    return found


def _convolve(x, layer):
    (pad_y, pad_x), (stride_y, stride_x), (step_y, step_x) = layer.padding, layer.stride, layer.dilation
    x = np.pad(x, ((0, 0), (0, 0), (pad_y, pad_y), (pad_x, pad_x)))
    total = np.zeros((len(x), *layer.shape), np.int64)
    per_output, per_input = layer.shape[0] // layer.groups, layer.weight.shape[1]
    for group in range(layer.groups):
        part = x[:, group * per_input : (group + 1) * per_input]
        rows = slice(group * per_output, (group + 1) * per_output)
        for i in range(layer.weight.shape[2]):
            for j in range(layer.weight.shape[3]):
                seen = part[:, :, i * step_y :: stride_y, j * step_x :: stride_x]
                seen = seen[:, :, : layer.shape[1], : layer.shape[2]]
                total[:, rows] += np.einsum("oc,nchw->nohw", layer.weight[rows, :, i, j], seen)
    return total


@pytest.fixture(scope="session")
def reference():
    return _reference
