"""Candidates are measured as files; a simulator that counts other spikes ends the search, a board's count is information."""

from dataclasses import replace

import pytest

from autosnn_hw.errors import SpikesDifferError
from autosnn_hw.run_folder import SUPERNET
from autosnn_hw.search.candidate import measured_values
from autosnn_hw.simulate import exact, lava
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator
from autosnn_hw.stages.judging.measurer import ChipMeasurer
from exporters import netx


@pytest.fixture
def evaluator(folder, config):
    return CandidateEvaluator(str(folder / SUPERNET), config.dataset, config.data_dir, config.target)


def standing_in(kind, change=lambda spikes: spikes):
    """A backend that reads the file and counts as the exact simulator does, but for `change`."""

    def run(file, images, *, child):
        assert child == "child"
        activity = exact.run(netx.read(file), images, per_step=True)
        layers = (replace(activity.layers[0], spikes=change(activity.layers[0].spikes)), *activity.layers[1:])
        return replace(activity, layers=layers, backend={"name": "stand-in", "kind": kind, "version": "0"})

    return run


def one_more(spikes):
    spikes = spikes.copy()
    spikes[0, 2, 1] += 1
    return spikes


def test_a_measurement_is_that_of_the_candidates_file(evaluator, prepared, architecture, monkeypatch):
    from autosnn_hw.cost import price

    monkeypatch.setattr(lava, "run", standing_in("simulator"))
    (found,) = ChipMeasurer(evaluator, prepared.profile, 5, "child")([architecture], 3)
    network, images = evaluator.deploy(architecture), prepared.data.x_val[:5]
    activity = exact.run(network, images, per_step=True)
    assert (found.genotype, found.generation, found.samples) == (str(architecture), 3, 5)
    assert found.measured == found.modelled == measured_values(activity, price(network, activity, prepared.profile))


def test_other_spikes_of_a_simulator_are_named(evaluator, prepared, architecture, monkeypatch):
    monkeypatch.setattr(lava, "run", standing_in("simulator", one_more))
    with pytest.raises(
        SpikesDifferError, match=rf"candidate {architecture}: layer 'stem', sample 2, step 1: Lava counted"
    ):
        ChipMeasurer(evaluator, prepared.profile, 5, "child")([architecture], 0)


def test_other_spikes_of_a_board_are_information(evaluator, prepared, architecture, monkeypatch):
    monkeypatch.setattr(lava, "run", standing_in("silicon", one_more))
    (found,) = ChipMeasurer(evaluator, prepared.profile, 5, "child")([architecture], 0)
    assert found.measured["spikes"] == pytest.approx(found.modelled["spikes"] + 1 / 5)
