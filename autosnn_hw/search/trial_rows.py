"""Many finished trials into an Optuna study at once: one transaction, a thirtieth of the time of as many `add_trial`.

Optuna 5 adds a trial with some thirty queries of its own and a commit. Here the rows that it would have written are inserted
together, into the tables as the database describes them. `tests/search/test_trial_rows.py` holds both ways to the same rows; a
database whose schema is another one is served by Optuna itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

SCHEMA = "v3.2.0.a"  # revision of the tables that this file knows, Optuna 3.2 to 5.0
ATTRIBUTES = {"trial_user_attributes": "user_attrs", "trial_system_attributes": "system_attrs"}
TABLES = ("studies", "alembic_version", "trials", "trial_params", "trial_values", *ATTRIBUTES)


def add_finished(study: Any, trials: Sequence[Any], url: str, engine_options: dict[str, Any]) -> None:
    """Add finished trials with finite values to a study, all or, where this process is killed meanwhile, none.

    Args:
        study: the Optuna study.
        trials: `optuna.trial.FrozenTrial` each.
        url, engine_options: of the RDB that holds it, as `optuna.storages.RDBStorage` takes them.
    """
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, **engine_options)
    try:
        metadata = sqlalchemy.MetaData()
        metadata.reflect(engine, only=lambda name, _: name in TABLES)
        tables = metadata.tables
        with engine.begin() as connection:
            known = set(TABLES) <= set(tables) and SCHEMA in _revisions(connection, tables["alembic_version"])
            if known:
                _insert(connection, tables, study.study_name, trials)
    finally:
        engine.dispose()
    if not known:
        study.add_trials(trials)


def _revisions(connection: Any, table: Any) -> list[str]:
    return [str(row[0]) for row in connection.execute(table.select())]


def _insert(connection: Any, tables: Any, name: str, trials: Sequence[Any]) -> None:
    from sqlalchemy import func, select

    studies, table = tables["studies"], tables["trials"]
    # The row is locked, as Optuna locks it, so that no two writers count the same number.
    study = connection.execute(
        select(studies.c.study_id).where(studies.c.study_name == name).with_for_update()
    ).scalar_one()
    first = connection.execute(select(func.count()).where(table.c.study_id == study)).scalar_one()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES[3:]}
    for number, trial in enumerate(trials, first):
        values = {
            "number": number,
            "study_id": study,
            "state": trial.state.name,
            "datetime_start": trial.datetime_start,
            "datetime_complete": trial.datetime_complete,
        }
        (key,) = connection.execute(table.insert().values(values)).inserted_primary_key
        for kind, row in _rows(trial):
            rows[kind].append({"trial_id": key, **row})
    for kind, found in rows.items():
        if found:
            connection.execute(tables[kind].insert(), found)


def _rows(trial: Any) -> list[tuple[str, dict[str, Any]]]:
    """(table, row) of everything that belongs to a trial."""
    from optuna.distributions import distribution_to_json

    rows: list[tuple[str, dict[str, Any]]] = []
    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        row = {
            "param_value": distribution.to_internal_repr(value),
            "distribution_json": distribution_to_json(distribution),
        }
        rows.append(("trial_params", {"param_name": name, **row}))
    for index, value in enumerate(trial.values or ()):
        rows.append(("trial_values", {"objective": index, "value": float(value), "value_type": "FINITE"}))
    for table, kind in ATTRIBUTES.items():
        for key, value in getattr(trial, kind).items():
            rows.append((table, {"key": key, "value_json": json.dumps(value)}))
    return rows
