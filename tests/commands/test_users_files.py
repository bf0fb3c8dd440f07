"""Files as people have them, through the command line: what they do not say is asked for, and what is advised works."""

import json
import os
from dataclasses import replace

import h5py
import numpy as np
import pytest
from support.command_line import run_verb
from support.files.netx_entries import CONV, CUBA, DENSE, FLATTEN, FRAMES, put

from autosnn_hw.cli import group
from autosnn_hw.commands.check import command as check
from autosnn_hw.commands.export import command as export
from autosnn_hw.commands.inspect import command as inspect
from autosnn_hw.commands.simulate import command as simulate
from autosnn_hw.commands.trace import command as trace
from autosnn_hw.errors import InputError
from exporters import netx

DRIVEN = {"type": "input", "shape": [1, 4, 4], "neuron": CUBA | {"vDecay": 0}}


@pytest.fixture
def net(tmp_path):
    def write(*entries):
        path = tmp_path / "a.net"
        with h5py.File(path, "w") as file:
            for index, entry in enumerate(entries):
                put(file, f"layer/{index}", entry)
        return str(path)

    return write


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        return f"npz:{tmp_path / 'a.npz'}"

    return write


def frames(*shape):
    return (np.random.default_rng(0).random(shape) < 0.4).astype(np.uint8)


def test_every_verb_takes_the_shape_that_the_refusal_asks_for(net, npz, tmp_path):
    path, data = net(CONV, FLATTEN, DENSE), npz(x_test=frames(3, 6, 1, 4, 4))
    refused = run_verb(inspect, path)
    assert isinstance(refused.exception, InputError) and "--input-shape C,H,W (C is 1)" in str(refused.exception)
    shape = ("--input-shape", "1,4,4")
    assert json.loads(run_verb(inspect, path, *shape, "--json").stdout)["input"] == "spike frames (N, T, 1, 4, 4)"
    assert json.loads(run_verb(check, path, *shape, "--json").stdout)["fits"]
    assert run_verb(export, path, *shape, "--out", tmp_path / "b.net").exit_code == 0
    assert json.loads(run_verb(inspect, tmp_path / "b.net", "--json").stdout)["input"] == "spike frames (N, T, 1, 4, 4)"
    taken, given = (run_verb(simulate, path, "--dataset", data, "--json", *more) for more in ((), shape))
    assert json.loads(taken.stdout)["spikes"] == json.loads(given.stdout)["spikes"]
    for wrong in ("1,4", "x", "0,4,4", "1,4,4,4"):
        assert run_verb(inspect, path, "--input-shape", wrong).exit_code == 2


def test_a_flat_input_is_asked_for_as_one_number(net):
    path = net(FLATTEN, DENSE)
    assert json.loads(run_verb(inspect, path, "--json").stdout)["input"] == "spike frames (N, T, 32)"
    assert (
        json.loads(run_verb(inspect, path, "--input-shape", "32", "--json").stdout)["input"]
        == "spike frames (N, T, 32)"
    )
    assert "takes 32 inputs" in str(run_verb(inspect, path, "--input-shape", "33").exception)


def test_the_layers_before_an_entry_that_is_refused_are_read_as_advised(net):
    path = net(FRAMES, CONV, {"type": "pool", "shape": [2, 2, 2]})
    assert "--layers 2 reads what comes before it" in str(run_verb(inspect, path).exception)
    assert len(json.loads(run_verb(inspect, path, "--layers", 2, "--json").stdout)["layers"]) == 2
    assert run_verb(check, path, "--layers", 2).exit_code == 0
    assert run_verb(inspect, path, "--layers", 0).exit_code == 2
    assert "no conv or dense layer in its first 1 entries" in str(run_verb(inspect, path, "--layers", 1).exception)


def test_what_lava_changes_and_ignores_is_said_by_every_verb(net, npz):
    path = net(
        DENSE | {"weight": np.full((3, 32), -64), "neuron": CUBA | {"weight_exp": [-3.0]}, "bias": np.full(3, 90)}
    )
    documents = [
        run_verb(inspect, path, "--json"), run_verb(check, path, "--json"),
        run_verb(simulate, path, "--json", "--dataset", npz(x_test=frames(2, 5, 32))),
    ]  # fmt: skip
    for done in documents:
        notes = " ".join(json.loads(done.stdout)["notes"])
        assert "Lava loads other weights" in notes and "neuron/weight_exp = -3" in notes
    assert "note: layer/0: Lava loads other weights" in documents[2].stderr


def test_inputs_alone_are_simulated_and_accuracy_is_unknown(net, npz):
    done = run_verb(simulate, net(DENSE), "--dataset", npz(x_test=frames(2, 5, 32)), "--json")
    document = json.loads(done.stdout)
    assert document["accuracy"]["value"] is None and document["dataset"]["samples"] == 2 and done.stderr == ""
    labelled = run_verb(
        simulate, net(DENSE), "--dataset", npz(x_test=frames(2, 5, 32), y_test=np.array([0, 1])), "--json"
    )
    assert json.loads(labelled.stdout)["accuracy"]["value"] is not None
    other = run_verb(simulate, net(DENSE), "--dataset", npz(x_test=frames(2, 5, 32)), "--split", "train")
    assert "no train samples; --split test" in str(other.exception)


def test_labels_that_the_network_has_no_output_for_are_refused_with_all_three(net, npz):
    x, path = frames(3, 5, 32), net(DENSE)
    data = npz(x_test=x, y_test=np.array([5, 7, 6]))
    refused = str(run_verb(simulate, path, "--dataset", data).exception)
    assert f"{data} (test): labels go from 5 up to 7; {path} tells 3 classes apart, 0 to 2." in refused
    assert run_verb(simulate, path, "--dataset", npz(x_test=x)).exit_code == 0  # as advised
    one, data = net({**DENSE, "shape": [1], "weight": DENSE["weight"][:1]}), npz(x_test=x, y_test=np.array([5, 7, 6]))
    assert f"{one} has one output, whose class is 0." in str(run_verb(simulate, one, "--dataset", data).exception)
    with_input = net({"type": "input", "shape": [1, 4, 4], "neuron": CUBA}, CONV, FLATTEN, DENSE)
    images = npz(x_test=frames(3, 6, 1, 4, 4), y_test=np.array([0, 70, 1]))
    assert run_verb(simulate, with_input, "--dataset", images, "--layers", 2).exit_code == 0  # a part has no classes


def test_frames_of_another_length_than_the_networks_are_run_and_that_is_said(net, npz, tmp_path):
    own = netx.read(net(DENSE))
    netx.write(replace(own, timesteps=5), tmp_path / "five.net")
    done = run_verb(simulate, tmp_path / "five.net", "--dataset", npz(x_test=frames(3, 1, 32)))
    assert done.exit_code == 0 and "five.net, 1 step " in done.stdout
    assert "note: the frames have 1 step, and this network was made for 5 steps" in done.stderr
    for path, steps in ((tmp_path / "five.net", 5), (net(DENSE), 1)):  # its own, and none that it names
        assert run_verb(simulate, path, "--dataset", npz(x_test=frames(3, steps, 32))).stderr == ""


def test_counts_that_become_spikes_are_said_with_what_sends_them_whole(net, npz):
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 5, (2, 6, 32))
    path, data = net(DENSE | {"weight": rng.integers(-3, 4, (3, 32))}), npz(x_test=counts.astype(np.float32))
    cut, whole = (run_verb(simulate, path, "--dataset", data, "--json", *more) for more in ((), ("--graded",)))
    assert (
        f"note: {(counts > 1).sum()} of {counts.size} frame values are above 1" in cut.stderr
        and "--graded" in cut.stderr
    )
    assert whole.stderr == ""
    assert json.loads(cut.stdout)["synops"] is not None
    assert json.loads(cut.stdout)["spikes"] != json.loads(whole.stdout)["spikes"]
    labels = np.array(
        json.loads(run_verb(simulate, path, "--dataset", data, "--json", "--graded", "--predictions").stdout)[
            "predictions"
        ]
    )
    labelled = run_verb(simulate, path, "--dataset", npz(x_test=counts, y_test=labels), "--json")
    right = json.loads(labelled.stdout)["accuracy"]["value"]
    assert f"100.0 % of the first 2 samples are right so, and {100 * right:.1f} % with single spikes" in labelled.stderr


def test_flat_grey_and_channels_last_inputs_reach_a_net_that_can_only_mean_them(net, npz):
    x = np.random.default_rng(0).integers(0, 200, (3, 1, 4, 4)).astype(np.uint8)
    driven = net(DRIVEN, CONV, FLATTEN, DENSE)
    spikes = []
    for samples in (x, np.moveaxis(x, 1, -1), x[:, 0]):
        done = run_verb(simulate, driven, "--dataset", npz(x_test=samples), "--timesteps", 4, "--json")
        spikes.append(json.loads(done.stdout)["spikes"]["chip"])
    assert spikes[0] == spikes[1] == spikes[2] > 0 and "are taken as grey" in done.stderr
    flat = net({"type": "input", "shape": [16], "neuron": CUBA}, DENSE | {"weight": np.arange(48).reshape(3, 16) - 20})
    done = run_verb(simulate, flat, "--dataset", npz(x_test=x.reshape(3, 16)), "--timesteps", 4, "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["spikes"]["chip"] > 0


@pytest.mark.parametrize("verb", [inspect, check, simulate, trace])
def test_the_folder_of_a_run_is_no_network_and_says_where_it_is(verb, tmp_path):
    folder = tmp_path / "a run"
    folder.mkdir()
    (folder / "config.toml").touch()
    assert f"`search --resume '{folder}'` goes on" in str(run_verb(verb, folder).exception)
    (folder / "winner.net").touch()
    refusal = run_verb(verb, folder)
    assert f"{folder / 'winner.net'} is its network" in str(refusal.exception)
    assert isinstance(refusal.exception, InputError)


def test_the_accuracy_of_a_network_that_is_read_in_part_is_unknown(net, npz):
    """The neurons of a layer within are no classes, whether they are as many as the labels or not."""
    path = net({"type": "input", "shape": [1, 4, 4], "neuron": CUBA}, CONV, FLATTEN, DENSE)
    data = npz(x_test=frames(5, 6, 1, 4, 4), y_test=np.zeros(5, np.int64))
    whole, part = (
        json.loads(run_verb(simulate, path, "--dataset", data, "--predictions", "--json", *more).stdout)
        for more in ((), ("--layers", 2))
    )
    assert (
        whole["network"]["part"] is False and whole["accuracy"]["value"] is not None and len(whole["predictions"]) == 5
    )
    assert part["network"]["part"] is True and part["accuracy"] == {"value": None, "low": None, "high": None}
    assert part["predictions"] is None and part["confusion"] is None and len(part["layers"]) == 2
    assert "accuracy is unknown" in part["notes"][-1] and "read in part" not in " ".join(whole["notes"])
    shown = run_verb(simulate, path, "--dataset", data, "--layers", 2).output
    assert "unknown (a part of the network gives no votes)" in shown and "note: the network was read in part" in shown
    again = path.replace("a.net", "b.net")  # the file of a part is one still
    assert run_verb(export, path, "--layers", 2, "--out", again).exit_code == 0
    assert json.loads(run_verb(simulate, again, "--dataset", data, "--json").stdout)["accuracy"]["value"] is None


def test_the_folder_of_a_run_is_named_where_one_stands_in_it(monkeypatch, tmp_path):
    (tmp_path / "winner.net").touch()
    monkeypatch.chdir(tmp_path)
    assert "winner.net is its network" in str(run_verb(trace, ".").exception)


@pytest.mark.parametrize(
    "name, said",
    [
        ("w.onnx", "is an ONNX file"),
        ("w.nir", "makes one of it"),
        ("w.py", "w.py:NAME"),
    ],
)
@pytest.mark.parametrize("verb", [inspect, check, export])
def test_a_file_of_another_kind_says_what_takes_it(verb, name, said, tmp_path):
    (tmp_path / name).write_bytes(b"x = 1")
    assert said in str(run_verb(verb, tmp_path / name).exception)


@pytest.mark.parametrize("verb", [inspect, check, simulate, export])
def test_a_pipe_and_a_git_lfs_pointer_are_one_sentence(verb, tmp_path):
    os.mkfifo(tmp_path / "pipe.net")
    assert "is not a file" in str(run_verb(verb, tmp_path / "pipe.net").exception)
    (tmp_path / "a.net").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    assert "git lfs pull" in str(run_verb(verb, tmp_path / "a.net").exception)


@pytest.mark.parametrize("words", [("search",), ("train", "all_SRB_k3", "--out", "o")])
@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (0, ("--timesteps", 5), "frames of 4 steps; 5 were asked for; leave --timesteps out"),
        (-1, (), "down to -1, and a value is a spike where it is above 0"),
        (0.5, (), "with fractions"),
    ],
)
def test_event_frames_are_refused_before_anything_is_trained(words, change, more, said, npz, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = frames(60, 4, 2, 16, 12) + np.float32(change)
    data = npz(x_train=x, y_train=np.arange(60) % 3, x_test=x[:12], y_test=np.arange(12) % 3)
    done = run_verb(group, *words, "--dataset", data, *more)
    assert said in str(done.exception) and "Traceback" not in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz"]


@pytest.mark.slow
def test_grey_images_without_channels_are_trained_on_and_that_is_said(npz, tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (40, 12, 12)).astype(np.uint8)
    data = npz(x_train=x, y_train=np.arange(40) % 4, x_test=x[:8], y_test=np.arange(8) % 4)
    words = ("--width", 2, "--timesteps", 2, "--epochs", 1, "--finetune-epochs", 1, "--out", tmp_path / "o")
    done = run_verb(group, "train", "skip,skip,skip,skip,skip", "--dataset", data, *words)
    assert done.exit_code == 0 and "x_train (40, 12, 12) is taken as 40 grey images of 12 x 12" in done.stderr
    (network,) = (tmp_path / "o").glob("*.net")
    assert run_verb(simulate, network, "--dataset", data).exit_code == 0
