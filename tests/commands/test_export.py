"""`export`: what a file is written as, the same work as `front --deploy`, and `--target`, which refuses exactly what `check` refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from autosnn_hw import pipeline
from autosnn_hw.commands.check import command as check
from autosnn_hw.commands.export import command as export
from autosnn_hw.errors import DoesNotFitError, InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from exporters import netx

FORGETS = CubaNeuron(vth_mant=0, v_decay=4096)
LEAKS = CubaNeuron(vth_mant=200, v_decay=1024)


def or_pool(v_decay):
    neuron = CubaNeuron(vth_mant=1, v_decay=v_decay)
    pool = ConvLayer("pool", (2, 2, 2), np.full((2, 1, 2, 2), 2), neuron, stride=(2, 2), groups=2)
    return ChipNetwork((InputLayer("in", (2, 4, 4)), pool))


def net(*weights, neuron=LEAKS):
    """One neuron with these weights; a convolution, whose weights Lava runs as they are."""
    layer = ConvLayer("c", (1, 1, 1), np.array(weights).reshape(1, -1, 1, 1), neuron)
    return ChipNetwork((InputLayer("in", (len(weights), 1, 1)), layer))


@pytest.mark.parametrize(
    "network, target, refused",
    [
        pytest.param(or_pool(4096), "loihi2", [], id="a pool cannot remember, so its decay is free"),
        pytest.param(net(2, -2, neuron=CubaNeuron(200, 4096)), "loihi2", ["v_decay"], id="others' is not"),
        pytest.param(net(-256, neuron=FORGETS), "truenorth", ["weight"], id="nine bits end at -255"),
        pytest.param(net(-255, neuron=FORGETS), "truenorth", [], id="and hold -255"),
        pytest.param(net(255, 2, -2), "loihi2", ["odd weights", "weight"], id="mixed signs end at 254 and are even there"),
        pytest.param(net(254, -256), "loihi2", [], id="even weights reach twice as far as odd ones"),
        pytest.param(net(254, -255), "loihi2", ["odd weights"], id="one odd weight makes the layer odd"),
    ],
)  # fmt: skip
def test_an_export_for_a_chip_refuses_what_check_refuses(network, target, refused, tmp_path):
    source, written = str(tmp_path / "a.net"), tmp_path / "b.net"
    netx.write(network, source)
    checked = CliRunner().invoke(check, [source, "--target", target, "--json"])
    exported = CliRunner().invoke(export, [source, "--target", target, "--out", str(written)])
    resources = [violation["resource"] for violation in json.loads(checked.stdout)["violations"]]
    assert len(resources) == len(refused)
    assert all(any(r.startswith(name) for r in resources) for name in refused), resources
    assert checked.exit_code == (DoesNotFitError.exit_code if refused else 0)
    assert isinstance(exported.exception, DoesNotFitError) == bool(refused) and written.exists() == (not refused)


def exported(*words):
    return CliRunner().invoke(export, [str(word) for word in words])


@pytest.mark.parametrize(
    "name, more, form",
    [
        ("b.onnx", (), "onnx"),
        ("b.step.onnx", (), "onnx-step"),
        ("b.nir", (), "nir"),
        ("b.net", (), "netx"),
        ("b.cores.json", ("--target", "truenorth"), "cores"),
        ("b.onnx", ("--format", "onnx-step"), "onnx-step"),
        ("b", ("--format", "nir"), "nir"),
    ],
)
def test_a_file_is_of_the_format_that_its_ending_says(name, more, form, tmp_path):
    source = tmp_path / "a.net"
    netx.write(replace(net(2, -2, neuron=FORGETS), timesteps=4), source)
    document = json.loads(exported(source, "--out", tmp_path / name, *more, "--json").stdout)
    plain = tmp_path / "plain"
    assert exported(source, "--out", plain, "--format", form, *(more if form == "cores" else ())).exit_code == 0
    assert document["format"] == form and (tmp_path / name).read_bytes() == plain.read_bytes()


@pytest.mark.parametrize(
    "name, more, said",
    [
        ("b.foo", (), "none of the endings .net, .onnx, .step.onnx, .nir, .cores.json"),
        ("b.nir", ("--format", "onnx"), "ends as files of the format nir do, and onnx was asked for"),
        ("b.step.onnx", ("--format", "onnx"), "an ending .onnx, or no format, would work"),
    ],
)
def test_an_ending_that_says_no_format_or_another_is_refused(name, more, said, tmp_path):
    netx.write(net(2), tmp_path / "a.net")
    refusal = exported(tmp_path / "a.net", "--out", tmp_path / name, *more).exception
    assert isinstance(refusal, InputError) and said in str(refusal) and not (tmp_path / name).exists()


def test_another_point_of_a_run_is_delivered_as_front_does_it(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(pipeline, "deploy", lambda *given: asked.append(given[:4]) or {"architecture": "skip"})
    done = exported("run", "--architecture", "skip", "--out", tmp_path / "d", "--target", "loihi1", "--json")
    assert json.loads(done.stdout) == {"architecture": "skip"} and asked == [
        ("run", "skip", str(tmp_path / "d"), "loihi1")
    ]


@pytest.mark.parametrize(
    "more, said",
    [
        ((), "needs --out DIR"),
        (("--out", "d", "--format", "nir"), "--format is of one file"),
        (("--out", "d", "--layers", "2"), "--layers is of one file"),
        (("--out", "d", "--fires-at-threshold"), "--fires-at-threshold is of one file"),
    ],
)
def test_what_is_of_one_file_does_not_go_with_another_point(more, said):
    assert said in str(exported("run", "--architecture", "skip", *more).exception)
