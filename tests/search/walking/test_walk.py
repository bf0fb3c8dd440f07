"""The walk of a known function's whole space: exact, the same with any number of workers and after any interruption."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from autosnn_hw.errors import DoesNotFitError
from autosnn_hw.pareto import pareto_front
from autosnn_hw.search.ranking.fitness import Constraints, fitness, mean_cost
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.search.space import search_space
from autosnn_hw.search.strategies.evolution import reference_architectures
from autosnn_hw.search.walking.walk import members, run_walk, subtrees

SETTINGS = SearchSettings(strategy="walk", generations=3, reference=5, measure=2)


def walk(synthetic, folder, settings=SETTINGS, *, judge=None, **options):
    study = synthetic.study_in(folder, settings, synthetic.WALKED)
    options.setdefault("measure", synthetic.measured)
    return run_walk(synthetic.WALKED, judge or synthetic.evaluate_subtree, study, settings, **options)


@pytest.fixture(scope="module")
def whole(synthetic, tmp_path_factory):
    """(result, folder) of the uninterrupted walk."""
    folder = tmp_path_factory.mktemp("whole")
    return walk(synthetic, folder), folder


def stored(synthetic, folder, settings=SETTINGS):
    return list(synthetic.study_in(folder, settings, synthetic.WALKED).records.values())


def test_subtrees_of_five_slots_of_five(synthetic):
    parts = subtrees(synthetic.SPACE)
    assert len(parts) == 25
    everyone = [architecture for first in parts for architecture in members(synthetic.SPACE, first)]
    assert len(everyone) == 3125 and set(everyone) == set(synthetic.SPACE)


def test_the_winner_is_the_best_of_the_whole_space(synthetic, whole):
    result, folder = whole
    assert len(result.records) == 243
    assert {record.genotype for record in result.records} == {str(architecture) for architecture in synthetic.WALKED}
    everyone = [synthetic.evaluate(architecture) for architecture in synthetic.WALKED]
    feasible = [record for record in everyone if not record.violations]
    best = max(feasible, key=lambda r: fitness(r.accuracy, r.energy.value, result.mean_cost))
    assert result.winner.genotype == best.genotype
    assert [record.fitness for record in result.ranking] == sorted((r.fitness for r in result.ranking), reverse=True)
    assert len(stored(synthetic, folder)) == 243


def test_the_mean_cost_is_that_of_the_other_strategies(synthetic, whole, tmp_path):
    references = reference_architectures(synthetic.WALKED, SETTINGS.seed, 5)
    assert whole[0].mean_cost == mean_cost(map(synthetic.evaluate, references), "energy")
    settings = replace(SETTINGS, strategy="evolution", population=3, generations=1)
    evolution = run_search(
        synthetic.WALKED, synthetic.evaluate, synthetic.study_in(tmp_path, settings, synthetic.WALKED), settings
    )
    assert evolution.mean_cost == whole[0].mean_cost
    known = {record.genotype: record.fitness for record in whole[0].records}
    assert all(known[record.genotype] == record.fitness for record in evolution.records)


def test_every_candidate_is_stored_with_its_fitness(synthetic, whole):
    final = {record.genotype: record for record in whole[0].records}
    for record in stored(synthetic, whole[1]):
        assert record.fitness == final[record.genotype].fitness
        assert record.feasible == final[record.genotype].feasible
    assert sum(record.generation == -1 for record in final.values()) == 5


def test_the_fittest_of_the_front_are_measured(synthetic, whole):
    result = whole[0]
    assert len(result.measurements) == SETTINGS.measure * SETTINGS.generations
    front = pareto_front([(record.accuracy, record.energy.value) for record in result.ranking])
    fittest = [result.ranking[index].genotype for index in sorted(front)][: len(result.measurements)]
    assert list(result.measurements) == fittest
    assert result.winner.source == "measured"


def test_measured_candidates_take_the_view_they_are_given(synthetic, tmp_path):
    result = walk(synthetic, tmp_path, view=lambda architecture: {"supernet_accuracy": 0.25})
    seen = {record.genotype for record in result.records if record.supernet_accuracy == 0.25}
    assert seen == set(result.measurements)


def test_the_number_of_workers_changes_nothing(synthetic, whole, tmp_path):
    assert walk(synthetic, tmp_path, workers=2).records == whole[0].records
    assert stored(synthetic, tmp_path) == stored(synthetic, whole[1])


@pytest.mark.slow
@pytest.mark.parametrize("calls", [0, 3, 6, 9])
def test_an_interrupted_walk_goes_on_to_the_same_result(synthetic, whole, tmp_path, calls):
    done = []

    def judge(first):
        if len(done) == calls:
            raise KeyboardInterrupt
        done.append(first)
        return synthetic.evaluate_subtree(first)

    with pytest.raises(KeyboardInterrupt):
        walk(synthetic, tmp_path, judge=judge)
    before = set(done)
    again = []

    def judge_again(first):
        again.append(first)
        return synthetic.evaluate_subtree(first)

    result = walk(synthetic, tmp_path, judge=judge_again)
    assert (result.records, result.measurements) == (whole[0].records, whole[0].measurements)
    assert stored(synthetic, tmp_path) == stored(synthetic, whole[1])
    # References are stored together; of the subtrees none that was stored is judged again.
    assert not {first for first in before if len(first) == 2} & set(again)
    assert walk(synthetic, tmp_path, judge=None).records == result.records


@pytest.mark.slow
def test_a_walk_that_is_killed_goes_on_to_the_same_result(synthetic, whole, tmp_path):
    script = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from support.searches import synthetic_search as s\n"
        "from autosnn_hw.search.walking.walk import run_walk\n"
        "from autosnn_hw.search.settings import SearchSettings\n"
        "settings = SearchSettings(strategy='walk', generations=3, reference=5, measure=2)\n"
        "def slow(first):\n"
        "    time.sleep(0.2)\n"
        "    return s.evaluate_subtree(first)\n"
        "run_walk(s.WALKED, slow, s.study_in(Path(sys.argv[2]), settings, s.WALKED), settings, measure=s.measured,\n"
        "         progress=lambda event: print(event.evaluated, flush=True))\n"
    )
    tests = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", script, tests, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(tests).parent)},
    )
    for line in process.stdout:
        if int(line) > 80:
            break
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 5 <= len(stored(synthetic, tmp_path)) < 243
    assert walk(synthetic, tmp_path).records == whole[0].records
    assert stored(synthetic, tmp_path) == stored(synthetic, whole[1])


def test_a_limit_nobody_keeps_is_said_after_all_are_judged(synthetic, tmp_path):
    settings = replace(SETTINGS, constraints=Constraints(max_energy=1e-12))
    with pytest.raises(DoesNotFitError, match="none of 243 candidates keeps every limit"):
        walk(synthetic, tmp_path, settings)


def test_a_grouped_space_is_walked_by_its_genes(synthetic):
    space = search_space(width=8, groups=[{"SRB_k3": (1, 2)}] * 5, blocks=("skip", "SRB_k3"))
    assert len({str(a) for first in subtrees(space) for a in members(space, first)}) == 243
