"""What a search says that it cost: counted by hand here, and an energy only where it can be known."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from autosnn_hw.search.walking.walk import WALK
from autosnn_hw.stages.searching import cost_of_walk, epochs_of_paths
from autosnn_hw.stages.time_and_cost.search_cost import CORE_WATTS, block_passes, cost_of_search, networks_made

TRAIN, VAL, TEST, SLOTS, CALIBRATION = 80, 20, 24, 5, 64


def result(*names):
    return SimpleNamespace(records=[SimpleNamespace(genotype=name) for name in names])


def made(name):
    return SimpleNamespace(architecture=name)


@pytest.fixture
def networks():
    finalists = tuple(SimpleNamespace(network=made(name)) for name in "abc")
    return SimpleNamespace(
        winner=made("a"), baselines={"b": made("b"), "d": made("d")}, finalists=finalists, reference=None, rungs=()
    )


def test_networks_count_once_each_again_with_a_second_seed_and_winner_and_baselines_with_each_further_one(
    config, networks
):
    assert networks_made(config, networks) == 4
    assert networks_made(config.with_changes(seeds=2), networks) == 4 + 4
    assert networks_made(config.with_changes(seeds=3), networks) == 4 + 4 + 3
    assert networks_made(config.with_changes(retrain="both"), networks) == 8
    networks.reference = made("a")
    assert networks_made(config, networks) == 5


def test_images_through_blocks_are_those_of_training_candidates_and_networks(config, prepared, networks):
    found, random = result("p", "q", "r"), result("q", "s")
    own = config.with_changes(strategy="evolution")
    supernet = epochs_of_paths(config, prepared) * TRAIN
    network = (1 + 1) * TRAIN + (1 + 2) * VAL + TEST
    judged = (3 + 1) * (VAL + CALIBRATION)
    assert block_passes(own, prepared, found, random, networks) == SLOTS * (supernet + judged + 4 * network)
    taken = own.with_changes(supernet="run")
    assert block_passes(taken, prepared, found, None, networks) == SLOTS * (3 * (VAL + CALIBRATION) + 4 * network)
    taught = taken.with_changes(distillation=0.5)
    assert block_passes(taught, prepared, found, None, networks) == SLOTS * (
        3 * (VAL + CALIBRATION) + 4 * (network + 1 * TRAIN)
    )
    walked = config.with_changes(strategy=WALK)
    shared = cost_of_walk(walked, prepared)
    assert shared.passes == 3905
    assert block_passes(walked, prepared, found, result("q"), networks) == (
        SLOTS * (supernet + 4 * network) + 3905 * (VAL + CALIBRATION)
    )


def test_energy_is_processor_time_times_power_with_its_bounds(config, prepared, networks):
    found = result("p")
    asked = (prepared, found, None, networks)
    cost = cost_of_search(config, *asked, 3600.0)
    assert [1e3 * cost[key] for key in ("kwh", "kwh_low", "kwh_high")] == pytest.approx(CORE_WATTS)
    assert "not known" in cost["how"] and cost["cpu_seconds"] == 3600
    given = cost_of_search(config.with_changes(core_watts=5.0), *asked, 7200.0)
    assert given["kwh"] == given["kwh_low"] == given["kwh_high"] == pytest.approx(0.01)
    assert "--core-watts" in given["how"] and given["images"] == round(given["block_passes"] / SLOTS)
    for changed, cpu in ((config, None), (config.with_changes(device="cuda"), 10.0)):
        unknown = cost_of_search(changed, *asked, cpu)
        assert unknown["kwh"] is None and "unknown" in unknown["how"] and unknown["images"] > 0


def test_a_graph_of_fewer_images_costs_less(config, prepared, networks):
    few = replace(prepared, data=replace(prepared.data, x_train=prepared.data.x_train[:40]))
    assert block_passes(config, few, result("p"), None, networks) < block_passes(
        config, prepared, result("p"), None, networks
    )
