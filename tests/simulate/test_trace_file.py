"""Trace files: written and read back they are the trace; what is wrong with one is a sentence; two are compared value by value."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.command_line import run

from autosnn_hw.cli import group
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer
from autosnn_hw.simulate import exact, trace_file
from autosnn_hw.simulate.stimulus import stimulus
from autosnn_hw.simulate.trace import compare
from exporters import netx


@pytest.fixture
def net(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    first = DenseLayer("a", (5,), rng.integers(-9, 12, (5, 3)), CubaNeuron(np.arange(8, 13), 700, 2000))
    second = DenseLayer("b", (2,), rng.integers(-9, 12, (2, 5)), CubaNeuron(9, 300))
    network = ChipNetwork((InputLayer("in", (3,)), first, second))
    netx.write(network, "a.net")
    np.savez("frames.npz", x_test=(rng.random((3, 9, 3)) < 0.6).astype(np.uint8))
    return network


def changed(path, name, change):
    """A copy of a trace file with one array changed."""
    with np.load("t.npz") as found:
        arrays = dict(found)
    arrays[name] = change(arrays[name].copy())
    np.savez(path, **arrays)


def test_a_file_read_back_is_the_trace(net, tmp_path):
    frames = np.load("frames.npz")["x_test"]
    traced = exact.trace(net, frames, states=True)
    document = trace_file.write("t.npz", net, stimulus(net, frames), traced, {"backend": "exact"})
    back, about = trace_file.read("t.npz")
    assert compare(traced, back) is None and [layer.name for layer in back.layers] == ["a", "b"]
    assert about["backend"] == "exact" and about == json.loads((tmp_path / "t.json").read_text()) == document
    assert about["layers"][0]["neuron"]["vth_mant"] == [8, 9, 10, 11, 12]
    with np.load("t.npz") as arrays:
        assert np.array_equal(arrays["inputs"], frames) and arrays["layer0_v"].dtype == np.int32


def test_values_that_are_not_sent_as_they_are_are_said(net):
    frames = np.load("frames.npz")["x_test"].astype(np.int16)
    np.savez("counts.npz", x_test=np.where(frames, 3, 0).astype(np.int16))
    cut = run("trace", "a.net", "--dataset", "npz:counts.npz", "--out", "cut.npz")
    assert "and were sent as single spikes; with --graded they are sent as they are" in cut.stderr
    assert json.loads(Path("cut.json").read_text())["notes"] == [cut.stderr.strip().removeprefix("note: ")]
    whole = run("trace", "a.net", "--dataset", "npz:counts.npz", "--out", "whole.npz", "--graded")
    assert whole.stderr == "" and json.loads(Path("whole.json").read_text())["notes"] == []
    with np.load("cut.npz") as few, np.load("whole.npz") as many:
        assert few["inputs"].max() == 1 and many["inputs"].max() == 3


def test_the_command_writes_and_compare_finds_the_first_value_that_differs(net, tmp_path):
    done = run("trace", "a.net", "--dataset", "npz:frames.npz", "--samples", "2", "--out", "t.npz")
    assert "2 layers, 7 neurons, 2 samples of 9 steps" in done.stdout
    assert run("compare", "t.npz", "t.npz").stdout == "equal: 2 layers, 2 samples, 9 steps\n"

    def one_more(values):
        values[1, 2, 3] += 64
        return values

    changed("u.npz", "layer0_u", one_more)
    done = CliRunner().invoke(group, ["compare", "t.npz", "u.npz"], standalone_mode=False)
    assert (
        done.return_value == 4
        and "1 values differ; first in layer 'a', sample 1, step 2, neuron (3,): u is" in done.stdout
    )
    document = json.loads(
        CliRunner().invoke(group, ["compare", "t.npz", "u.npz", "--json"], standalone_mode=False).stdout
    )
    assert not document["equal"] and document["first_difference"]["b"] - document["first_difference"]["a"] == 64
    assert "--force" in str(run("trace", "a.net", "--dataset", "npz:frames.npz", "--out", "t.npz").exception)
    assert "two at a time" in str(run("compare", "t.npz", "a.json").exception)


def test_the_schema_is_that_of_the_document(net):
    schema = json.loads(run("trace", "--schema").stdout)
    assert set(schema["required"]) == {"format", "version", "samples", "timesteps", "inputs", "layers"}
    assert "64 vth_mant" in json.dumps(schema)


@pytest.mark.parametrize(
    "name, change, said",
    [
        ("about", lambda a: a[:-9], "its document is not one of a trace"),
        ("about", lambda a: np.frombuffer(a.tobytes().replace(b"layer0_u", b"layer9_u"), np.uint8), "array 'layer9_u' is missing"),
        ("about", lambda a: np.frombuffer(a.tobytes().replace(b'"version": 1', b'"version": 2'), np.uint8), "version"),
        ("about", lambda a: a.astype(float), "has no array 'about'"),
        ("layer0_u", lambda a: a[:, :-1], "integers .3, 9, 5. are needed"),
        ("layer1_spikes", lambda a: a.astype(float), "array 'layer1_spikes' is float64"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_a_sentence(net, name, change, said):
    run("trace", "a.net", "--dataset", "npz:frames.npz", "--out", "t.npz")
    changed("b.npz", name, change)
    with pytest.raises(InputError, match=said) as error:
        trace_file.read("b.npz")
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_an_archive_of_zeros_that_would_fill_the_memory_is_refused(net):
    image = io.BytesIO()
    np.lib.format.write_array(image, np.zeros(300 << 20, np.uint8))
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("about.npy", image.getvalue())
    with pytest.raises(InputError, match="claim to hold"):
        trace_file.read("bomb.npz")


@pytest.mark.slow
def test_lava_writes_the_same_file(net):
    pytest.importorskip("lava")
    for backend in ("exact", "lava"):
        run("trace", "a.net", "--dataset", "npz:frames.npz", "--backend", backend, "--out", f"{backend}.npz")
    assert run("compare", "exact.npz", "lava.npz").stdout.startswith("equal")
