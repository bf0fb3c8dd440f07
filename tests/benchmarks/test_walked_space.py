"""What walked_space.py says of a space whose optimum and costs are known."""

from dataclasses import replace

import numpy as np
import pytest
import walked_space
from support.searches.untrained_run import untrained_supernet

from autosnn_hw.config import SearchConfig
from autosnn_hw.cost_report import Interval
from autosnn_hw.run_folder import SUPERNET
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.space import search_space


@pytest.fixture(scope="module")
def walked():
    """Energy is the number of blocks that are no skip; synaptic operations say the opposite, spikes the same."""
    space = search_space("SNN_1", width=4, timesteps=2)
    random, records = np.random.default_rng(0), {}
    for architecture in space:
        blocks = 1 + sum(block != "skip" for block in str(architecture).split(","))
        energy = Interval(blocks * 1e-6, blocks * 0.5e-6, blocks * 2e-6)
        records[str(architecture)] = CandidateRecord(
            genotype=str(architecture), accuracy=0.5 + 0.1 * random.random(), samples=100, energy=energy, dynamic=energy,
            fitness_energy=energy, latency=energy, edp=energy, spikes={"paper": 10.0 * blocks}, synops=100.0 / blocks,
        )  # fmt: skip
    return walked_space.WalkedSpace(space, SearchConfig(generations=2, pool=10, mean_cost_samples=10), records, 4e-6)


def test_a_proxy_that_orders_as_energy_does_costs_nothing_and_one_that_opposes_it_does(walked):
    same, opposed = walked_space.proxy(walked, "spikes"), walked_space.proxy(walked, "synops")
    assert same["regret"] == 0 and same["cost_tau"] == pytest.approx(1)
    assert opposed["regret"] > 0 and opposed["cost_tau"] == pytest.approx(-1) and opposed["tau"] < same["tau"]


@pytest.mark.slow
def test_a_search_is_set_against_the_best_of_all(walked):
    best = max(walked.records.values(), key=walked.value)
    found = walked_space.against_optimum(walked, "evolution", 2)
    assert 0 <= found["regret"] <= found["worst"] and 1 <= found["rank"] < 1_000 and found["found"] <= 2
    assert all(walked.value(record) <= walked.value(best) for record in walked.records.values())


def test_float_spikes_are_those_of_the_super_network(tmp_path, walked):
    space = untrained_supernet(tmp_path / SUPERNET, blocks=("skip", "SRB_k3"))
    records = {str(architecture): walked.records[str(architecture)] for architecture in space}
    small = replace(walked, space=space, records=records, config=SearchConfig(width=4, timesteps=2))
    asked = walked_space.with_float_spikes(small, tmp_path, 20)
    spikes = {name: record.supernet_spikes for name, record in asked.records.items()}
    assert len(set(spikes.values())) > len(spikes) / 2 and min(spikes.values()) > 0
    assert {
        name: replace(record, supernet_spikes=None, supernet_accuracy=None) for name, record in asked.records.items()
    } == records
    said = walked_space.proxy(asked, walked_space.FLOAT_SPIKES)
    ranked = sorted(spikes, key=lambda name: records[name].accuracy * spikes[name] ** small.config.lam)
    assert said["architecture"] == ranked[-1]
