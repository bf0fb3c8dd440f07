"""What optuna-dashboard shows of a finished search, read by its own functions."""

import optuna
import pytest
from optuna_dashboard import get_note
from optuna_dashboard._note import get_note_from_system_attrs

from autosnn_hw.errors import InputError
from autosnn_hw.search.database.study import NAME
from autosnn_hw.search.database.study_notes import NOTE_PART, tell_values, tell_winner
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings

SETTINGS = SearchSettings(population=6, generations=2, reference=4, measure=0)
WORDS = {"cost": "energy an inference, in J, modelled", "judged": "of the integer network"}


@pytest.fixture(scope="module")
def searched(synthetic, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notes")
    found = run_search(synthetic.SPACE, synthetic.evaluate, synthetic.study_in(folder, SETTINGS), SETTINGS)
    return folder / "study.db", found.winner.genotype


def load(path):
    return optuna.load_study(study_name=NAME, storage=f"sqlite:///{path}")


def test_the_winner_is_marked_and_the_cost_has_its_unit(searched):
    path, winner = searched
    tell_winner(path, NAME, genotype=winner, found="90.0 % right.", **WORDS)
    study = load(path)
    number = study.user_attrs["winner"]["trial"]
    assert study.trials[number].user_attrs["genotype"] == winner == study.user_attrs["winner"]["genotype"]
    assert [t.number for t in study.trials if t.user_attrs.get("winner")] == [number]
    note = get_note(study)
    assert f"trial {number}" in note and winner in note and "90.0 % right." in note
    assert "cost: energy an inference, in J, modelled" in note and study.user_attrs["cost"] == WORDS["cost"]
    attributes = study._storage.get_study_system_attrs(study._study_id)
    noted = [t.number for t in study.trials if get_note_from_system_attrs(attributes, t._trial_id)["body"]]
    assert noted == [number]


def test_a_longer_and_then_a_shorter_note_replace_it(searched):
    path, winner = searched
    for found in ("long " * NOTE_PART, "short."):
        tell_winner(path, NAME, genotype=winner, found=found, **WORDS)
        assert found in get_note(load(path))
    assert "long" not in get_note(load(path))


def test_a_winner_that_is_no_candidate_is_named(searched):
    path, _ = searched
    tell_winner(path, NAME, genotype="AutoSNN", found="90.0 % right.", **WORDS)
    study = load(path)
    assert study.user_attrs["winner"] == {"genotype": "AutoSNN", "trial": None} and "no trial" in get_note(study)


def test_a_study_that_is_not_there_is_an_error(searched):
    with pytest.raises(InputError, match="holds no study"):
        tell_winner(searched[0], "another", genotype="a", found="b", **WORDS)


def test_a_timeline_shows_generations_one_after_the_other(searched):
    trials = load(searched[0]).trials
    assert all(trial.datetime_start < trial.datetime_complete for trial in trials)
    for before, after in zip(trials, trials[1:]):
        same = before.user_attrs["generation"] == after.user_attrs["generation"]
        assert (
            before.datetime_start == after.datetime_start if same else after.datetime_start >= before.datetime_complete
        )


def test_a_study_without_a_winner_says_what_it_is_and_its_values(synthetic, tmp_path):
    run_search(synthetic.SPACE, synthetic.evaluate, synthetic.study_in(tmp_path, SETTINGS), SETTINGS)
    tell_values(tmp_path / "study.db", NAME, what="Random architectures.", **WORDS)
    study = load(tmp_path / "study.db")
    note = get_note(study)
    assert note.startswith("Random architectures.") and "cost: energy an inference, in J" in note
    assert study.user_attrs["cost"] == WORDS["cost"] and "winner" not in study.user_attrs
    assert all(trial.datetime_start <= trial.datetime_complete for trial in study.trials)  # a timeline has them all
