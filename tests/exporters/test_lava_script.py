"""winner_in_lava.py, run as a user runs it: another process, Lava alone."""

import ast
import subprocess
import sys
from dataclasses import replace

import h5py
import numpy as np
import pytest

from autosnn_hw.errors import RunError
from autosnn_hw.network import (
    CheckSamples,
    ChipNetwork,
    ConvLayer,
    CubaNeuron,
    DenseLayer,
    Encoder,
    InputLayer,
    Readout,
)
from autosnn_hw.simulate import exact, lava
from autosnn_hw.simulate.stem import encode
from exporters import lava_script, netx, winner_in_lava

NEEDS_LAVA = pytest.mark.skipif(not lava.lava_status()[0], reason=lava.lava_status()[1])


def encoder(rng, floats=False, stride=(1, 1), padding=(1, 1), kernel=3):
    pixels = {"scale": np.array([50.0, 9.0], np.float32)} if floats else {"table": rng.integers(-100, 100, (2, 256))}
    return Encoder(
        weight=rng.integers(-127, 128, (3, 2, kernel, kernel)),
        bias=rng.integers(-1000, 1000, 3),
        multiplier=rng.integers(1, 200, 3),
        shift=14,
        stride=stride,
        padding=padding,
        **pixels,
    )


def winner(floats=False):
    rng = np.random.default_rng(3)
    neuron = CubaNeuron(150, 2048)
    network = ChipNetwork(
        (
            InputLayer("stem", (3, 6, 6), CubaNeuron(100, 2048), bias=np.array([3, 0, -2])),
            ConvLayer("a", (4, 6, 6), rng.integers(-40, 70, (4, 3, 3, 3)), neuron, bias=np.arange(4), padding=1),
            ConvLayer("pool", (4, 3, 3), np.full((4, 1, 2, 2), 160), neuron, stride=2, groups=4),
            DenseLayer("out", (6,), rng.integers(-40, 70, (6, 36)), neuron),
        ),
        timesteps=4,
        encoder=encoder(rng, floats),
        readout=Readout(3, 2),
    )
    images = (
        (3 * rng.normal(size=(3, 2, 6, 6))).astype(np.float32)
        if floats
        else rng.integers(0, 256, (3, 2, 6, 6), np.uint8)
    )
    seen = exact.run(network, images, per_step=False)
    spikes = np.stack([layer.spikes.sum(axis=(0, 2)) for layer in seen.layers])
    check = CheckSamples(images, np.array([0, 1, 2]), spikes, seen.predictions(network.readout))
    assert spikes[:3].min() > 0
    return replace(network, check=check)


def eventful(payload=1):
    """A winner that takes event frames, as spikes or as counts."""
    rng = np.random.default_rng(5)
    neuron = CubaNeuron(60, 2048)
    network = ChipNetwork(
        (
            InputLayer("input", (2, 6, 7), payload=payload),
            ConvLayer("stem", (4, 6, 7), rng.integers(-40, 70, (4, 2, 3, 3)), neuron, bias=np.arange(4), padding=1),
            ConvLayer("pool", (4, 3, 3), np.full((4, 1, 2, 2), 160), neuron, stride=2, groups=4),
            DenseLayer("out", (6,), rng.integers(-40, 70, (6, 36)), neuron),
        ),
        timesteps=4,
        readout=Readout(3, 2),
    )
    frames = rng.integers(0, payload + 1, (3, 4, 2, 6, 7), np.uint8)
    seen = exact.run(network, frames, per_step=False)
    spikes = np.stack([layer.spikes.sum(axis=(0, 2)) for layer in seen.layers])
    assert spikes.min() > 0
    return replace(network, check=CheckSamples(frames, np.array([0, 1, 2]), spikes, seen.predictions(network.readout)))


WINNERS = {"bytes": winner, "floats": lambda: winner(floats=True), "frames": eventful, "counts": lambda: eventful(9)}


def run(script):
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)


@NEEDS_LAVA
@pytest.mark.parametrize(
    "kind",
    ["bytes", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("floats", "frames", "counts"))],
)
def test_the_script_confirms_a_winner(tmp_path, kind):
    network = WINNERS[kind]()
    netx.write(network, tmp_path / "winner.net")
    assert netx.read(tmp_path / "winner.net").input_layer.payload == network.input_layer.payload
    done = run(lava_script.write(tmp_path / "winner.net"))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("sample")]
    for n, line in enumerate(lines):
        check = network.check
        assert (
            line
            == f"sample {n}: label {check.labels[n]} predicted {check.predictions[n]} spikes {check.spikes[:, n].sum()}"
        )
    assert len(lines) == 3 and "equal" in done.stdout.splitlines()[-1]


@pytest.mark.slow
@NEEDS_LAVA
def test_the_script_notices_one_spike(tmp_path):
    netx.write(winner(), tmp_path / "net.net")
    with h5py.File(tmp_path / "net.net", "a") as file:
        file["autosnn_hw/check/spikes"][1, 2] += 1
    script = lava_script.write(tmp_path / "net.net")
    assert script == tmp_path / "winner_in_lava.py"
    done = run(script)
    assert done.returncode == 4, done.stdout + done.stderr
    marked = [line for line in done.stdout.splitlines() if line.endswith("DIFFERENT")]
    assert len(marked) == 1 and marked[0].startswith("sample 2")


def test_a_file_without_samples_is_one_sentence(tmp_path):
    netx.write(replace(winner(), check=None), tmp_path / "winner.net")
    done = run(lava_script.write(tmp_path / "winner_in_lava.py"))
    assert done.returncode == 2 and "cannot be checked" in done.stderr and "Traceback" not in done.stderr


def test_the_script_needs_lava_h5py_and_numpy_only():
    imported = set()
    for node in ast.walk(ast.parse(lava_script.text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert imported == {"sys", "pathlib", "h5py", "numpy", "lava"}


@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, (1, 1), (1, 1)), (5, (2, 1), (0, 2)), (1, (1, 3), (1, 0))]
)
def test_its_encoder_is_ours(tmp_path, floats, kernel, stride, padding):
    rng = np.random.default_rng(kernel)
    ours = encoder(rng, floats, stride, padding, kernel)
    images = (
        rng.normal(size=(4, 2, 7, 8)).astype(np.float32) if floats else rng.integers(0, 256, (4, 2, 7, 8), np.uint8)
    )
    with h5py.File(tmp_path / "encoder.h5", "w") as file:
        for name in ("weight", "bias", "multiplier", "shift", "table", "scale", "stride", "padding"):
            if getattr(ours, name) is not None:
                file[name] = getattr(ours, name)
        np.testing.assert_array_equal(winner_in_lava.encode(file, images), encode(ours, images))


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        lava_script.write(tmp_path / "no" / "winner.net")
