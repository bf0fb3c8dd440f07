"""Folded networks with random floats, and an independent simulator: one plain numpy equation a part, nothing shared with ours."""

import numpy as np
import pytest

from autosnn_hw.architecture import Architecture, layout
from autosnn_hw.folded import BatchNorm, FoldedBlock, FoldedConv, FoldedNetwork


def _conv(rng, out, inputs, kernel, stride=1, groups=1, norm=False, gain=1.6):
    fan_in = inputs // groups * kernel * kernel
    weight = rng.normal(0, gain / np.sqrt(fan_in) * 1.5, (out, inputs // groups, kernel, kernel))
    bias = rng.normal(0.25, 0.3, out)
    if not norm:
        return FoldedConv(weight, bias, stride, kernel // 2, groups)
    gamma, beta = rng.uniform(0.6, 1.4, out), rng.normal(0.2, 0.3, out)
    stored = (rng.normal(0, 0.3, out), rng.uniform(0.2, 2, out)) if norm == "stored" else (None, None)
    statistics = BatchNorm(gamma, beta, *stored)
    return FoldedConv(weight, np.zeros(out), stride, kernel // 2, groups, statistics)


def _block(rng, stage, voters, norm):
    inputs, out, groups = stage.in_shape[0], stage.out_shape[0], stage.groups
    k = lambda n: tuple(float(x) for x in rng.uniform(0.3, 0.8, n))  # noqa: E731
    conv = lambda *a, **kw: _conv(rng, *a, norm=norm, **kw)  # noqa: E731
    kind = stage.kind
    if kind in ("stem", "stem_conv"):
        return FoldedBlock(stage, (conv(out, inputs, 3, groups=groups),), k=k(1))
    if kind == "readout":
        n = int(np.prod(stage.in_shape))
        return FoldedBlock(stage, (FoldedConv(rng.normal(0, 3 / np.sqrt(n), (out, n)), np.zeros(out)),), k=k(1))
    if kind == "max_pool":
        return FoldedBlock(stage)
    if kind in ("avg_pool", "gap"):
        return FoldedBlock(stage, k=k(1))
    if kind == "skip":
        if not stage.widens:
            return FoldedBlock(stage)
        if stage.stride == 2:
            half = [conv(out // 2, inputs, 1, stride=2) for _ in range(2)]
            half = [FoldedConv(c.weight, c.bias, 2, 0, 1, c.norm) for c in half]
            return FoldedBlock(stage, tuple(half), k=k(1))
        return FoldedBlock(stage, (conv(out, inputs, 1, groups=groups),), k=k(1))
    residual = kind.startswith(("SRB", "SIB"))
    shortcut = conv(out, inputs, 1, stride=stage.stride, groups=groups) if residual and stage.widens else None
    if kind.startswith("SIB"):
        middle = int(kind[-1]) * inputs
        convs = (conv(middle, inputs, 1), conv(middle, middle, 3, stride=stage.stride), conv(out, middle, 1))
        return FoldedBlock(stage, convs, shortcut, k(3))
    size = int(kind[-1])
    convs = (conv(out, inputs, size, stride=stage.stride, groups=groups), conv(out, out, size, groups=groups))
    return FoldedBlock(stage, convs, shortcut, k(2))


def _folded(
    architecture,
    seed=0,
    image=(2, 8, 8),
    classes=3,
    voters=4,
    norm=False,
    width=4,
    timesteps=4,
    space="SNN_1",
    frames=False,
    payload=1,
):
    if isinstance(architecture, str):
        architecture = Architecture.parse(architecture, space=space, width=width, timesteps=timesteps)
    rng = np.random.default_rng(seed)
    blocks = tuple(_block(rng, stage, voters, norm) for stage in layout(architecture, image, classes, voters))
    return FoldedNetwork(
        blocks,
        image,
        architecture.timesteps,
        classes,
        voters,
        rng.uniform(0.3, 0.6, image[0]),
        rng.uniform(0.2, 0.4, image[0]),
        frames=frames,
        payload=payload,
    )


def _convolve(x, weight, stride, padding, groups):
    """Integer or float convolution by a loop over taps, (N, C, H, W)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    out, width, kernel_h, kernel_w = weight.shape
    height = (x.shape[2] - kernel_h) // stride[0] + 1
    columns = (x.shape[3] - kernel_w) // stride[1] + 1
    result = np.zeros((len(x), out, height, columns), np.result_type(x, weight))
    per = out // groups
    for g in range(groups):
        part = x[:, g * width : (g + 1) * width]
        for i in range(kernel_h):
            for j in range(kernel_w):
                seen = part[
                    :,
                    :,
                    i : i + stride[0] * (height - 1) + 1 : stride[0],
                    j : j + stride[1] * (columns - 1) + 1 : stride[1],
                ]
                result[:, g * per : (g + 1) * per] += np.einsum(
                    "nchw,oc->nohw", seen, weight[g * per : (g + 1) * per, :, i, j]
                )
    return result


def _cuba(current, neuron, bias):
    """Lava's equation for a current int64 (N, T, C, ...) and bias broadcastable to (C, ...): spikes, from reset state."""
    v = np.zeros_like(current[:, 0])
    spikes = np.zeros(current.shape, np.int64)
    vth = np.asarray(neuron.vth_mant)
    for t in range(current.shape[1]):
        decayed = v * (4096 - np.asarray(neuron.v_decay))
        v = np.sign(decayed) * (np.abs(decayed) >> 12) + 64 * current[:, t] + 64 * bias
        v = np.clip(v, -(2**23) + 1, 2**23 - 1)
        spikes[:, t] = v > 64 * vth
        v = np.where(spikes[:, t] > 0, 0, v)
    return spikes


def _run_layer(layer, x):
    """Spikes int64 (N, T, *shape) of a chip layer for binary (N, T, *source)."""
    samples, steps = x.shape[:2]
    bias = np.zeros(layer.shape[0], np.int64) if layer.bias is None else layer.bias
    if hasattr(layer, "stride"):
        flat = x.reshape(-1, *x.shape[2:])
        current = _convolve(flat, layer.weight, layer.stride, layer.padding, layer.groups)
        current = current.reshape(samples, steps, *current.shape[1:])
        return _cuba(current, layer.neuron, bias.reshape(-1, 1, 1))
    current = x.reshape(samples, steps, -1) @ layer.weight.T
    return _cuba(current, layer.neuron, bias)


def _stem_spikes(layer, mantissa, timesteps):
    current = np.repeat(mantissa[:, None], timesteps, axis=1)
    return _cuba(current, layer.neuron, np.zeros((1, 1, 1), np.int64))


@pytest.fixture(scope="session")
def folded():
    """(architecture, seed=, image=, norm=False | True (no statistics) | "stored", ...) -> FoldedNetwork of random floats."""
    return _folded


@pytest.fixture(scope="session")
def plain():
    """Independent parts: convolve, cuba, run_layer, stem_spikes."""

    class Plain:
        convolve = staticmethod(_convolve)
        cuba = staticmethod(_cuba)
        run_layer = staticmethod(_run_layer)
        stem_spikes = staticmethod(_stem_spikes)

    return Plain
