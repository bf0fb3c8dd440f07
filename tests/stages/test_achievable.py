"""Limits that nothing can keep are refused before anything is trained, and no limit that something keeps."""

import re
from dataclasses import replace

import numpy as np
import pytest
from support.networks.untrained import KINDS, untrained_run

from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import price
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.search.ranking.fitness import UNITS
from autosnn_hw.simulate import exact
from autosnn_hw.simulate.counting import count
from autosnn_hw.simulate.stimulus import stimulus
from autosnn_hw.stages.achievable import firing, require_achievable, silent
from autosnn_hw.stages.judging.evaluator import evaluation_tools
from autosnn_hw.stages.manifest import prepare
from autosnn_hw.stages.published import untrained
from autosnn_hw.words.quantities import parse, quantity

LIMITS = {"max_energy": "energy", "max_latency": "latency", "max_cores": "cores"}


@pytest.fixture(scope="module", params=KINDS)
def searched(request, tmp_path_factory):
    """(what a search of digits is made of, candidates of it, as they were judged)."""
    space, judge = untrained_run(tmp_path_factory.mktemp("run"), request.param)
    prepared = replace(prepare(SearchConfig(target=request.param, width=4, timesteps=2)), space=space)
    return prepared, judge, [judge(space.at(number)) for number in range(0, space.size, space.size // 6)]


@pytest.mark.slow
@pytest.mark.parametrize("limit", LIMITS)
def test_what_a_candidate_takes_is_never_refused(searched, limit):
    prepared, _, records = searched
    values = [getattr(record, LIMITS[limit]) for record in records]
    least = min(value if isinstance(value, int) else value.value for value in values)
    require_achievable(SearchConfig(**{limit: least}), prepared)


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        (
            "max_energy",
            1e-12,
            "--max-energy 1.00 pJ cannot be kept on .* takes .*J already and the heaviest .* spikes come on top",
        ),
        ("max_latency", 1e-9, "--max-latency 1.00 ns cannot be kept on .* takes .*s already and the heaviest"),
        (
            "max_cores",
            1,
            "--max-cores 1 cores cannot be kept on .* takes [0-9]+ cores already and the heaviest .* [0-9]+ cores",
        ),
    ],
)
def test_what_none_can_keep_is_refused_with_what_they_take(searched, limit, value, said):
    with pytest.raises(DoesNotFitError, match=said):
        require_achievable(SearchConfig(**{limit: value}), searched[0])


def test_the_lightest_is_looked_for_among_all_placements_of_pools():
    config = SearchConfig(width=4, timesteps=(2, 4), pools=["1", "0", "3"], max_energy=1e-12)
    prepared = prepare(config)
    with pytest.raises(DoesNotFitError, match="@P0T2. takes"):
        require_achievable(config, replace(prepared, space=replace(prepared.space, genes=((("SRB_k3", 1),),) * 5)))


def test_a_silent_network_takes_less_than_it_does_when_it_fires(searched):
    prepared, judge, _ = searched
    network = judge.deploy(prepared.space.at(0))
    run = exact.run(network, judge.inputs(4)[0])
    profile = evaluation_tools(judge).profile
    quiet, loud = (price(network, activity, profile) for activity in (silent(network), run))
    assert any(layer.spikes.any() for layer in run.layers)
    assert quiet.energy_total.value < loud.energy_total.value
    assert quiet.latency.value <= loud.latency.value
    assert quiet.cores_used == loud.cores_used


def test_a_network_that_always_fires_is_counted_as_its_spikes_would_be(searched):
    """The counter of every backend, given trains without a gap; only weights of 0 are counted, too."""
    prepared, judge, _ = searched
    for number in (0, prepared.space.size - 1):
        network = judge.deploy(prepared.space.at(number))
        sent = stimulus(network, judge.inputs(1)[0])
        steps = sent.timesteps
        spikes = [np.ones((1, steps, *layer.shape), np.uint8) for layer in network.neuron_layers]
        counted, always = count(network, sent, spikes, per_step=False, backend={}), firing(network)
        for a, b in zip(counted.layers, always.layers):
            assert (a.spikes == b.spikes).all() and (a.neuron_spikes == b.neuron_spikes).all()
            assert (a.synops_dense == b.synops_dense).all() and (a.synops <= b.synops).all()
        assert (counted.outputs == always.outputs).all() and counted.timesteps == always.timesteps


def test_what_networks_take_lies_between_silence_and_firing_always(searched):
    prepared, judge, _ = searched
    profile = evaluation_tools(judge).profile
    for number in range(0, prepared.space.size, max(1, prepared.space.size // 3)):
        network = judge.deploy(prepared.space.at(number))
        quiet, run, loud = (
            price(network, activity, profile)
            for activity in (silent(network), exact.run(network, judge.inputs(4)[0]), firing(network))
        )
        assert quiet.energy_total.value < run.energy_total.value < loud.energy_total.value
        assert quiet.latency.value <= run.latency.value <= loud.latency.value


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "value"), [("max_energy", 1e-12), ("max_latency", 1e-9), ("max_cores", 1)])
def test_a_refusal_says_the_range_and_a_limit_that_is_taken(searched, limit, value):
    prepared, option = searched[0], "--" + limit.replace("_", "-")
    with pytest.raises(DoesNotFitError) as refused:
        require_achievable(SearchConfig(**{limit: value}), prepared)
    said = str(refused.value)
    assert " already and the heaviest (" in said
    fixed = limit == "max_cores" or (limit, prepared.profile.name) == ("max_latency", "truenorth")  # its ticks are
    assert ("spikes come on top, up to about " in said) != fixed
    (advice,) = re.findall(rf"keeps about {option} (\S+?)[,;]", said)
    enough = parse(advice, UNITS[limit]) if limit in UNITS else int(advice)
    (sentence,) = require_achievable(SearchConfig(**{limit: enough}), prepared)
    assert "the lightest keeps it" in sentence or "no network that was found takes so much" in sentence


def test_a_limit_between_silence_and_firing_is_said_to_depend_on_the_spikes(searched):
    prepared, _, records = searched
    assert require_achievable(SearchConfig(), prepared) == []
    usual = sorted(record.energy.value for record in records)[len(records) // 2]
    (sentence,) = require_achievable(SearchConfig(max_energy=usual), prepared)
    assert sentence.startswith("--max-energy ") and "depends on how little it fires" in sentence


def test_the_range_is_that_of_all_architectures_of_a_small_space():
    config = SearchConfig(width=(2, 4), timesteps=2, max_cores=1000, max_energy=1.0)
    prepared = prepare(config)
    two = (("skip", 1), ("SRB_k5", 1))
    space = replace(prepared.space, genes=(two, two, two, (("SCB_k3", 1),), (("SRB_k3", 1),)))
    energy, cores = require_achievable(config, replace(prepared, space=space))
    assert all(sentence.endswith("; no network that was found takes so much.") for sentence in (energy, cores))
    quiet, loud, used = [], [], []
    for number in range(space.size):
        network = untrained(space.at(number), prepared.data, prepared.profile)
        reports = [price(network, activity, prepared.profile) for activity in (silent(network), firing(network))]
        quiet.append(reports[0].energy_total.value)
        loud.append(reports[1].energy_total.value)
        used.append(reports[0].cores_used)
    assert f"takes {min(used)} cores and" in cores and f") {max(used)} cores;" in cores
    assert f"takes {quantity(min(quiet), 'J')} and" in energy and f") {quantity(max(quiet), 'J')};" in energy
    assert f"and {quantity(max(loud), 'J')} where every neuron fires" in energy
