"""What a person sees first who opens a study in optuna-dashboard: which trial won, and what the two values are.

It stands in the attributes `winner` and `cost` of the study, in `winner` of the trial, and in the notes that the dashboard shows of a study and of a trial. Their keys are the dashboard's own (0.21), written here without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosnn_hw.search.database.storage import engine_options, existing, loaded, readable, told, with_secrets
from autosnn_hw.search.database.trial_rows import set_attributes

NOTE_PART = 2045  # characters of one attribute of a note, as the dashboard cuts them


def tell_winner(storage: str | Path, name: str, *, genotype: str, found: str, cost: str, judged: str) -> None:
    """Write what won into a finished search's study; what an earlier end of the same run wrote is replaced.

    Args:
        storage, name: of the study.
        genotype: of the winner, a published architecture that is no candidate included.
        found: what the winner was measured to be, a sentence.
        cost: what the second value of a trial is, with its unit.
        judged: what the first value of a trial is.

    Raises:
        InputError: there is no such study. RunError: it cannot be written.
    """
    url = existing(storage)
    with told(url), readable(url):
        study = loaded(url, name)
        trials = [trial for trial in study.get_trials(deepcopy=False) if trial.user_attrs.get("genotype") == genotype]
        number = trials[0].number if trials else None
        set_attributes(study, {genotype: {"winner": True}}, with_secrets(url), engine_options(url), key="genotype")
        study.set_user_attr("winner", {"genotype": genotype, "trial": number})
        study.set_user_attr("cost", cost)
        place = f"trial {number}" if trials else "no trial of this study"
        _note(study, None, f"**Winner: {place}**, {genotype}. {found}\n\n{_values(cost, judged)}")
        for trial in trials[:1]:
            _note(study, trial._trial_id, f"**Winner of the search.** {found}\n")


def tell_values(storage: str | Path, name: str, *, what: str, cost: str, judged: str) -> None:
    """Write into a study that has no winner of its own what it is, and what the two values of its trials are.

    Args:
        what: a sentence; others as in `tell_winner`.

    Raises:
        InputError: there is no such study. RunError: it cannot be written.
    """
    url = existing(storage)
    with told(url), readable(url):
        study = loaded(url, name)
        study.set_user_attr("cost", cost)
        _note(study, None, f"{what}\n\n{_values(cost, judged)}")


def _values(cost: str, judged: str) -> str:
    return f"accuracy: {judged}\n\ncost: {cost}\n"


def _note(study: Any, trial: int | None, text: str) -> None:
    """A note of the study, or of a trial by its id in the database."""
    place = "dashboard:" if trial is None else f"dashboard:{trial}:"
    known: Mapping[str, Any] = study._storage.get_study_system_attrs(study._study_id)
    parts = [text[at : at + NOTE_PART] for at in range(0, len(text), NOTE_PART)]
    old = [key for key in known if key.startswith(f"{place}note_str:")]
    new = {f"{place}note_ver": known.get(f"{place}note_ver", 0) + 1}
    new |= dict.fromkeys(old, "") | {f"{place}note_str:{index}": part for index, part in enumerate(parts)}
    for key, value in new.items():
        study._storage.set_study_system_attr(study._study_id, key, value)
