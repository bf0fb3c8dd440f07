"""One Lava process shared by every test that needs Lava (its import takes seconds), and random networks Lava can load."""

from dataclasses import replace

import numpy as np
import pytest

from autosnn_hw.network import (
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    DenseLayer,
    InputLayer,
    Readout,
    SigmaDeltaNeuron,
    SigmaDeltaPart,
    conv_output_size,
)


@pytest.fixture(scope="session")
def lava_child():
    from autosnn_hw.simulate import lava

    ok, sentence = lava.lava_status()
    if not ok:
        pytest.skip(sentence)
    with lava.LavaChild() as child:
        child.wait_ready()
        yield child


def _parameter(rng, channels, values):
    return rng.choice(values, channels) if rng.random() < 0.4 else int(rng.choice(values))


def _neuron(rng, channels, thresholds):
    return CubaNeuron(
        vth_mant=_parameter(rng, channels, rng.integers(*thresholds, 4)),
        v_decay=_parameter(rng, channels, [0, 1, 1500, 2048, 4095, 4096]),
        i_decay=_parameter(rng, channels, [0, 1, 1500, 4095, 4096]),
    )


def _bias(rng, shape):
    draw = rng.random()
    if draw < 0.3:
        return None
    return rng.integers(-60, 90, shape if draw < 0.5 else shape[0])


def _conv(rng, name, source, extreme):
    """A convolution with any geometry that fits; `extreme` weights wrap u and saturate v."""
    size = ()
    while min(size, default=0) < 1:
        kernel, stride = rng.integers(1, 6, 2), rng.integers(1, 4, 2)
        padding, dilation = rng.integers(0, 4, 2), rng.integers(1, 3, 2)
        size = tuple(conv_output_size(n, *map(int, p)) for n, *p in zip(source[1:], kernel, stride, padding, dilation))
    groups = int(rng.choice([g for g in range(1, source[0] + 1) if source[0] % g == 0]))
    channels = groups * int(rng.integers(1, 4))
    limit = int(rng.choice([400_000, 4_000_000])) if extreme else 100
    weight = rng.integers(-limit // 2, limit, (channels, source[0] // groups, *kernel))
    return ConvLayer(
        name,
        (channels, *size),
        weight,
        _neuron(rng, channels, (60_000, 131_071) if extreme else (5, 300)),
        bias=_bias(rng, (channels, *size)),
        stride=tuple(stride),
        padding=tuple(padding),
        dilation=tuple(dilation),
        groups=groups,
    )


def _dense(rng, name, source, delays):
    inputs, neurons = int(np.prod(source)), int(rng.integers(2, 8))
    weight = rng.integers(-60, 90, (neurons, inputs))
    weight[0, 0], weight[-1, -1] = -60, 89  # both signs: the range in which Lava's dense layer is exact
    delay = rng.integers(0, 6, weight.shape) if delays else None
    return DenseLayer(
        name, (neurons,), weight, _neuron(rng, neurons, (5, 300)), bias=_bias(rng, (neurons,)), delay=delay
    )


@pytest.fixture(scope="session")
def random_network():
    """(seed) -> (network, inputs, keywords of run): 1 to 4 layers behind any kind of input, several samples."""

    def make(seed):
        rng = np.random.default_rng(seed)
        shape = (
            (int(rng.integers(4, 20)),)
            if rng.random() < 0.3
            else tuple(int(n) for n in rng.integers([1, 3, 3], [4, 9, 9]))
        )
        stem = rng.random() < 0.5
        extreme, delays = rng.random() < 0.2, rng.random() < 0.3
        neuron = _neuron(rng, shape[0], (20, 150)) if stem else None
        layers = [InputLayer("input", shape, neuron, bias=_bias(rng, shape) if stem else None)]
        for i in range(int(rng.integers(1, 5))):
            source = layers[-1].shape
            if len(source) == 1 or rng.random() < 0.3:
                layers.append(_dense(rng, f"layer {i}", source, delays))
            else:
                layers.append(_conv(rng, f"layer {i}", source, extreme))
        samples, timesteps = int(rng.integers(1, 5)), int(rng.integers(1, 9))
        network = ChipNetwork(tuple(layers), timesteps=timesteps)
        if stem and rng.random() < 0.6:
            return network, rng.integers(-60, 150, (samples, *shape)), {}
        if stem or rng.random() < 0.3:
            return network, rng.integers(-60, 150, (samples, timesteps, *shape)), {"graded": True}
        return network, (rng.random((samples, timesteps, *shape)) < 0.3).astype(np.uint8), {}

    return make


@pytest.fixture(scope="session")
def random_sigma_delta_network():
    """(seed, tame) -> (network, inputs, keywords of run): 1 to 4 sigma-delta layers, behind a delta encoder or none.

    Tame ones keep every sum within 32 bits; stock Lava makes 0 of a convolution's sums beyond them, our model of it wraps.
    """

    def make(seed, tame=False):
        rng = np.random.default_rng(seed)
        flat = rng.random() < 0.3
        shape = (int(rng.integers(4, 20)),) if flat else tuple(int(n) for n in rng.integers([1, 3, 3], [4, 9, 9]))
        encoded, extreme, delays = rng.random() < 0.8, rng.random() < 0.2, rng.random() < 0.2
        extreme = extreme and not delays and not tame
        layers = [
            InputLayer(
                "input", shape, SigmaDeltaNeuron(SigmaDeltaPart.DELTA, int(rng.integers(0, 30))) if encoded else None
            )
        ]
        count = int(rng.integers(1, 5))
        for i in range(count):
            source = layers[-1].shape
            dense = len(source) == 1 or rng.random() < 0.3
            layer = _dense(rng, f"layer {i}", source, delays) if dense else _conv(rng, f"layer {i}", source, extreme)
            decodes = i == count - 1 and rng.random() < 0.5
            neuron = SigmaDeltaNeuron(
                *(
                    (SigmaDeltaPart.SIGMA,)
                    if decodes
                    else (SigmaDeltaPart.SIGMA_DELTA, int(rng.choice([0, 1, 40, 500])))
                )
            )
            bias = (
                None
                if decodes or layer.bias is None
                else layer.bias * int(rng.choice([1, 1, 1 if delays or tame else 900]))
            )
            layers.append(replace(layer, neuron=neuron, bias=bias))
        samples, timesteps = int(rng.integers(1, 5)), int(rng.integers(1, 9))
        readout = Readout(int(np.prod(layers[-1].shape)), accumulates=True) if len(layers[-1].shape) == 1 else None
        network = ChipNetwork(tuple(layers), timesteps=timesteps, readout=readout)
        limit = 80 if delays or tame else int(rng.choice([80, 80, 80, 400_000]))
        if encoded and rng.random() < 0.3:
            return network, rng.integers(-limit, limit, (samples, *shape)), {}
        return network, rng.integers(-limit, limit, (samples, timesteps, *shape)), {} if encoded else {"graded": True}

    return make
