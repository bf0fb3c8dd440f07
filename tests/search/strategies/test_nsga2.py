"""NSGA-II behind the interface of the other strategies: valid, repeatable, resumable, and better at the front than chance."""

import pytest

from autosnn_hw.search.database.study import read_records
from autosnn_hw.search.ranking.fitness import Constraints
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.strategies.by_name import strategy_of

SETTINGS = SearchSettings(strategy="nsga2", population=12, generations=6, reference=4, measure=0)


def searched(synthetic, folder, settings=SETTINGS, evaluate=None):
    study = synthetic.study_in(folder, settings)
    return run_search(synthetic.SPACE, evaluate or synthetic.evaluate, study, settings)


@pytest.fixture(scope="module")
def whole(synthetic, tmp_path_factory):
    return searched(synthetic, tmp_path_factory.mktemp("nsga2") / "run")


def test_every_candidate_is_new_and_stored_as_in_every_search(synthetic, whole, tmp_path):
    names = [record.genotype for record in whole.records]
    assert len(set(names)) == len(names) == SETTINGS.total
    assert searched(synthetic, tmp_path / "again") == whole
    assert [record.genotype for record in read_records(tmp_path / "again" / "study.db")] == names


def test_another_seed_asks_for_others(synthetic, whole, tmp_path):
    other = searched(synthetic, tmp_path / "other", SearchSettings(**{**vars(SETTINGS), "seed": 1}))
    assert {r.genotype for r in other.records} != {r.genotype for r in whole.records}


@pytest.mark.parametrize("stop", [9, 57])
def test_a_search_that_was_stopped_ends_as_if_it_had_not_been(synthetic, whole, tmp_path, stop):
    with pytest.raises(KeyboardInterrupt):
        searched(synthetic, tmp_path, evaluate=synthetic.stopping_after(stop))
    assert searched(synthetic, tmp_path) == whole


def dominated(records, others):
    """Share of `others` that some of `records` beats or equals in accuracy, energy and latency."""

    def beats(one, two):
        return (
            one.accuracy >= two.accuracy
            and one.energy.value <= two.energy.value
            and one.latency.value <= two.latency.value
        )

    return sum(any(beats(one, two) for one in records) for two in others) / len(others)


@pytest.mark.slow
def test_its_front_is_beyond_that_of_random_search(synthetic, tmp_path):
    shares = []
    for seed in range(4):
        results = []
        for strategy in ("nsga2", "random"):
            settings = SearchSettings(**{**vars(SETTINGS), "seed": seed, "generations": 10, "strategy": strategy})
            results.append(synthetic.front(list(searched(synthetic, tmp_path / f"{strategy}{seed}", settings).records)))
        shares.append(dominated(results[0], results[1]) - dominated(results[1], results[0]))
    assert sum(shares) > 0 and sum(share > 0 for share in shares) >= 3, shares


def test_a_limit_draws_the_search_to_what_keeps_it(synthetic, whole, tmp_path):
    limit = sorted(record.energy.value for record in whole.records)[len(whole.records) // 4]
    limits = Constraints(max_energy=limit)
    bounded = searched(synthetic, tmp_path, SearchSettings(**{**vars(SETTINGS), "constraints": limits}))
    kept = [sum(r.energy.value <= limit for r in result.records[-24:]) for result in (bounded, whole)]
    assert kept[0] > kept[1] and bounded.winner.energy.value <= limit


def test_a_small_space_is_used_up(synthetic):
    settings = SearchSettings(strategy="nsga2", population=50, measure=0)
    space, known = synthetic.WALKED, {}
    asking = strategy_of(settings, space)
    for generation in range(8):
        asked = asking.ask(generation, [], known)
        assert not set(asked) & set(known) and len(set(asked)) == len(asked)
        known |= {architecture: synthetic.evaluate(architecture) for architecture in asked}
    assert len(known) == space.size and asked == []
