"""Limits that nothing can keep are refused before anything is trained, and no limit that something keeps."""

from dataclasses import replace

import pytest
from support.networks.untrained import KINDS, untrained_run

from autosnn_hw.config import SearchConfig
from autosnn_hw.cost import price
from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.simulate import exact
from autosnn_hw.stages.achievable import require_achievable, silent
from autosnn_hw.stages.judging.evaluator import evaluation_tools
from autosnn_hw.stages.manifest import prepare

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
        ("max_energy", 1e-12, "--max-energy 1.00 pJ cannot be kept on .* takes .*J already"),
        ("max_latency", 1e-9, "--max-latency 1.00 ns cannot be kept on .* takes .*s already"),
        ("max_cores", 1, "--max-cores 1 cores cannot be kept on .* takes [0-9]+ cores already"),
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
