"""What a finished run writes into its studies, for people who open them in optuna-dashboard."""

import optuna
import pytest
from optuna_dashboard import get_note
from support.searches import synthetic_search as synthetic

from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.database.study import NAME, CandidateStudy
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.stages.searching import BEST_OF_RANDOM, RANDOM_STUDY, mark_winner

SETTINGS = SearchSettings(population=3, generations=1, reference=2, measure=0)


@pytest.mark.parametrize("baselines", [True, False])
def test_the_winner_and_the_units_of_both_studies(tmp_path, baselines):
    folder = RunFolder.create(tmp_path / "run")
    found = {}
    for name in (NAME, RANDOM_STUDY)[: 1 + baselines]:
        study = CandidateStudy(folder / "study.db", synthetic.SPACE, SETTINGS.identity(synthetic.SPACE), name=name)
        found[name] = run_search(synthetic.SPACE, synthetic.evaluate, study, SETTINGS).winner.genotype
    winner = {"architecture": found[NAME], "accuracy": {"exact_test": 0.9}, "energy": {"total": {"value": 2e-6}}}
    drawn = [{"name": BEST_OF_RANDOM, "architecture": found.get(RANDOM_STUDY)}] if baselines else []
    mark_winner(
        folder,
        {"winner": winner, "objective": "energy", "target": "loihi2", "validation_samples": 20, "baselines": drawn},
    )
    storage = f"sqlite:///{folder / 'study.db'}"
    study = optuna.load_study(study_name=NAME, storage=storage)
    (marked,) = [trial for trial in study.trials if trial.user_attrs.get("winner")]
    assert marked.user_attrs["genotype"] == found[NAME] and "in J, modelled" in get_note(study)
    assert sorted(optuna.get_all_study_names(storage)) == sorted(found)
    if baselines:
        random = optuna.load_study(study_name=RANDOM_STUDY, storage=storage)
        assert found[RANDOM_STUDY] in get_note(random) and "in J, modelled" in random.user_attrs["cost"]
        assert not any(trial.user_attrs.get("winner") for trial in random.trials)
