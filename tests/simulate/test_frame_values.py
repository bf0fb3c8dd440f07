"""Frame values that are not sent as they are: counted, with their share, and said only where there are any."""

import numpy as np
import pytest

import hw_profiles
from autosnn_hw.network import ChipNetwork, CubaNeuron, DenseLayer, InputLayer, Readout
from autosnn_hw.run_and_price import Samples, measure
from autosnn_hw.simulate.frame_values import AT_ONCE, above_payload, below_zero, cut_values

NEURON = CubaNeuron(60, 1024)


def flat(count, neuron=None, payload=1, timesteps=4):
    dense = DenseLayer("fc", (3,), np.random.default_rng(0).integers(-9, 9, (3, count)), NEURON)
    return ChipNetwork((InputLayer("in", (count,), neuron, payload=payload), dense), timesteps, readout=Readout(3))


def test_fractions_that_become_spikes_are_said():
    shares = np.array([[[0, 0.5, 0.25, 1]]], np.float32)
    assert "2 of 4 frame values are fractions" in cut_values(flat(4), shares, False)[0]
    assert cut_values(flat(4, NEURON), shares, False) == cut_values(flat(4), np.ceil(shares), False) == []


def test_cut_values_are_counted_only_where_they_are_cut():
    frames = np.array([[[0, 1, 2, 7]]])
    assert "2 of 4 frame values are above 1" in cut_values(flat(4), frames, False)[0]
    assert cut_values(flat(4), frames, True) == cut_values(flat(4, NEURON), frames, False) == []
    assert cut_values(flat(4), np.minimum(frames, 1), False) == []


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_values_below_zero_are_said_where_they_are_not_sent(dtype):
    frames = np.array([[[0, -1, 2, -7]]], dtype)
    above, below = (
        "1 of 4 frame values are above 1 (33.3 % of those that are not 0) and were sent as single spikes",
        "below 0 and were not sent",
    )
    assert cut_values(flat(4), frames, False) == [
        f"{above}, and 2 are {below}; with --graded they are sent as they are"
    ]
    assert cut_values(flat(4), np.minimum(frames, 1), False)[0].startswith(f"2 of 4 frame values are {below};")
    assert cut_values(flat(4), frames, True) == cut_values(flat(4, NEURON), frames, False) == []
    assert (
        f"3 values are {below}: this network takes no currents"
        in cut_values(flat(4), frames - np.float32(0.5), False)[0]
    )


def test_the_share_is_of_values_that_are_not_0_and_many_samples_are_counted():
    frames = np.zeros((AT_ONCE + 2, 1, 4), np.int32)
    frames[0], frames[-1, 0, 0], frames[AT_ONCE, 0, :2] = 3, 300, -1
    assert (
        above_payload(255, frames) == f"1 of {frames.size} frame values are above 255 (14.3 % of those that are not 0)"
    )
    assert below_zero(frames) == 2 and above_payload(300, frames) is None
    assert above_payload(255, frames.astype(np.uint8)) is None and below_zero(frames.astype(np.uint8)) == 0


@pytest.mark.parametrize("payload, sent", [(1, "single spikes"), (5, "values of 0 to 5")])
def test_what_cutting_costs_is_said_beside_what_was_sent(payload, sent):
    """A network of graded frames was not sent single spikes."""
    frames = np.full((2, 4, 4), 9)
    done = measure(
        flat(4, payload=payload), Samples(frames, np.array([0, 1]), "counts", "test"), hw_profiles.load("loihi2")
    )
    assert done.notes[0].endswith(f" % with {sent}") and "% of the first 2 samples are right so, and" in done.notes[0]


@pytest.mark.parametrize(
    ("target", "largest", "advised"), [("loihi2", 7, True), ("loihi1", 7, False), ("truenorth", 7, False)]
)
@pytest.mark.parametrize("payload", [1, 5])
def test_graded_is_advised_where_the_chip_takes_what_it_sends(target, largest, advised, payload):
    """What cutting costs is said all the same."""
    frames, profile = np.full((2, 4, 4), largest), hw_profiles.load(target)
    samples, network = Samples(frames, np.array([0, 1]), "counts", "test"), flat(4, payload=payload)
    (note, *_) = measure(network, samples, profile).notes
    assert ("; with --graded they are sent as they are: " in note) == advised == ("--graded" in note)
    assert f"32 of 32 frame values are above {payload}" in note and "% of the first 2 samples are right so, and" in note
    refused = measure(network, samples, profile, graded=True).document["violations"]
    assert any(violation["resource"] == "payload of a frame" for violation in refused) != advised
