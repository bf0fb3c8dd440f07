"""Searches that choose sizes, too: each strategy stays in the space, goes on after any interruption, and the study names the sizes."""

import sqlite3
from contextlib import closing

import pytest

from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import search_space
from autosnn_hw.search.walking.walk import members, run_walk, subtrees

SPACE = search_space(width=(4, 8), timesteps=(2, 4, 8), pools=((1, 3), (2, 3)), blocks=("skip", "SRB_k5"))  # 384
STRATEGIES = ("evolution", "random", "nsga2")


def settings(strategy):
    return SearchSettings(strategy=strategy, population=8, generations=3, reference=6, measure=1)


def searched(synthetic, folder, strategy, evaluate=None):
    study = synthetic.study_in(folder, settings(strategy), SPACE)
    evaluate = evaluate or synthetic.evaluate
    return run_search(SPACE, evaluate, study, settings(strategy), measure=synthetic.measured)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_search_of_sizes_stays_in_the_space_and_tries_every_size(synthetic, tmp_path, strategy):
    found = [SPACE.parse(record.genotype) for record in searched(synthetic, tmp_path, strategy).records]
    assert len(found) == len(set(found)) == settings(strategy).total
    # Few candidates need not hold every pair of sizes; each size they do.
    assert ({a.width for a in found}, {a.timesteps for a in found}) == ({4, 8}, {2, 4, 8})
    assert {a.placement for a in found} == {(1, 3), (2, 3)}


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("evaluated", [3, 17])
def test_an_interrupted_search_of_sizes_goes_on_to_the_same_result(synthetic, tmp_path, strategy, evaluated):
    left = iter(range(evaluated))

    def until(architecture):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return synthetic.evaluate(architecture)

    with pytest.raises(KeyboardInterrupt):
        searched(synthetic, tmp_path / "stopped", strategy, until)
    assert searched(synthetic, tmp_path / "stopped", strategy) == searched(synthetic, tmp_path / "whole", strategy)


def test_the_walk_of_sizes_judges_all_of_them_and_the_study_names_them(synthetic, tmp_path):
    def judge(first):
        return [synthetic.evaluate(architecture) for architecture in members(SPACE, first)]

    asked = settings("walk")
    result = run_walk(SPACE, judge, synthetic.study_in(tmp_path, asked, SPACE), asked)
    assert {record.genotype for record in result.records} == set(map(str, SPACE))
    assert len(subtrees(SPACE)) == 2 * 2 * 2 * 2
    assert result.winner.fitness == max(record.fitness for record in result.records if record.feasible)
    again = run_walk(SPACE, None, synthetic.study_in(tmp_path, asked, SPACE), asked)  # nothing is judged again
    assert again == result
    with closing(sqlite3.connect(tmp_path / "study.db")) as database:
        names = dict(database.execute("select param_name, count(*) from trial_params group by param_name"))
    assert names == dict.fromkeys(["width", "pools", "TBD1", "TBD2", "TBD3", "TBD4", "TBD5", "timesteps"], SPACE.size)
