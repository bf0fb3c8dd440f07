"""Studies in a database of the user's choice: SQLite URLs, and a real PostgreSQL where one is installed."""

import threading

import pytest
from support.processes import postgres

from autosnn_hw.config import SearchConfig
from autosnn_hw.errors import InputError, RunError
from autosnn_hw.search.database.storage import require_storage, storage_url
from autosnn_hw.search.database.study import CandidateStudy, read_records
from autosnn_hw.search.runner import run_search
from autosnn_hw.search.settings import SearchSettings

SETTINGS = SearchSettings(population=6, generations=2, reference=4, measure=1)


def searched(synthetic, storage, name, settings=SETTINGS, evaluate=None):
    study = CandidateStudy(storage, synthetic.SPACE, settings.identity(synthetic.SPACE), name=name)
    return run_search(synthetic.SPACE, evaluate or synthetic.evaluate, study, settings, measure=synthetic.measured)


def holds(synthetic, storage, tmp_path):
    """What has to be true of a database, whichever it is: the result of a search in a file, several studies at once, and
    a search that was stopped goes on."""
    whole = searched(synthetic, tmp_path / "study.db", "one")
    other = SearchSettings(population=6, generations=2, reference=4, measure=1, seed=1)
    results = {}

    def run(name, settings):
        results[name] = searched(synthetic, storage, name, settings)

    both = [threading.Thread(target=run, args=task) for task in (("first", SETTINGS), ("second", other))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert results["first"] == whole and results["second"] != whole

    with pytest.raises(KeyboardInterrupt):
        searched(synthetic, storage, "stopped", evaluate=synthetic.stopping_after(7))
    assert 0 < len(read_records(storage, name="stopped")) < len(whole.records)
    assert searched(synthetic, storage, "stopped") == whole
    records = read_records(tmp_path / "study.db", name="one")
    assert read_records(storage, name="first") == records
    # What was stored when it was stopped has the fitness of that time.
    judged = [(record.genotype, record.accuracy, record.energy) for record in records]
    stopped = read_records(storage, name="stopped")
    assert [(record.genotype, record.accuracy, record.energy) for record in stopped] == judged


def test_an_sqlite_url_holds_what_a_file_holds(synthetic, tmp_path):
    holds(synthetic, f"sqlite:///{tmp_path / 'shared.db'}", tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(postgres.programs() is None, reason="no PostgreSQL is installed here (Debian's package postgresql)")
def test_a_postgresql_holds_what_a_file_holds(synthetic, tmp_path):
    with postgres.server() as url:
        require_storage(url)
        holds(synthetic, url, tmp_path)
        assert len(read_records(url, name="first")) == SETTINGS.total
        with pytest.raises(InputError, match="holds no study 'third'"):
            read_records(url, name="third")
    with pytest.raises(RunError, match="could not be read or written"):
        require_storage(url)


def test_a_relative_sqlite_url_is_of_the_folder_it_was_given_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert storage_url("sqlite:///runs/a.db") == f"sqlite:///{tmp_path}/runs/a.db"
    assert storage_url("sqlite:///a?b.db") == f"sqlite:///file:{tmp_path}/a%3Fb.db?uri=true"
    assert storage_url("sqlite:////x/a?b/c.db?timeout=3") == "sqlite:///file:/x/a%3Fb/c.db?uri=true&timeout=3"
    for url in (
        f"sqlite:///{tmp_path}/a.db",
        "sqlite:////x/a.db?timeout=3&mode=rw",
        "postgresql+psycopg://host/db",
        "sqlite:///file:/a?uri=true",
    ):
        assert storage_url(url) == url


@pytest.mark.parametrize("folder", ["a?b", "100%25 ä #x=1"])
def test_a_database_lies_where_it_was_asked_for_whatever_its_folder_is_called(synthetic, tmp_path, monkeypatch, folder):
    inside = tmp_path / folder
    inside.mkdir()
    monkeypatch.chdir(inside)
    few = SearchSettings(population=4, generations=1, reference=2, measure=0)
    searched(synthetic, "sqlite:///its.db?timeout=5", "one", few)
    assert len(read_records("sqlite:///its.db", name="one")) == few.total
    assert len(read_records("sqlite:///its.db?timeout=5", name="one")) == few.total
    assert [path.name for path in inside.iterdir()] == ["its.db"]
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_names_in_a_url_come_from_the_environment_and_never_show(monkeypatch):
    monkeypatch.setenv("SECRET_OF_TEST", "hunter2")
    with pytest.raises((InputError, RunError)) as caught:
        require_storage("postgresql+psycopg://me:$SECRET_OF_TEST@127.0.0.1:9/db")
    assert "$SECRET_OF_TEST" in str(caught.value) and "hunter2" not in str(caught.value)


def test_a_password_in_the_url_is_refused_before_it_is_written():
    with pytest.raises(InputError, match="password") as caught:
        SearchConfig(storage="postgresql://me:hunter2@host/db")
    assert "hunter2" not in str(caught.value)
    assert SearchConfig(storage="postgresql://me:$PASSWORD@host/db").storage
    assert SearchConfig(storage="postgresql://me@host/db").storage


@pytest.mark.parametrize("url", ["nothing://x/y", "mysql+nodriver://host/db"])
def test_a_url_that_is_no_database_is_one_sentence(url):
    with pytest.raises(InputError, match="cannot be used"):
        require_storage(url)


def test_a_damaged_study_is_one_sentence_and_without_it_all_is_judged_again(synthetic, tmp_path):
    few = SearchSettings(population=4, generations=1, reference=2, measure=0)
    path = tmp_path / "study.db"
    whole = searched(synthetic, path, "autosnn-hw", few)
    data = path.read_bytes()
    for damaged in (data[: len(data) // 2], b"no database" * 1000, data[:8192] + bytes(len(data) - 8192)):
        path.write_bytes(damaged)
        with pytest.raises((InputError, RunError)) as caught:
            read_records(path)
        assert len(str(caught.value).splitlines()) == 1 and "goes on from it" not in str(caught.value), str(
            caught.value
        )
    path.unlink()
    assert searched(synthetic, path, "autosnn-hw", few).ranking == whole.ranking


def test_a_database_without_a_study_says_only_that(tmp_path):
    (tmp_path / "study.db").touch()
    with pytest.raises(InputError, match=r"^'sqlite:.*study\.db' holds no study 'autosnn-hw'"):
        read_records(tmp_path / "study.db")
