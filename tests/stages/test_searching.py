"""Which strategy a search takes and what it says of that, and what a finished run writes into its studies, for people who open
them in optuna-dashboard."""

import shlex
from pathlib import Path

import optuna
import pytest
from optuna_dashboard import get_note
from support.searches import synthetic_search as synthetic

from autosnn_hw import cli, pipeline
from autosnn_hw.report import search_tables
from autosnn_hw.run_folder import RunFolder
from autosnn_hw.search.database.study import NAME, CandidateStudy
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings
from autosnn_hw.stages import manifest
from autosnn_hw.stages.searching import BEST_OF_RANDOM, RANDOM_STUDY, cost_of_walk, mark_winner, resolved, settings
from autosnn_hw.training.weight_sharing.supernet_trainer import warm_up_epochs

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


def test_the_documented_command_asks_for_the_search_of_the_paper(monkeypatch):
    """400 architectures in 20 rounds, none beside them, by the numbers of the authors' code."""
    asked = []
    monkeypatch.setattr(pipeline, "search", lambda config, *_: asked.append(config) or {})
    monkeypatch.setattr(search_tables, "verdict_text", lambda _: "")
    page = (Path(__file__).parents[2] / "docs" / "search.md").read_text()
    (line,) = [line for line in page.splitlines() if line.startswith("autosnn-hw search --dataset cifar10")]
    cli.group.main(shlex.split(line)[1:], standalone_mode=False)
    (config,) = asked
    chosen = settings(config)
    assert (chosen.total, chosen.population, chosen.generations, chosen.references) == (400, 20, 20, 0)
    assert (chosen.strategy, chosen.objective, chosen.exponent, chosen.measure) == ("evolution", "spikes", -0.08, 0)
    assert (config.epochs, config.sampling, config.sharing, config.batch) == (600, "single", "separate", 96)
    assert (config.learning_rate, config.rate_decay, config.augment) == (1e-3, "constant", "crop-flip")
    assert (config.retrain, config.retrain_epochs, config.finetune_epochs) == ("scratch", 600, 0)
    assert (config.width, config.timesteps, config.space) == (16, 8, "SNN_1")
    assert config.warm_up is None and warm_up_epochs(config.epochs, strict=False) == 0
