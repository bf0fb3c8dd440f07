"""A candidate is judged as the integer network that it would be; its record says so, whoever asks and how often."""

import pickle
from dataclasses import replace

import pytest

from autosnn_hw.run_folder import SUPERNET
from autosnn_hw.simulate import exact
from autosnn_hw.stages.judging.evaluator import CandidateEvaluator, Remembering, judged
from autosnn_hw.training.modules.spiking_network import SpikingNetwork, parameter_count


@pytest.fixture
def evaluator(folder, config):
    return CandidateEvaluator(str(folder / SUPERNET), config.dataset, config.data_dir, config.target, None, config.seed)


def test_a_record_is_that_of_the_deployed_network(evaluator, prepared, architecture):
    record, network = evaluator(architecture), evaluator.deploy(architecture)
    data = prepared.data
    run = exact.run(network, data.x_val)
    assert record.accuracy == (run.predictions(network.readout) == data.y_val).mean()
    assert record.samples == len(data.x_val) == 20
    known = {name: getattr(record, name) for name in ("parameters", "supernet_accuracy", "supernet_spikes")}
    assert record == judged(architecture, network, lambda: run, data.y_val, prepared.profile, known)
    assert record.supernet_spikes > 0 and record.energy.value > 0


def test_parameters_are_those_of_the_network_alone(evaluator, prepared, architecture):
    """Kernels that all blocks of a slot share are a candidate's own, as far as it reads them."""
    counts = {}
    for genes in (
        architecture,
        prepared.space.architecture([("SRB_k5", 1)] * 5),
        prepared.space.architecture([("skip", 1)] * 5),
    ):
        alone = SpikingNetwork(genes, prepared.data.image, prepared.data.classes)
        counts[evaluator(genes).parameters] = parameter_count(alone)
    assert all(ours == theirs for ours, theirs in counts.items()) and len(counts) == 3


def test_it_says_the_same_in_another_process_and_on_fewer_images(evaluator, architecture):
    again = pickle.loads(pickle.dumps(evaluator))
    assert again(architecture) == evaluator(architecture)
    few = replace(evaluator, samples=7)(architecture)
    assert few.samples == 7 and few.parameters == evaluator(architecture).parameters
    assert replace(evaluator, float_view=False)(architecture).supernet_accuracy is None


def test_what_is_known_is_not_judged_again(evaluator, architecture, prepared):
    known = replace(evaluator(architecture), accuracy=0.125)
    remembering = Remembering(evaluator, {str(architecture): known})
    assert remembering(architecture) is known
    other = prepared.space.at(3)
    assert remembering(other) == evaluator(other)
