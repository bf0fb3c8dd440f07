"""Which strategy a search takes and what it says of that, and what a finished run writes into its studies, for people who open
them in optuna-dashboard."""

import optuna
import pytest
from optuna_dashboard import get_note
from support.searches import synthetic_search as synthetic

from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.database.study import NAME, CandidateStudy
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.stages import manifest
from autosnn_hw.stages.searching import BEST_OF_RANDOM, RANDOM_STUDY, cost_of_walk, mark_winner, resolved, settings

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


@pytest.mark.parametrize("target", ["loihi2", "truenorth"])
@pytest.mark.parametrize("strategy", ["auto", "walk", "evolution", "nsga2", "random"])
def test_every_strategy_says_what_a_walk_takes_and_which_one_runs(config, target, strategy):
    asked = config.with_changes(target=target, strategy=strategy, epochs=1000)  # a walk is nothing beside so many
    prepared = manifest.prepare(asked)
    taken, sentence = resolved(asked, prepared)
    assert taken.strategy == (strategy if strategy != "auto" else "walk" if target == "loihi2" else "evolution")
    assert taken == asked.with_changes(strategy=taken.strategy)
    cost = cost_of_walk(asked, prepared)
    assert sentence.startswith(cost.sentence(1)) and f"{prepared.space.size:,} architectures" in sentence
    assert f"{cost.passes:,} block passes" in sentence and "about " in sentence
    judged = settings(asked).total  # fewer than the space has
    end = (
        ": strategy walk."
        if taken.strategy == "walk"
        else f"; strategy {taken.strategy}, which judges {judged} of them."
    )
    assert sentence.endswith(end)
