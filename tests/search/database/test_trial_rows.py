"""Trials inserted together are the trials that Optuna would have written one by one."""

import sqlite3
from contextlib import closing

import optuna
import pytest

from autosnn_hw.search.candidate import CandidateRecord
from autosnn_hw.search.database import trial_rows
from autosnn_hw.search.database.study import NAME
from autosnn_hw.search.settings import SearchSettings

SETTINGS = SearchSettings()
VIOLATION = {"layer": "TBD1.a", "resource": "axons", "needed": 300, "limit": 256, "source": "x", "remedies": ["y"]}


def entries(synthetic, count=7):
    """Candidates with and without a price, with one and several constraints."""
    found = []
    for index in range(count):
        architecture = synthetic.SPACE.at(411 * index)
        record = synthetic.evaluate(architecture)
        if index == 3:
            record = CandidateRecord(str(architecture), violations=(VIOLATION,))
        cost = None if record.energy is None else record.energy.value
        found.append((architecture, record, cost, {"fits": -1.0, **({"max_cores": 0.5} if index % 2 else {})}))
    return found


def trials(folder):
    return optuna.load_study(study_name=NAME, storage=f"sqlite:///{folder / 'study.db'}").get_trials()


def figures(trial):
    times = trial.datetime_start is not None, trial.datetime_complete is not None
    return (
        *(trial.number, trial.state, trial.values, trial.params, trial.distributions),
        *(trial.user_attrs, trial.system_attrs, trial.constraints, times),
    )


def test_rows_equal_those_that_optuna_writes(synthetic, tmp_path):
    together, alone = (synthetic.study_in(tmp_path / name, SETTINGS) for name in ("together", "alone"))
    found = entries(synthetic)
    together.add_all(found[:2])
    together.add_all(found)
    for architecture, record, cost, constraints in found:
        alone.add(architecture, record, modelled_cost=cost, constraints=constraints)
    assert list(map(figures, trials(tmp_path / "together"))) == list(map(figures, trials(tmp_path / "alone")))
    assert together.records == alone.records
    assert list(synthetic.study_in(tmp_path / "together", SETTINGS).records) == [r.genotype for _, r, _, _ in found]


def test_both_ways_may_take_turns(synthetic, tmp_path):
    study, found = synthetic.study_in(tmp_path, SETTINGS), entries(synthetic)
    study.add(*found[0][:2], modelled_cost=found[0][2], constraints=found[0][3])
    study.add_all(found[1:5])
    study.add(*found[5][:2], modelled_cost=found[5][2], constraints=found[5][3])
    assert [trial.number for trial in trials(tmp_path)] == list(range(6))


def test_all_or_none_are_there(synthetic, tmp_path, monkeypatch):
    study, found = synthetic.study_in(tmp_path, SETTINGS), entries(synthetic)
    study.add_all(found[:1])
    rows = trial_rows._rows

    def failing(trial):
        if trial.user_attrs["genotype"] == found[4][1].genotype:
            raise KeyboardInterrupt
        return rows(trial)

    monkeypatch.setattr(trial_rows, "_rows", failing)
    with pytest.raises(KeyboardInterrupt):
        study.add_all(found)
    assert len(trials(tmp_path)) == 1
    with closing(sqlite3.connect(tmp_path / "study.db")) as database:
        (parameters,) = database.execute("select count(*) from trial_params").fetchone()
    assert parameters == synthetic.SPACE.slots


def test_another_schema_is_left_to_optuna(synthetic, tmp_path, monkeypatch):
    monkeypatch.setattr(trial_rows, "SCHEMA", "another")
    study, found = synthetic.study_in(tmp_path, SETTINGS), entries(synthetic)
    study.add_all(found)
    assert [trial.user_attrs["genotype"] for trial in trials(tmp_path)] == [r.genotype for _, r, _, _ in found]
    assert list(synthetic.study_in(tmp_path, SETTINGS).records.values()) == [r for _, r, _, _ in found]
