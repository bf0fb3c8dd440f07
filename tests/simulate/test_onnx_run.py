"""Our ONNX files in onnxruntime say what the exact simulator says; files of others are not run."""

import json

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from autosnn_hw.cli import group
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.simulate import exact, onnx_run
from autosnn_hw.simulate.frame_values import cut_values
from exporters import netx
from exporters import onnx as exporter


def network():
    rng = np.random.default_rng(0)
    first = DenseLayer("a", (6,), rng.integers(-9, 12, (6, 4)), CubaNeuron(9, 700, 2000))
    last = DenseLayer("b", (4,), rng.integers(-9, 12, (4, 6)), CubaNeuron(9, 300))
    return ChipNetwork((InputLayer("in", (4,)), first, last), readout=Readout(2, 2))


def frames(samples=70):
    return (np.random.default_rng(1).random((samples, 7, 4)) < 0.5).astype(np.uint8)


def test_it_says_what_the_exact_simulator_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    netx.write(network(), "a.net")
    np.savez("f.npz", x_test=frames(), y_test=np.zeros(70, np.int64))
    run = lambda *words: CliRunner().invoke(group, words, catch_exceptions=False, standalone_mode=False)  # noqa: E731
    run("export", "a.net", "--format", "onnx", "--out", "a.onnx")
    words = ("--dataset", "npz:f.npz", "--json", "--predictions")
    theirs = json.loads(run("simulate", "a.onnx", "--backend", "onnxruntime", *words).stdout)
    ours = json.loads(run("simulate", "a.net", *words).stdout)
    for key in ("accuracy", "predictions", "dataset"):
        assert theirs[key] == ours[key]
    assert theirs["spikes"]["chip"] == ours["spikes"]["chip"] and theirs["energy"]["total"] is None
    assert {layer["name"]: layer["spikes"] for layer in theirs["layers"]} == {layer["name"]: layer["spikes"] for layer in ours["layers"][1:]}  # fmt: skip
    assert set(ours) - set(theirs) <= {"per_core", "measured", "estimates", "health"}
    assert "accuracy" in run("simulate", "a.onnx", "--backend", "onnxruntime", "--dataset", "npz:f.npz").stdout
    (tmp_path / "ours.json").write_text(json.dumps(ours))
    (tmp_path / "theirs.json").write_text(json.dumps(theirs))
    assert (
        json.loads(run("compare", "ours.json", "theirs.json", "--json").stdout)["totals"]["spikes.chip"]["ratio"] == 1
    )
    for wrong in (("a.onnx",), ("a.net", "--backend", "onnxruntime")):
        with pytest.raises(InputError, match="runs .onnx files, and nothing else does"):
            run("simulate", *wrong, "--dataset", "npz:f.npz")


def counting(payload):
    """The network, for frames of counts up to `payload`."""
    net = network()
    return ChipNetwork((InputLayer("in", (4,), payload=payload), *net.layers[1:]), readout=net.readout)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32])
@given(payload=st.integers(1, 9), largest=st.sampled_from([1, 5, 20, 255, 400]), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_frame_values_are_cut_as_the_exact_simulator_cuts_them_and_it_is_said(
    dtype, payload, largest, seed, tmp_path_factory
):
    net, path = counting(payload), tmp_path_factory.mktemp("onnx") / "a.onnx"
    exporter.write(net, path)
    largest = min(largest, 255) if dtype == np.uint8 else largest
    least = 0 if dtype == np.uint8 else -2
    inputs = np.random.default_rng(seed).integers(least, largest + 1, (3, 5, 4)).astype(dtype)
    done, wanted = onnx_run.run(path, inputs), exact.run(net, inputs)
    assert np.array_equal(done.predictions, wanted.predictions(net.readout))
    assert np.array_equal(done.spikes.T, [layer.spikes.sum(axis=(0, 2)) for layer in wanted.layers])
    (theirs,), ours = cut_values(net, inputs, False) or ("",), "".join(done.notes)
    assert ours.partition(";")[0] == theirs.partition(";")[0]
    cut = ((inputs > payload) | (inputs < 0)).any()
    assert bool(ours) == cut
    if not cut:
        assert np.array_equal(onnx_run.run(path, inputs, graded=True).spikes, done.spikes)
    else:
        with pytest.raises(InputError, match=f"takes frame values of 0 to {payload}, and .* --graded cannot"):
            onnx_run.run(path, inputs, graded=True)


def test_a_user_is_told_that_counts_are_cut_and_what_does_not_cut_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    netx.write(network(), "a.net")
    np.savez("f.npz", x_test=3 * frames(), y_test=np.zeros(70, np.int64))
    run = lambda *words: CliRunner().invoke(group, words, catch_exceptions=False, standalone_mode=False)  # noqa: E731
    run("export", "a.net", "--format", "onnx", "--out", "a.onnx")
    words = ("simulate", "a.onnx", "--backend", "onnxruntime", "--dataset", "npz:f.npz")
    said = "frame values are above 1 (100.0 % of those that are not 0) and were sent as single spikes; simulating the .net file with --graded sends them as they are"
    assert f"note: {(frames() > 0).sum()} of {frames().size} {said}" in run(*words).stderr
    assert any(said in note for note in json.loads(run(*words, "--json").stdout)["notes"])
    with pytest.raises(InputError, match="--graded cannot send them as they are"):
        run(*words, "--graded")
    assert "above 1" not in run("simulate", "a.net", "--dataset", "npz:f.npz", "--backend", "exact", "--graded").stderr
    for idle in (("--device", "cuda"), ("--layers", "2"), ("--input-shape", "4")):
        with pytest.raises(InputError, match=f"leave {idle[0]}.* out"):
            run(*words, *idle)


def test_images_are_no_counts(tmp_path):
    fc = DenseLayer("fc", (3,), np.arange(24).reshape(3, 8) - 6, CubaNeuron(5, 100))
    exporter.write(ChipNetwork((InputLayer("in", (8,), CubaNeuron(5, 900)), fc), timesteps=6), tmp_path / "a.onnx")
    image = np.full((3, 8), 700)
    assert onnx_run.run(tmp_path / "a.onnx", image).notes == ()
    with pytest.raises(InputError, match="takes images, which --graded is not for"):
        onnx_run.run(tmp_path / "a.onnx", image, graded=True)


@pytest.mark.parametrize("payload", [1, 5])
def test_a_file_that_does_not_say_its_payload_runs_as_ever(payload, tmp_path):
    """As those from before it was in the metadata."""
    model, net = exporter.model(counting(payload)), counting(payload)
    (kept,) = [i for i, prop in enumerate(model.metadata_props) if prop.key == "payload"]
    del model.metadata_props[kept]
    (tmp_path / "b.onnx").write_bytes(model.SerializeToString())
    counts = 3 * frames(3).astype(np.int32)
    done = onnx_run.run(tmp_path / "b.onnx", counts)
    assert np.array_equal(done.predictions, exact.run(net, counts).predictions(net.readout))
    assert "does not say whether it takes them as counts" in done.notes[0]
    assert onnx_run.run(tmp_path / "b.onnx", frames(3), graded=True).notes == ()
    with pytest.raises(InputError, match="does not say whether it takes counts"):
        onnx_run.run(tmp_path / "b.onnx", counts, graded=True)


def test_frames_that_are_no_numbers_are_refused(tmp_path):
    exporter.write(counting(5), tmp_path / "a.onnx")
    for value, said in ((np.nan, "NaN"), (np.inf, "infinite"), (0.5, "fractions")):
        with pytest.raises(InputError, match=said):
            onnx_run.run(tmp_path / "a.onnx", np.full((1, 7, 4), value, np.float32))


def payload_of(text):
    def change(model):
        (prop,) = [prop for prop in model.metadata_props if prop.key == "payload"]
        prop.value = text

    return change


def changed(tmp_path, change):
    model = exporter.model(network())
    change(model)
    path = tmp_path / "b.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def outside(model):
    tensor = model.graph.initializer.add(name="secret", data_type=1, dims=[4])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda model: setattr(model, "producer_name", "pytorch"), "of 'pytorch'"),
        (lambda model: setattr(model.graph.node[0], "op_type", "If"), "with the operator If"),
        (lambda model: setattr(model.graph.node[0], "domain", "com.me"), "with the operator"),
        (outside, "keeps data in other files"),
        (lambda model: model.graph.ClearField("output"), "cannot be run by onnxruntime"),
        (payload_of("0"), "payload is 0, and 1 to 255 is possible"),
        (payload_of("true"), "payload is True"),
        (payload_of("[1]"), "the file is damaged"),
    ],
)
def test_what_is_none_of_ours_is_not_run(change, said, tmp_path):
    with pytest.raises(InputError, match=said) as error:
        onnx_run.run(changed(tmp_path, change), frames(3))
    assert "\n" not in str(error.value)


def test_samples_that_the_file_does_not_take_are_a_sentence(tmp_path):
    exporter.write(network(), tmp_path / "a.onnx")
    with pytest.raises(InputError, match=r"the samples have shape \(3, 7, 5\); the file takes frames"):
        onnx_run.run(tmp_path / "a.onnx", np.zeros((3, 7, 5), np.uint8))
    exporter.write(network(), tmp_path / "step.onnx", form="step")
    with pytest.raises(InputError, match="form 'step'"):
        onnx_run.run(tmp_path / "step.onnx", frames(3))
    (tmp_path / "c.onnx").write_bytes(b"hello")
    with pytest.raises(InputError, match="no readable ONNX file"):
        onnx_run.run(tmp_path / "c.onnx", frames(3))


def test_a_rate_of_steps_is_the_files_own_or_the_askers(tmp_path):
    fc = DenseLayer("fc", (3,), np.arange(24).reshape(3, 8) - 6, CubaNeuron(5, 100))
    net = ChipNetwork((InputLayer("in", (8,), CubaNeuron(5, 900)), fc), timesteps=6)
    exporter.write(net, tmp_path / "a.onnx")
    image = np.random.default_rng(0).integers(0, 900, (3, 8))
    for asked, steps in ((None, 6), (3, 3)):
        done = onnx_run.run(tmp_path / "a.onnx", image, timesteps=asked)
        wanted = exact.run(net, image, timesteps=steps)
        assert done.timesteps == steps and np.array_equal(done.predictions, wanted.predictions(None))
