"""Frames for an import: their axes are the network's, and values that are cut are said with what that costs in the framework."""

import json
from pathlib import Path

import norse.torch as norse
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import run
from support.files import npz_files
from torch import nn

from autosnn_hw.deploy.from_graph.beside_floats import sent
from autosnn_hw.importing import ImportChoices, import_network
from autosnn_hw.importing.frames_sent import as_written, cut_notes, in_order
from autosnn_hw.importing.import_data import given_data, load_data
from autosnn_hw.network import ChipNetwork, ConvLayer, CubaNeuron, InputLayer
from autosnn_hw.simulate import exact

LIF = str(Path(__file__).parents[1] / "data/nir/lif_norse.nir")
RNG = np.random.default_rng(0)
COUNTS = RNG.integers(0, 4, (12, 5, 2, 6, 7)).astype(np.uint8)
LABELS = np.arange(12) % 3


@pytest.fixture(scope="module")
def module():
    parameters = norse.LIFBoxParameters(tau_mem_inv=200.0)
    return norse.SequentialState(
        nn.Conv2d(2, 4, 3, bias=False), norse.LIFBoxCell(parameters), nn.Flatten(), nn.Linear(80, 3), norse.LIFBoxCell()
    )


def imported(module, data, **more):
    return import_network(module, data, ImportChoices(), **more)


def test_counts_are_cut_for_the_framework_too_and_that_is_said(module, monkeypatch):
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    given_counts = imported(module, given_data(np.moveaxis(COUNTS, 2, 4), LABELS), input_shape=(2, 6, 7))
    given_spikes = imported(module, given_data(COUNTS > 0, LABELS))
    assert given_counts.comparison == given_spikes.comparison and not given_spikes.notes
    axes, note = given_counts.notes
    assert axes == "the frames of shape 6 x 7 x 2 are taken with their channels last"
    above = int((COUNTS > 1).sum())
    assert note.startswith(f"{above} of {COUNTS.size} frame values are above 1") and "simulate --graded" in note
    assert "of its framework are of what is sent, too: with the values as they are" in note


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.sampled_from([1, 3, 9]), st.booleans())
def test_what_cutting_costs_is_what_both_runs_give(seed, payload, labelled):
    rng = np.random.default_rng(seed)
    weight = rng.integers(-5, 6, (3, 2, 6, 7)) * 2
    layers = (
        InputLayer("in", (2, 6, 7), payload=payload),
        ConvLayer("out", (3, 1, 1), neuron=CubaNeuron(0, 4096), weight=weight),
    )
    network, labels = ChipNetwork(layers), rng.integers(0, 3, 12)
    data = given_data(COUNTS * 4, labels if labelled else None)

    def floats(frames):
        class Run:
            outputs = np.einsum("ntchw,ochw->no", frames.astype(float), weight)

        return Run

    (note,) = cut_notes(network, data, floats, "somebody")
    whole, cut = (floats(x).outputs.argmax(1) for x in (COUNTS * 4, sent(network, COUNTS * 4)))
    shares = [(whole == labels).mean(), (cut == labels).mean()] if labelled else [(whole == cut).mean()]
    assert all(f"{100 * share:.1f} %" in note for share in shares)
    np.testing.assert_array_equal(
        exact.run(network, COUNTS * 4).outputs, exact.run(network, sent(network, COUNTS * 4)).outputs
    )


@pytest.mark.parametrize(("axes", "said"), [((0, 1, 3, 4, 2), "channels last"), ((0, 2, 3, 4, 1), "time last")])
@pytest.mark.parametrize("labelled", [False, True])
def test_axes_are_put_in_order(tmp_path, axes, said, labelled):
    x = RNG.integers(0, 2, (10, 5, 2, 40, 40)).astype(np.uint8)
    moved, more = x.transpose(axes), {"x_train": x.transpose(axes), "y_train": np.arange(10) % 2}
    data = load_data(
        npz_files.write(tmp_path / "a.npz", x_test=moved, y_test=np.arange(10) % 2, **more if labelled else {})
    )
    for found, notes in (as_written(data), in_order(data, (2, 40, 40))):
        np.testing.assert_array_equal(found.samples, x)
        if labelled:
            np.testing.assert_array_equal(np.concatenate([found.train[0], found.validation[0]]), x)
        assert len(notes) == 1 and said in notes[0]
        assert in_order(found, (2, 40, 40))[1] == []


def test_images_stay_as_they_are():
    data = given_data(RNG.random((6, 8, 9, 1)).astype(np.float32))
    assert in_order(data, (1, 8, 9)) == (data, [])


def test_the_command_says_it(tmp_path, module, monkeypatch):
    monkeypatch.setattr("autosnn_hw.importing.chosen_integers.has_lava", lambda: False)
    frames = np.full((2, 30, 1), 3, np.uint8)
    name = npz_files.write(tmp_path / "a.npz", x_test=frames)
    done = run("import", LIF, "-o", tmp_path / "a.net", "--dt", "1e-4", "--reset", "hard", "--dataset", name, "--json")
    assert any("60 of 60 frame values are above 1" in note for note in json.loads(done.stdout)["notes"])
