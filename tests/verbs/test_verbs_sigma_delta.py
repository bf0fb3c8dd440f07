"""The verbs on a sigma-delta network in a file: what a user with a trained regression or classifier sees."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from autosnn_hw import check, simulate, trace
from autosnn_hw.cli import group
from autosnn_hw.errors import InputError
from autosnn_hw.network import ChipNetwork, ConvLayer, DenseLayer, InputLayer, SigmaDeltaNeuron, SigmaDeltaPart
from autosnn_hw.network.sigma_delta import OUTPUT_SCALE
from exporters import netx

FRAMES = np.array([[[64, 0, 0], [64, 32, 0]], [[0, 0, 64], [0, 0, -64]]])
HIDDEN, READ = np.array([[64, 0, 0], [0, 64, 0], [0, 0, 64]]), np.array([[32, 64, 0], [0, 0, 64]])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    layers = (
        InputLayer("in", (3,), SigmaDeltaNeuron(SigmaDeltaPart.DELTA, 1), host=True),
        DenseLayer("hidden", (3,), HIDDEN - 2 * (HIDDEN == 0), SigmaDeltaNeuron(SigmaDeltaPart.SIGMA_DELTA, 1)),
        DenseLayer("read", (2,), READ - 2 * (READ == 0), SigmaDeltaNeuron(SigmaDeltaPart.SIGMA)),
    )
    netx.write(ChipNetwork(layers), "reads.net")
    np.savez("frames.npz", x_test=FRAMES)
    np.savez("classes.npz", x_test=FRAMES[:, :1], y_test=[0, 1])


def run(*words):
    done = CliRunner().invoke(group, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def computed(frames):
    """The same in floating point: what was trained."""
    hidden = np.maximum(frames @ (HIDDEN - 2 * (HIDDEN == 0)).T / 64**2, 0)
    return hidden @ (READ - 2 * (READ == 0)).T / 64


def test_a_regression_gives_values_and_no_accuracy(folder):
    document = run("simulate", "reads.net", "--dataset", "npz:frames.npz")
    assert document["accuracy"]["value"] is None and document["outputs"]["scale"] == OUTPUT_SCALE == 1 << 18
    # A message is rounded down to 1/4096: two layers of them stay within a few of those.
    assert np.abs(np.array(document["outputs"]["values"]) - computed(FRAMES)).max() < 8 / 4096
    assert document["fits"] and any("graded" in sentence for sentence in document["not_counted"])


def test_labels_are_held_against_the_largest_final_value(folder):
    document = run("simulate", "reads.net", "--dataset", "npz:classes.npz", "--predictions")
    assert document["predictions"] == computed(FRAMES[:, 0]).argmax(axis=1).tolist() == [0, 1]
    assert document["accuracy"]["value"] == 1.0


def test_images_are_held_for_as_many_steps_as_are_asked_for(folder):
    done = simulate("reads.net", FRAMES[:, 0], timesteps=3)
    values = done.activity.values / OUTPUT_SCALE
    assert values.shape == (2, 3, 2) and np.array_equal(values[:, 0], values[:, 2])
    # What does not change is not sent: messages of the first step alone, but for the decoder's sums.
    assert done.activity.layers[0].neuron_spikes.sum() == np.count_nonzero(FRAMES[:, 0])


def test_fractions_are_told_how_to_become_integers(folder):
    for frames in (FRAMES / 60, FRAMES[:, 0] / 60):
        with pytest.raises(InputError, match=r"64 for 1.0 of the trained network: np.rint\(64 \* x\)"):
            simulate("reads.net", frames, timesteps=2 if frames.ndim == 2 else None)


def test_inspect_and_trace_say_what_the_neurons_are(folder):
    layers = run("inspect", "reads.net")["layers"]
    assert [layer["neuron"]["kind"] for layer in layers] == ["delta", "sigma-delta", "sigma"]
    assert run("inspect", "reads.net")["readout"] == {"classes": 2, "voters": 1, "by": "final value"}
    document = trace("reads.net", "npz:frames.npz", out="t.npz")
    assert [layer["neuron"]["kind"] for layer in document["layers"]] == ["delta", "sigma-delta", "sigma"]
    with np.load("t.npz") as arrays:
        assert np.array_equal(arrays["layer2_spikes"], arrays["layer2_u"]) and arrays["layer2_u"].any()


def test_check_says_where_it_runs(folder):
    assert check("reads.net", target="loihi2").fits
    done = CliRunner().invoke(group, ["check", "reads.net", "--target", "loihi1"])
    assert done.exit_code == 1 and "neuron kind sigma_delta" in done.output
    with pytest.raises(InputError, match="their messages carry values"):
        check("reads.net", target="truenorth")


def test_values_that_a_chip_cannot_hold_are_findings(folder):
    health = simulate("reads.net", FRAMES * 1000).document["health"]
    kinds = {(finding["layer"], finding["kind"]) for finding in health}
    assert ("in", "message_too_wide") in kinds and ("read", "sum_too_wide") in kinds
    assert not simulate("reads.net", FRAMES).document["health"]


def test_changes_beyond_a_chips_messages_do_not_fit(folder):
    """24 bits and a sign: 262,143 * 64 is the largest; an image is no bias, whatever its values."""
    bright, brighter = np.full((1, 3), 200_000), np.array([[[200_000] * 3, [-100_000] * 3]])
    assert simulate("reads.net", bright, timesteps=1, target="loihi2").document["fits"]
    document = simulate("reads.net", brighter, target="loihi2").document
    assert [(v["layer"], v["resource"], v["needed"]) for v in document["violations"]] == [
        ("in", "payload of a frame", 300_000 * 64)
    ]


def test_a_convolution_that_wraps_is_a_finding():
    kernel = np.full((1, 1, 3, 3), 120)
    layers = (
        InputLayer("in", (1, 4, 4), SigmaDeltaNeuron(SigmaDeltaPart.DELTA), host=True),
        ConvLayer("conv", (1, 2, 2), kernel, SigmaDeltaNeuron(SigmaDeltaPart.SIGMA_DELTA, 1)),
    )
    bright = np.full((1, 2, 1, 4, 4), 255)
    bright[:, 0] = 100  # 100 * 64 * 9 * 120 fit 24 bits; 155 more do not
    found = simulate(ChipNetwork(layers), bright).document["health"]
    assert [(entry["layer"], entry["kind"], entry["count"]) for entry in found if entry["kind"] == "u_wraps"] == [
        ("conv", "u_wraps", 4)
    ]
