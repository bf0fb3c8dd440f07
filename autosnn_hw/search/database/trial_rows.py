"""Many finished trials into and out of an Optuna study at once: a fiftieth of the time that as many calls of its own take.

Optuna 5 adds a trial with some thirty queries of its own and a commit. Here the rows that it would have written are inserted
together, into the tables as the database describes them. `tests/search/database/test_trial_rows.py` holds both ways to the same rows; a
database whose schema is another one is served by Optuna itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

SCHEMA = "v3.2.0.a"  # revision of the tables that this file knows, Optuna 3.2 to 5.0
ATTRIBUTES = {"trial_user_attributes": "user_attrs", "trial_system_attributes": "system_attrs"}
FINISHED = ("COMPLETE", "PRUNED", "FAIL")
TABLES = ("studies", "alembic_version", "trials", "trial_params", "trial_values", *ATTRIBUTES)


def add_finished(study: Any, trials: Sequence[Any], url: str, engine_options: dict[str, Any]) -> None:
    """Add finished trials with finite values to a study, all or, where this process is killed meanwhile, none.

    Args:
        study: the Optuna study.
        trials: `optuna.trial.FrozenTrial` each.
        url, engine_options: of the RDB that holds it, as `optuna.storages.RDBStorage` takes them.
    """
    with _tables(url, engine_options) as (engine, tables), engine.begin() as connection:
        known = _known(connection, tables)
        if known:
            _insert(connection, tables, study.study_name, trials)
    if not known:
        study.add_trials(trials)


def finished_attributes(
    url: str, engine_options: dict[str, Any], name: str, keys: Sequence[str]
) -> list[dict[str, Any]] | None:
    """User attributes `keys` of every finished trial that has any of them, in the order the trials were stored.

    None where there is no such study, or the database is of a schema that this file does not know.
    """
    from sqlalchemy import select

    with _tables(url, engine_options) as (engine, tables), engine.connect() as connection:
        if not _known(connection, tables):
            return None
        trials, attributes = tables["trials"], tables["trial_user_attributes"]
        study = _study(connection, tables, name)
        if study is None:
            return None
        rows = connection.execute(
            select(trials.c.number, attributes.c.key, attributes.c.value_json)
            .join(trials, trials.c.trial_id == attributes.c.trial_id)
            .where(trials.c.study_id == study, trials.c.state.in_(FINISHED), attributes.c.key.in_(keys))
            .order_by(trials.c.number)
        )
        found: dict[int, dict[str, Any]] = {}
        for number, key, value in rows:
            found.setdefault(number, {})[key] = json.loads(value)
        return list(found.values())


def set_attributes(
    study: Any, values: Mapping[str, Mapping[str, Any]], url: str, engine_options: dict[str, Any], *, key: str
) -> bool:
    """Give finished trials user attributes, or others in the place of those they have, in one transaction: Optuna's own calls
    refuse to touch a trial that is finished. False where the database's schema is not known, and nothing was written.

    Args:
        values: attributes by the value of the trials' attribute `key`.
    """
    from sqlalchemy import delete, select

    with _tables(url, engine_options) as (engine, tables), engine.begin() as connection:
        if not _known(connection, tables):
            return False
        trials, attributes = tables["trials"], tables["trial_user_attributes"]
        rows = connection.execute(
            select(attributes.c.trial_id, attributes.c.value_json)
            .join(trials, trials.c.trial_id == attributes.c.trial_id)
            .where(trials.c.study_id == _study(connection, tables, study.study_name), attributes.c.key == key)
        )
        asked = [(trial, values[name]) for trial, text in rows if (name := json.loads(text)) in values]
        new = [
            {"trial_id": trial, "key": name, "value_json": json.dumps(value)}
            for trial, given in asked
            for name, value in given.items()
        ]
        if new:
            one = select(trials.c.trial_id).where(trials.c.study_id == _study(connection, tables, study.study_name))
            names = sorted({row["key"] for row in new})
            connection.execute(delete(attributes).where(attributes.c.trial_id.in_(one), attributes.c.key.in_(names)))
            connection.execute(attributes.insert(), new)
        return True


def _study(connection: Any, tables: Any, name: str) -> int | None:
    """The number of a study in its database."""
    from sqlalchemy import select

    studies = tables["studies"]
    found: int | None = connection.execute(select(studies.c.study_id).where(studies.c.study_name == name)).scalar()
    return found


@contextmanager
def _tables(url: str, engine_options: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """(engine, tables by name, as the database describes them)."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, **engine_options)
    try:
        metadata = sqlalchemy.MetaData()
        metadata.reflect(engine, only=lambda name, _: name in TABLES)
        yield engine, metadata.tables
    finally:
        engine.dispose()


def _known(connection: Any, tables: Any) -> bool:
    return set(TABLES) <= set(tables) and SCHEMA in _revisions(connection, tables["alembic_version"])


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
