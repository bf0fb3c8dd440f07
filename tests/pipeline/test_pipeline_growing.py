"""A run that has not learnt, or not enough, goes on with more epochs by the command that it prints."""

import re
import shlex

import pytest
from click.testing import CliRunner

from autosnn_hw import pipeline
from autosnn_hw.commands.search import command
from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.run_folder import read_json
from autosnn_hw.search.database.study import read_records

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def tiny():
    """Digits by networks so small that one epoch teaches nothing."""
    return SearchConfig(
        width=4, timesteps=2, epochs=1, batch=96, learning_rate=1e-2, strategy="evolution", generations=1, pool=3,
        mean_cost_samples=2, measure=0, finalists=2, retrain_epochs=1, finetune_epochs=1, baselines=False, workers=1,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_that_a_run_without_success_prints_goes_on_with_it(tiny, tmp_path):
    run = tmp_path / "a run"
    with pytest.raises(RunError, match="has not learnt") as stopped:
        pipeline.search(tiny, run)
    with pytest.raises(RunError, match="has not learnt"):  # and says so again
        pipeline.resume(run)
    said = re.search(r"Go on with: autosnn-hw search (--resume .* --epochs \d+)$", str(stopped.value))
    arguments = shlex.split(said[1])
    assert arguments[1] == str(run) and int(arguments[3]) > 1
    done = CliRunner().invoke(command, [*arguments[:3], "24", "--quiet"])
    assert done.exception is None, done.output
    summary = read_json(run / "summary.json")
    assert summary["supernet"]["epochs"] == 24 and len(summary["supernet"]["losses"]) == 24
    assert SearchConfig(**{**tiny.model_dump(), "epochs": 24}).to_toml() == (run / "config.toml").read_text()


@pytest.mark.slow
def test_a_finished_run_is_searched_anew_by_the_longer_trained_super_network(tiny, tmp_path):
    config = tiny.with_changes(epochs=6, learning_rate=1e-2, batch=32)
    run = tmp_path / "run"
    first = pipeline.search(config, run)
    records = read_records(run / "study.db")
    second = pipeline.resume(run, epochs=9)
    assert second["supernet"]["losses"][:6] == first["supernet"]["losses"] and second["supernet"]["epochs"] == 9
    assert read_records(run / "epochs-6" / "study.db") == records
    assert read_json(run / "epochs-6" / "summary.json") == first
    old = {path.name for path in (run / "epochs-6" / "networks").glob("*.json")}
    assert old and {path.name for path in (run / "networks").glob("*.json")}
    by_genotype = {record.genotype: record for record in records}
    shared = [record for record in read_records(run / "study.db") if record.genotype in by_genotype]
    assert shared and any(record.accuracy != by_genotype[record.genotype].accuracy for record in shared)
    assert pipeline.resume(run)["winner"] == second["winner"]
    with pytest.raises(InputError, match="--epochs 8: .* has 9 already"):
        pipeline.resume(run, epochs=8)
    taken = pipeline.search(config.with_changes(supernet=str(run)), tmp_path / "taken")
    assert taken["supernet"]["from"] == str(run)
    with pytest.raises(InputError, match="is that of"):
        pipeline.resume(tmp_path / "taken", epochs=20)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "asked", "references"), [({"budget": 8}, 12, 2), ({"generations": 2}, 15, 4)])
def test_a_search_goes_on_to_a_larger_budget_with_the_mean_cost_that_it_had(tiny, tmp_path, first, asked, references):
    config = tiny.with_changes(epochs=6, learning_rate=1e-2, batch=32, baselines=True, mean_cost_samples=4, **first)
    run = tmp_path / "run"
    before = pipeline.search(config, run)
    records = {record.genotype: record for record in read_records(run / "study.db")}
    text = (run / "config.toml").read_text()
    with pytest.raises(InputError, match=r"--budget \d+: .* or more is needed"):
        pipeline.resume(run, budget=before["evaluated"] - 1)
    assert (run / "config.toml").read_text() == text and pipeline.resume(run)["winner"] == before["winner"]
    done = CliRunner().invoke(command, ["--resume", str(run), "--budget", str(asked), "--quiet"])
    assert done.exception is None, done.output
    after = read_json(run / "summary.json")
    assert after["evaluated"] == asked and after["mean_cost"] == before["mean_cost"]
    now = {record.genotype: record for record in read_records(run / "study.db")}
    assert len(now) == asked and all(now[name].fitness == record.fitness for name, record in records.items())
    assert pipeline.resume(run)["winner"] == after["winner"]
