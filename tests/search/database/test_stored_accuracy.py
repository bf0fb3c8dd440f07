"""What is known of accuracies with final weights stands in the study, is written over as more is known, and changes no trial's verdict."""

import optuna
import pytest

from autosnn_hw.errors import InputError
from autosnn_hw.search.database import trial_rows
from autosnn_hw.search.database.stored_accuracy import read_accuracies, store_accuracies
from autosnn_hw.search.database.study import NAME, read_records
from autosnn_hw.search.ranking.final_accuracy import AccuracyEstimate
from autosnn_hw.search.settings import SearchSettings

SETTINGS = SearchSettings()


@pytest.fixture
def names(synthetic, tmp_path):
    study = synthetic.study_in(tmp_path, SETTINGS)
    architectures = [synthetic.SPACE.at(411 * index) for index in range(6)]
    records = [synthetic.evaluate(architecture) for architecture in architectures]
    study.add_all([(a, r, r.energy.value, {"fits": -1.0}) for a, r in zip(architectures, records)])
    return [record.genotype for record in records]


def known(names, shift=0.0):
    sources = ("measured", "corrected", "inherited")
    return {
        name: AccuracyEstimate(0.5 + shift + index / 100, None if index % 3 == 2 else 0.01 * index, sources[index % 3])
        for index, name in enumerate(names)
    }


@pytest.mark.parametrize("schema", [trial_rows.SCHEMA, "one that is not known"])
def test_what_was_stored_is_read_and_later_knowledge_stands_in_its_place(names, tmp_path, monkeypatch, schema):
    monkeypatch.setattr(trial_rows, "SCHEMA", schema)
    file = tmp_path / "study.db"
    before = read_records(file)
    assert read_accuracies(file) == {}
    store_accuracies({**known(names[:4]), "no candidate": AccuracyEstimate(1.0, None, "measured")}, file)
    assert {name: value for name, value in read_accuracies(file).items() if name in names} == known(names[:4])
    store_accuracies(known(names, shift=0.1), file)
    assert {name: value for name, value in read_accuracies(file).items() if name in names} == known(names, shift=0.1)
    assert read_records(file) == before


def test_trials_can_be_sorted_by_it_in_optuna(names, tmp_path):
    store_accuracies(known(names), tmp_path / "study.db")
    trials = optuna.load_study(study_name=NAME, storage=f"sqlite:///{tmp_path / 'study.db'}").get_trials()
    assert [trial.user_attrs["final_accuracy"] for trial in trials] == [e.accuracy for e in known(names).values()]
    assert [trial.user_attrs["accuracy_source"] for trial in trials] == [e.source for e in known(names).values()]
    assert [trial.user_attrs["genotype"] for trial in trials] == names


def test_of_two_studies_in_one_database_only_the_one_asked_for_is_told(synthetic, names, tmp_path):
    from autosnn_hw.search.database.study import CandidateStudy

    other = CandidateStudy(tmp_path / "study.db", synthetic.SPACE, SETTINGS.identity(synthetic.SPACE), name="other")
    architecture = synthetic.SPACE.at(0)
    record = synthetic.evaluate(architecture)
    other.add(architecture, record, modelled_cost=record.energy.value, constraints={"fits": -1.0})
    store_accuracies(known(names), tmp_path / "study.db")
    assert read_accuracies(tmp_path / "study.db", name="other") == {}


def test_a_study_that_is_not_there_is_one_sentence(tmp_path):
    for call in (lambda: read_accuracies(tmp_path / "none.db"), lambda: store_accuracies({}, tmp_path / "none.db")):
        with pytest.raises(InputError, match="none.db was not found"):
            call()
