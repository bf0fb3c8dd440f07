"""What is known of candidates' accuracies with their final weights, in the study beside the trials that judged them.

A trial keeps what the search judged; how accurate its network is once it is trained on is known later, and more so with every
finalist. So it stands in attributes of the trials, which are written over: to sort by in optuna-dashboard, and for `front`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autosnn_hw.search.database.storage import engine_options, existing, loaded, readable, told, with_secrets
from autosnn_hw.search.database.study import NAME
from autosnn_hw.search.database.trial_rows import finished_attributes, set_attributes
from autosnn_hw.search.ranking.final_accuracy import AccuracyEstimate

ATTRIBUTES = ("accuracy_source", "final_accuracy", "final_accuracy_deviation")  # of a trial
PREFIX = "final:"  # of the study's attributes that say the same where the rows of trials are not known


def store_accuracies(
    known: Mapping[str, AccuracyEstimate],
    storage: str | Path,
    *,
    name: str = NAME,
    beside: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Say of stored candidates what their accuracy is, all in one transaction, in the place of what was said before.

    Args:
        known: by genotype.
        beside: further attributes of some of them, by genotype: at which rung they were measured.

    Raises:
        InputError: there is no such study. RunError: it cannot be written.
    """
    url = existing(storage)
    said = {
        genotype: dict(zip(ATTRIBUTES, (estimate.source, estimate.accuracy, estimate.deviation)))
        | dict((beside or {}).get(genotype, {}))
        for genotype, estimate in known.items()
    }
    with told(url), readable(url):
        study = loaded(url, name)
        if not set_attributes(study, said, with_secrets(url), engine_options(url), key="genotype"):
            for genotype, values in said.items():
                study.set_user_attr(PREFIX + genotype, values)


def read_accuracies(storage: str | Path, *, name: str = NAME) -> dict[str, AccuracyEstimate]:
    """By genotype; empty where no network was made with its final weights yet.

    Raises:
        InputError: there is no such study.
    """
    url = existing(storage)
    with told(url), readable(url):
        study = loaded(url, name)
        rows = finished_attributes(with_secrets(url), engine_options(url), name, ("genotype", *ATTRIBUTES))
        if rows is None:
            found = [
                (key.removeprefix(PREFIX), value) for key, value in study.user_attrs.items() if key.startswith(PREFIX)
            ]
            rows = [{"genotype": genotype, **values} for genotype, values in found]
        return {
            row["genotype"]: AccuracyEstimate(
                row["final_accuracy"], row.get("final_accuracy_deviation"), row["accuracy_source"]
            )
            for row in rows
            if "genotype" in row and "accuracy_source" in row
        }
