"""Random chip networks that tests of readers and writers share; makes `netx_entries` importable."""

import h5py
import numpy as np
import pytest
from support.files.netx_entries import put

from autosnn_hw.network import (
    CheckSamples,
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    DenseLayer,
    Encoder,
    InputLayer,
    Readout,
    conv_output_size,
)


def _parameter(rng, channels, values):
    if channels > 1 and rng.random() < 0.3:
        return rng.choice(values, channels)
    return int(rng.choice(values))


def _neuron(rng, channels, gain=1.0):
    return CubaNeuron(
        vth_mant=_parameter(rng, channels, np.arange(1, max(2, int(60 * gain)))),
        v_decay=_parameter(rng, channels, [0, 1, 700, 2048, 4095, 4096]),
        i_decay=_parameter(rng, channels, [4096, 4096, 0, 1, 1500]),
    )


def _facts(rng, channels):
    return {
        "roles": rng.integers(0, 3, channels).astype(np.uint8),
        "block": str(rng.choice(["", "TBD1:SRB_k3", "readout"])),
        "scale": None if rng.random() < 0.5 else float(rng.uniform(1, 254)),
        "k": None if rng.random() < 0.5 else float(rng.uniform(0.1, 1)),
    }


def _bias(rng, shape):
    if rng.random() < 0.3:
        return None
    full = len(shape) == 3 and rng.random() < 0.3
    return rng.integers(-40, 60, shape if full else shape[0])


def _conv(rng, source, name, big):
    _, height, width = source
    kernel, stride, dilation = rng.integers(1, 4, 2), rng.integers(1, 3, 2), rng.integers(1, 3, 2)
    padding = rng.integers(0, 3, 2)
    size = [conv_output_size(n, *map(int, p)) for n, *p in zip((height, width), kernel, stride, padding, dilation)]
    if min(size) < 1:
        return None
    groups = int(rng.choice([g for g in range(1, source[0] + 1) if source[0] % g == 0]))
    channels = groups * int(rng.integers(1, 4))
    shape = (channels, *size)
    limit = 10 ** int(rng.integers(1, 7)) if big else 127
    weight = rng.integers(-limit, limit + 1, (channels, source[0] // groups, *kernel))
    return ConvLayer(
        name, shape, weight, _neuron(rng, channels, limit / 100), _bias(rng, shape), stride, padding, dilation, groups,
        **_facts(rng, channels),
    )  # fmt: skip


def _dense(rng, source, name, delays):
    inputs, neurons = int(np.prod(source)), int(rng.integers(1, 13))
    weight = rng.integers(-127, 128, (neurons, inputs))
    if rng.random() < 0.3:
        weight = weight * 2
    weight.reshape(-1)[:2] = (2, -2) if weight.size > 1 else 2
    delay = rng.integers(0, 5, weight.shape) if delays and rng.random() < 0.5 else None
    return DenseLayer(
        name, (neurons,), weight, _neuron(rng, neurons), _bias(rng, (neurons,)), delay, **_facts(rng, neurons)
    )


def _encoder(rng, shape, floats):
    channels, inputs = shape[0], int(rng.integers(1, 4))
    pixels = {"scale": rng.uniform(5, 90, inputs).astype(np.float32)} if floats else {
        "table": rng.integers(-128, 128, (inputs, 256)).astype(np.int8)
    }  # fmt: skip
    return Encoder(
        weight=rng.integers(-127, 128, (channels, inputs, 3, 3)).astype(np.int8),
        bias=rng.integers(-9000, 9000, channels).astype(np.int32),
        multiplier=rng.integers(1, 30000, channels).astype(np.int32),
        shift=int(rng.integers(15, 22)),
        **pixels,
    )


def _network(seed, *, delays=True, big=False, neuron_input=None, encoder=None):
    """A random network: 1 to 4 conv and dense layers, everything a file can say drawn at random."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 5)), int(rng.integers(3, 9)), int(rng.integers(3, 9)))
    if rng.random() < 0.2 and not encoder:
        shape = (int(rng.integers(1, 30)),)
    driven = bool(encoder) or (rng.random() < 0.7 if neuron_input is None else neuron_input)
    first = InputLayer(
        "stem", shape, _neuron(rng, shape[0], 20) if driven else None, _bias(rng, shape) if driven else None,
        host=bool(rng.random() < 0.2), **_facts(rng, shape[0]),
    )  # fmt: skip
    layers = [first]
    for index in range(int(rng.integers(1, 5))):
        source = layers[-1].shape
        layer = _conv(rng, source, f"conv{index}", big) if len(source) == 3 and rng.random() < 0.7 else None
        layers.append(layer or _dense(rng, source, f"fc{index}", delays))
    final = layers[-1].shape[0]
    voters = int(rng.choice([v for v in range(1, final + 1) if final % v == 0]))
    readout = Readout(final // voters, voters) if len(layers[-1].shape) == 1 else None
    with_encoder = len(shape) == 3 and driven and (rng.random() < 0.5 if encoder is None else encoder)
    return ChipNetwork(
        layers, timesteps=int(rng.integers(1, 9)), readout=readout,
        encoder=_encoder(rng, shape, rng.random() < 0.3) if with_encoder else None,
        architecture="SRB_k3,skip", dataset="digits", provenance={"seed": int(seed), "notes": ["a note"]},
    )  # fmt: skip


def _checked(network, samples=3):
    """The same network with check samples of the right shapes."""
    rng = np.random.default_rng(0)
    layers = len(network.neuron_layers)
    check = CheckSamples(
        images=rng.integers(0, 256, (samples, *network.layers[0].shape)).astype(np.uint8),
        labels=np.arange(samples),
        spikes=rng.integers(0, 99, (layers, samples)),
        predictions=np.zeros(samples, np.int64),
    )
    return ChipNetwork(**{**vars(network), "check": check})


def _same(a, b):
    """Compare everything two networks say, and name the first difference."""
    if type(a) is not type(b):
        return f"{type(a).__name__} against {type(b).__name__}"
    if isinstance(a, np.ndarray):
        return "" if a.shape == b.shape and np.array_equal(a, b) else f"{a} against {b}"
    if isinstance(a, tuple):
        if len(a) != len(b):
            return f"length {len(a)} against {len(b)}"
        return next((f"[{i}] {d}" for i, (x, y) in enumerate(zip(a, b)) if (d := _same(x, y))), "")
    if hasattr(a, "__dataclass_fields__"):
        return next((f".{n} {d}" for n in vars(a) if (d := _same(getattr(a, n), getattr(b, n)))), "")
    return "" if a == b else f"{a!r} against {b!r}"


@pytest.fixture(scope="session")
def random_network():
    return _network


@pytest.fixture(scope="session")
def with_check():
    return _checked


@pytest.fixture(scope="session")
def difference():
    return _same


@pytest.fixture
def write(tmp_path):
    def write(*entries, **root):
        path = tmp_path / "a.net"
        with h5py.File(path, "w", libver="v110") as f:
            f.create_group("layer")
            for index, entry in enumerate(entries):
                put(f["layer"], str(index), entry)
            for name, value in root.items():
                put(f, name, value)
        return path

    return write
