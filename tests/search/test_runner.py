"""The whole search on a known function: same result with any number of workers and after any interruption."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autosnn_hw.errors import DoesNotFitError, InputError, RunError, SpikesDifferError
from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.ranking.fitness import Constraints
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings

SMALL = SearchSettings(population=6, generations=3, reference=5, measure=2)
TINY = SearchSettings(population=4, generations=2, reference=3, measure=1)


def search(synthetic, folder, settings=SMALL, *, evaluate=None, **options):
    study = synthetic.study_in(folder, settings)
    options.setdefault("measure", synthetic.measured)
    return run_search(synthetic.SPACE, evaluate or synthetic.evaluate, study, settings, **options)


@pytest.fixture(scope="module")
def whole(synthetic, tmp_path_factory):
    """The uninterrupted search."""
    return search(synthetic, tmp_path_factory.mktemp("whole"))


class Counting:
    """Counts evaluations a genotype; stops like Ctrl-C or a crash at the n-th."""

    def __init__(self, evaluate, stop_at=None, error=KeyboardInterrupt):
        self.evaluate, self.stop_at, self.error, self.calls = evaluate, stop_at, error, []

    def __call__(self, architecture):
        if self.stop_at is not None and len(self.calls) >= self.stop_at:
            raise self.error
        self.calls.append(str(architecture))
        return self.evaluate(architecture)


def test_a_search_evaluates_its_budget_once_each_and_measures_the_best(synthetic, tmp_path):
    counting = Counting(synthetic.evaluate)
    result = search(synthetic, tmp_path, evaluate=counting)
    assert len(result.records) == len(counting.calls) == len(set(counting.calls)) == SMALL.total == 5 + 3 * 6
    assert [r.generation for r in result.records] == [-1] * 5 + [0] * 6 + [1] * 6 + [2] * 6
    assert len(result.measurements) == 3 * 2
    assert result.winner.genotype in result.measurements
    assert result.winner.source == "measured"
    assert result.winner.fitness == max(r.fitness for r in result.records if r.feasible)
    assert result.feedback["kendall_tau_after"] == pytest.approx(1.0)
    assert result.feedback["relative_error_after"] == 0.0
    assert result.feedback["relative_error_before"] > 0.0
    best = [value for _, value in result.best_by_generation]
    assert best == sorted(best) and len(best) == 3


def test_nothing_infeasible_wins_or_is_measured(synthetic, tmp_path):
    energy = synthetic.evaluate(synthetic.SPACE.at(1000)).energy.value
    settings = replace(SMALL, constraints=Constraints(max_energy=energy, max_cores=14))
    result = search(synthetic, tmp_path, settings)
    assert result.infeasible > 0
    for name in [result.winner.genotype, *result.measurements, *(r.genotype for r in result.ranking)]:
        record = next(r for r in result.records if r.genotype == name)
        assert record.feasible and record.energy.value <= energy and record.cores <= 14


def test_a_limit_nobody_keeps_names_the_nearest(synthetic, tmp_path):
    with pytest.raises(
        DoesNotFitError,
        match=r"none of 11 candidates keeps every limit; nearest is .* over max_energy; those that fit the target take .*J to .*J \(energy\)",
    ):
        search(synthetic, tmp_path, replace(TINY, constraints=Constraints(max_energy=1e-9)))


def test_what_cannot_be_priced_is_recorded_and_never_wins(synthetic, tmp_path):
    def evaluate(architecture):
        if "SRB_k5" in architecture.blocks:
            violation = {
                "layer": "TBD1.a",
                "resource": "axons",
                "needed": 300,
                "limit": 256,
                "source": "test",
                "remedies": [],
            }
            return CandidateRecord(str(architecture), violations=(violation,))
        return synthetic.evaluate(architecture)

    result = search(synthetic, tmp_path, evaluate=evaluate)
    assert "SRB_k5" not in result.winner.genotype
    assert result.infeasible == sum("SRB_k5" in r.genotype for r in result.records) > 0


def test_the_budget_is_candidates_those_of_the_mean_cost_included(synthetic, tmp_path):
    assert len(search(synthetic, tmp_path, replace(TINY, budget=9)).records) == 9
    assert len(search(synthetic, tmp_path / "given", replace(TINY, mean_cost=1e-5)).records) == 8
    none = search(synthetic, tmp_path / "none", replace(TINY, reference=0))
    assert none.mean_cost == pytest.approx(sum(r.fitness_energy.value for r in none.records[:4]) / 4)


def test_the_mean_cost_changes_no_choice(synthetic, tmp_path):
    base = search(synthetic, tmp_path / "a", replace(TINY, generations=3, mean_cost=1e-5))
    other = search(synthetic, tmp_path / "b", replace(TINY, generations=3, mean_cost=1e3))
    assert [r.genotype for r in base.records] == [r.genotype for r in other.records]
    assert [r.genotype for r in base.ranking] == [r.genotype for r in other.ranking]


@pytest.mark.parametrize("stop_at", [0, 5, 8, 22])
def test_resuming_after_an_interruption_equals_an_uninterrupted_search(synthetic, whole, tmp_path, stop_at):
    first = Counting(synthetic.evaluate, stop_at)
    with pytest.raises(KeyboardInterrupt):
        search(synthetic, tmp_path / "cut", evaluate=first)
    second = Counting(synthetic.evaluate)
    resumed = search(synthetic, tmp_path / "cut", evaluate=second)
    assert resumed == whole
    assert sorted(first.calls + second.calls) == sorted(r.genotype for r in whole.records)


def test_resuming_after_the_measurement_broke_measures_only_what_is_missing(synthetic, whole, tmp_path):
    measured = []

    def failing(architectures, generation):
        for index, measurement in enumerate(synthetic.measured(architectures, generation)):
            if generation == 1 and index == 1:
                raise RunError("Lava died")
            measured.append(measurement.genotype)
            yield measurement

    def counted(architectures, generation):
        for measurement in synthetic.measured(architectures, generation):
            measured.append(measurement.genotype)
            yield measurement

    with pytest.raises(RunError, match="Lava died"):
        search(synthetic, tmp_path / "cut", measure=failing)
    resumed = search(synthetic, tmp_path / "cut", measure=counted)
    assert resumed == whole
    assert sorted(measured) == sorted(resumed.measurements)


def test_more_generations_can_be_added_to_a_finished_search(synthetic, whole, tmp_path):
    search(synthetic, tmp_path, replace(SMALL, generations=2))
    counting = Counting(synthetic.evaluate)
    assert search(synthetic, tmp_path, evaluate=counting) == whole
    assert len(counting.calls) == 6


def test_a_study_of_another_search_is_refused(synthetic, tmp_path):
    search(synthetic, tmp_path, TINY)
    with pytest.raises(InputError, match="begun with seed = 0, not 1"):
        search(synthetic, tmp_path, replace(TINY, seed=1))


def test_spikes_that_differ_in_a_simulator_stop_the_search_and_keep_what_is_known(synthetic, tmp_path):
    def wrong(architectures, generation):
        return synthetic.measured(architectures, generation, ratio=1.001)

    with pytest.raises(SpikesDifferError, match="lava counted .* spikes per inference where the exact simulator"):
        search(synthetic, tmp_path, measure=wrong)
    assert len(synthetic.study_in(tmp_path, SMALL).records) == 11


def test_a_boards_measurements_move_the_choice(synthetic, tmp_path):
    """On a board where kernels of five cost three times what the model says, fewer of them are in the winner."""

    def cost(record):
        return 1 + 2 * record.genotype.count("k5") / 5

    def board(architectures, generation):
        return synthetic.measured(architectures, generation, ratio=cost, kind="silicon")

    settings = replace(SMALL, population=8, exponent=-0.3)
    with_board = search(synthetic, tmp_path / "board", settings, measure=board)
    without = search(synthetic, tmp_path / "model", settings, measure=None)
    assert with_board.winner.genotype.count("k5") < without.winner.genotype.count("k5")
    assert {r.source for r in with_board.records} == {"measured", "corrected"}
    assert {r.source for r in without.records} == {"modelled"}
    assert with_board.feedback["informative"]


def test_two_workers_give_the_numbers_of_one(synthetic, whole, tmp_path):
    assert search(synthetic, tmp_path, workers=2) == whole


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from support.searches import synthetic_search as synthetic
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings

def say(progress):
    print(progress.stage, progress.evaluated, flush=True)

if __name__ == "__main__":
    settings = SearchSettings(population=6, generations=3, reference=5, measure=2)
    study = synthetic.study_in(Path(sys.argv[1]), settings)
    run_search(synthetic.SPACE, synthetic.slowly, study, settings, measure=synthetic.measured, workers=2, progress=say)
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_search_leaves_no_process_and_goes_on_to_the_same_result(synthetic, whole, tmp_path, end):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(folder=str(Path(__file__).parents[1])))
    cut = tmp_path / "cut"
    process = subprocess.Popen([sys.executable, script, cut], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("evaluate 13"):
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    os.kill(process.pid, end)
    process.stdout.close()
    process.stderr.close()
    process.wait(20)
    deadline = time.time() + 10
    while (
        any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
        and time.time() < deadline
    ):
        time.sleep(0.05)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    stored = len(synthetic.study_in(cut, SMALL).records)
    assert stored >= 11
    counting = Counting(synthetic.evaluate)
    resumed = search(synthetic, cut, evaluate=counting)
    assert len(counting.calls) == SMALL.total - stored
    assert resumed == whole


def test_a_worker_that_dies_is_one_sentence(synthetic, tmp_path):
    with pytest.raises(RunError, match="an evaluation process died"):
        search(synthetic, tmp_path, evaluate=synthetic.dying, workers=2)
    with pytest.raises(InputError, match="--workers is 0"):
        search(synthetic, tmp_path, workers=0)


def test_settings_that_make_no_search_are_refused():
    for wrong, sentence in (
        ({"objective": "flops"}, "unknown objective"),
        ({"exponent": 0.1}, "--lambda is 0.1; 0 or less"),
        ({"population": 0}, "population is 0"),
        ({"budget": 1}, "--budget is 1"),
        ({"mean_cost": 0.0}, "mean cost is 0"),
    ):
        with pytest.raises(InputError, match=sentence):
            SearchSettings(**wrong)
